"""A model server that only waits: each request is answered after so many seconds, as many at a time as there come.

`python -m benchmarks.answering_server SECONDS` prints its port and serves on 127.0.0.1 until it is stopped. It reads
just enough of HTTP/1.1 to cost little on the machine that it shares with the client under test.
"""

from __future__ import annotations

import asyncio
import json
import sys

ANSWER = {
    "choices": [{"message": {"role": "assistant", "content": "<answer>\nyes\n</answer>"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 1000, "completion_tokens": 8},
}
CONTENT = json.dumps(ANSWER).encode()
RESPONSE = (
    f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(CONTENT)}\r\n\r\n".encode() + CONTENT
)
LENGTH = b"content-length:"


class Answering(asyncio.Protocol):
    """One connection: requests one after the other."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, found, rest = self._received.partition(b"\r\n\r\n")
        lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(LENGTH)]
        size = int(lengths[0][len(LENGTH) :]) if lengths else 0
        if found and len(rest) >= size:
            self._received = rest[size:]
            asyncio.get_running_loop().call_later(self._seconds, self._answer)

    def _answer(self) -> None:
        if not self._transport.is_closing():
            self._transport.write(RESPONSE)  # type: ignore[attr-defined]


async def serve(seconds: float) -> None:
    server = await asyncio.get_running_loop().create_server(lambda: Answering(seconds), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(float(sys.argv[1])))
