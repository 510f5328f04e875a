"""The tools over MCP, asked by the SDK's own client: over the pipes of a real process, and over HTTP on loopback."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import anyio
import httpx
import httpx2
import pytest
from mcp.client import Client
from mcp.client.stdio import StdioServerParameters
from mcp.client.streamable_http import streamable_http_client

from clinseek_assets_tests.models.a_tool_server import PICTURE, TOOLS

SERVER = ["-m", "clinseek_assets_tests.models.a_tool_server"]
PING = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
HEADERS = {"Accept": "application/json, text/event-stream", "Content-Type": "application/json"}


def within(work: Callable[[], Coroutine[Any, Any, None]], seconds: float = 60) -> None:
    async def bounded() -> None:
        with anyio.fail_after(seconds):
            await work()

    anyio.run(bounded)


async def use(client: Client) -> None:
    """What a client does, and what it is answered."""
    listed = {tool.name: tool for tool in (await client.list_tools()).tools}
    assert list(listed) == [f"ehr.{name}" for name in TOOLS]
    assert listed["ehr.echo"].input_schema["required"] == ["text"]
    for name in ("ehr.echo", "ehr_echo", "ehr.noisy"):
        said = await client.call_tool(name, {"text": "grüße"})
        assert not said.is_error and [part.text for part in said.content] == ["grüße"]  # type: ignore[union-attr]
    text, caption, picture = (await client.call_tool("ehr.picture", {"text": "Shown next."})).content
    assert (text.text, caption.text) == ("Shown next.", "Image 1 of 1")  # type: ignore[union-attr]
    assert base64.b64decode(picture.data) == PICTURE  # type: ignore[union-attr]
    assert picture.mime_type == "image/jpeg"  # type: ignore[union-attr]
    wrong = await client.call_tool("ehr.wrong", {})
    assert wrong.is_error and wrong.content[0].text == "You got something wrong."  # type: ignore[union-attr]
    broken = await client.call_tool("ehr.broken", {"text": "secret"})
    assert broken.is_error and "secret" not in broken.model_dump_json() and "RuntimeError" in broken.model_dump_json()
    assert (await client.call_tool("ehr.other_patient", {"subject_id": "1"})).is_error


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_over_stdio_nothing_but_the_protocol_is_on_stdout(tmp_path: Path, mode: str) -> None:
    ledger = tmp_path / "ledger"
    server = StdioServerParameters(command=sys.executable, args=[*SERVER, "stdio", str(ledger)], cwd=Path.cwd())

    async def work() -> None:
        async with Client(server, mode=mode) as client:
            await use(client)

    within(work)
    told = len("Shown next." + "Image 1 of 1") + len(base64.b64encode(PICTURE))
    assert [int(size) for size in ledger.read_text().split()][:4] == [*[len("grüße".encode())] * 3, told]


@contextmanager
def over_http(tmp_path: Path) -> Iterator[tuple[str, str]]:
    """A server on loopback: its URL and its token as it tells them."""
    process = subprocess.Popen(
        [sys.executable, *SERVER, "http", str(tmp_path / "ledger")],
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )
    try:
        told = ""
        assert process.stderr
        while not told.endswith("\n}\n"):
            line = process.stderr.readline()
            assert line, told
            told += line
        entry = json.loads(told)["mcpServers"]["clinseek"]
        yield entry["url"], entry["headers"]["Authorization"]
    finally:
        process.terminate()
        process.communicate(timeout=20)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    with over_http(tmp_path_factory.mktemp("server")) as told:
        yield told


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_over_http_with_the_token(served: tuple[str, str], mode: str) -> None:
    url, authorization = served

    async def work() -> None:
        async with (
            httpx2.AsyncClient(headers={"Authorization": authorization}, trust_env=False) as http,
            Client(streamable_http_client(url, http_client=http), mode=mode) as client,
        ):
            await use(client)

    within(work)


def test_without_the_token_nothing_is_answered(served: tuple[str, str]) -> None:
    url, authorization = served
    tokens = ("Bearer", authorization[:-1], authorization[7:], authorization.lower(), "Bearer ü".encode())
    for given in ({}, *({"Authorization": token} for token in tokens)):
        for method in ("GET", "POST", "DELETE", "OPTIONS"):
            answer = httpx.request(method, url, headers={**HEADERS, **given}, json=PING, trust_env=False)
            assert answer.status_code == 401 and answer.text == "A token is needed."


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "evil.example"}, 421),
        ({"Host": "127.0.0.1:1"}, 421),
        ({"Host": "localhost"}, 421),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "http://127.0.0.1:1"}, 403),
        ({"Origin": "null"}, 403),
    ],
)
def test_a_page_that_found_the_port_is_refused_even_with_the_token(
    served: tuple[str, str], headers: dict[str, str], status: int
) -> None:
    url, authorization = served
    asked = {**HEADERS, "Authorization": authorization, **headers}
    assert httpx.post(url, headers=asked, json=PING, trust_env=False).status_code == status


def test_each_run_has_a_token_of_its_own(served: tuple[str, str], tmp_path: Path) -> None:
    with over_http(tmp_path) as (url, authorization):
        assert authorization != served[1] and url.startswith("http://127.0.0.1:")
        asked = {**HEADERS, "Authorization": served[1]}
        assert httpx.post(url, headers=asked, json=PING, trust_env=False).status_code == 401
