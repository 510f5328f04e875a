"""A server over a small toolbox, as a process of its own: `python -m … stdio|http LEDGER`."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import anyio

from clinseek_assets.models.tool_server import client_settings, serve_http, serve_stdio, tool_server
from clinseek_assets.records.tools.specs import Picture, ToolReply, ToolSpec

TOOLS = ("echo", "noisy", "wrong", "broken", "picture")
PICTURE = b"\xff\xd8\xff as a JPEG begins"
TEXT = {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}


class Echo:
    """Says what it is told; `ehr.noisy` also prints, and `ehr.broken` fails with a text that must not get out."""

    @property
    def specs(self) -> Sequence[ToolSpec]:
        return [ToolSpec(f"ehr.{name}", f"The tool {name}.", TEXT) for name in TOOLS]

    @property
    def version(self) -> str:
        return "1"

    def call(self, name: str, arguments: Mapping[str, Any]) -> ToolReply:
        text = str(arguments.get("text"))
        if name == "ehr.noisy":
            print("not protocol", flush=True)
        if name == "ehr.broken":
            raise RuntimeError(f"row of a patient: {text}")
        if name == "ehr.wrong":
            return ToolReply("You got something wrong.", "bad_arguments")
        if name == "ehr.picture":
            return ToolReply(text, pictures=(Picture(PICTURE, "Image 1 of 1"),))
        return ToolReply(text) if name in ("ehr.echo", "ehr.noisy") else ToolReply(f"No {name}.", "unknown_tool")


def tell(url: str, token: str) -> None:
    print(client_settings(url, token), file=sys.stderr, flush=True)


def main() -> None:
    transport, ledger = sys.argv[1], Path(sys.argv[2])

    def leaving(size: int) -> None:
        with ledger.open("a") as lines:
            lines.write(f"{size}\n")

    server = tool_server(Echo(), "Tools of a question.", leaving)
    if transport == "stdio":
        anyio.run(serve_stdio, server)
    else:
        anyio.run(partial(serve_http, server, 0, tell))


if __name__ == "__main__":
    main()
