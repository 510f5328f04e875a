"""A server that fails as real ones do, reproducibly, and holds scripted conversations of many rounds.

How often and how a request fails is decided by a hash of the seed, the request and the number of the attempt; below the
client's retry limit, so that every request is answered in the end. What it answers is decided by the request alone, so
that a run which was disturbed ends as one which was not.
"""

from __future__ import annotations

import hashlib
import json
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from clinseek_assets_tests.models.loopback import chat, cut_short, failing, not_json

Script = Callable[[dict[str, Any], random.Random], dict[str, Any]]
"""The assistant's next message of a conversation, from the request's body and a chance that is fixed by it; with
`finish_reason` where it is neither a call nor a plain text."""

STATUSES = {
    "429": (429, "0"),
    "429 with a wait": (429, "1"),
    "500": (500, None),
    "503": (503, None),
    "529": (529, None),
}
KINDS = (*STATUSES, "hangs", "cut stream", "broken JSON", "no choices", "hung up")


@dataclass
class FaultyServer:
    """What it was asked and did; requests are named by the hash of their bytes.

    Attributes:
        asked: request -> how often it came.
        answered: request -> how often it was answered whole; more than once only where the answer was lost on the way.
        faults: kind -> how often it was played.
        busy, busiest: requests under way, now and at most.
    """

    seed: int
    most_faults: int
    kinds: Sequence[str]
    script: Script
    seconds: float
    hang_seconds: float
    share: float
    asked: Counter[str] = field(default_factory=Counter)
    answered: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    busy: int = 0
    busiest: int = 0
    port: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def chance(self, *parts: object) -> random.Random:
        named = json.dumps([self.seed, *map(str, parts)]).encode()
        return random.Random(hashlib.sha256(named).digest())

    def fault(self, request: str, attempt: int) -> str | None:
        """How this attempt fails; None where it is answered."""
        if self.chance(request, "spared").random() >= self.share:
            return None
        if attempt > self.chance(request).randint(0, self.most_faults):
            return None
        return self.chance(request, attempt).choice(self.kinds)


def rounds(lookups: Sequence[tuple[str, Mapping[str, Any]]], answers: Sequence[str], wrong: float = 0.2) -> Script:
    """A conversation: the lookups in turn, one a round, then `finish` with one of the answers.

    Args:
        lookups: tool (its name on the wire) and arguments.
        answers: of which the first user turn picks one.
        wrong: how often a round is a wrong call instead: an unknown tool, or arguments that are no JSON.
    """

    def script(body: dict[str, Any], chance: random.Random) -> dict[str, Any]:
        place = sum(message["role"] == "assistant" for message in body["messages"])
        if place >= len(lookups):
            asked = next(message["content"] for message in body["messages"] if message["role"] == "user")
            picked = hashlib.sha256(asked.encode()).digest()[0] % len(answers)
            return called(place, "ehr_finish", json.dumps({"response": [answers[picked]]}))
        if chance.random() < wrong:
            name, arguments = chance.choice([("ehr_no_such_tool", "{}"), (lookups[place][0], '{"table": ')])
            return called(place, name, arguments)
        return called(place, lookups[place][0], json.dumps(lookups[place][1]))

    return script


def called(place: int, name: str, arguments: str) -> dict[str, Any]:
    """An assistant's message with one call."""
    call = {"id": f"call_{place}", "type": "function", "function": {"name": name, "arguments": arguments}}
    return {"role": "assistant", "content": None, "tool_calls": [call]}


def says(text: str = "<answer>\nyes\n</answer>") -> Script:
    """A conversation of one answer."""
    return lambda body, chance: {"role": "assistant", "content": text}


@contextmanager
def serving_faults(
    seed: int = 1,
    *,
    script: Script | None = None,
    most_faults: int = 2,
    kinds: Sequence[str] = KINDS,
    seconds: float = 0.0,
    hang_seconds: float = 2.0,
    share: float = 1.0,
) -> Iterator[FaultyServer]:
    """A running server on loopback; stopped at the end.

    Args:
        seed: of all chances.
        script: what it answers.
        most_faults: attempts of one request that fail at most; below the client's attempts.
        kinds: of `KINDS`.
        seconds: how long an answer takes.
        hang_seconds: how long a hanging request hangs; above the client's patience for one attempt.
        share: of the requests that fail at all.
    """
    server = FaultyServer(seed, most_faults, kinds, script or says(), seconds, hang_seconds, share)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # else an answer in two writes waits for the client's acknowledgement

        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers["Content-Length"]))
            request = hashlib.sha256(content).hexdigest()
            with server.lock:
                server.asked[request] += 1
                attempt = server.asked[request]
                server.busy += 1
                server.busiest = max(server.busiest, server.busy)
            try:
                self.reply(content, request, server.fault(request, attempt))
            except OSError:
                self.close_connection = True
            finally:
                with server.lock:
                    server.busy -= 1

        def reply(self, content: bytes, request: str, fault: str | None) -> None:
            if fault is not None:
                with server.lock:
                    server.faults[fault] += 1
                play(self, fault, server.hang_seconds)
                return
            body = json.loads(content)
            message = server.script(body, server.chance(request))
            finish = message.pop("finish_reason", "tool_calls" if message.get("tool_calls") else "stop")
            time.sleep(server.seconds)
            text = message.pop("content")
            chat(text, finish, **message)(self, body)
            self.wfile.flush()
            with server.lock:
                server.answered[request] += 1

        def log_message(self, *_: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 256

        def handle_error(self, request: Any, client_address: Any) -> None:
            """A client that was killed hangs up in the middle."""

    listening = Server(("127.0.0.1", 0), Handler)
    server.port = listening.server_address[1]
    threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield server
    finally:
        listening.shutdown()
        listening.server_close()


def play(handler: BaseHTTPRequestHandler, fault: str, hang_seconds: float) -> None:
    """Fail in one of the ways of `KINDS`."""
    if fault in STATUSES:
        status, wait = STATUSES[fault]
        failing(status, **({} if wait is None else {"Retry_After": wait}))(handler, {})
    elif fault == "hangs":
        time.sleep(hang_seconds)
        handler.close_connection = True
    elif fault == "cut stream":
        cut_short(handler, {})
    elif fault == "broken JSON":
        not_json(handler, {})
    elif fault == "no choices":
        content = b'{"choices": []}'
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)
    else:
        handler.close_connection = True  # without a word
