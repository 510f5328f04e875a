"""The tools of one question over MCP, with the official SDK: on stdio, or over HTTP on loopback with a token.

Tools have their published names (`ehr.load_ehr`, …): the protocol allows dots. For clients that pass names on to models
which do not, a call may write `_` for the dot. The server knows one question; there is no call that leads to another.
Whether the client may see the data is decided before a server is made (`egress.py`); every reply is told to a ledger
before it is sent.
"""

from __future__ import annotations

import hmac
import json
import logging
import secrets
import socket
from collections.abc import Callable
from contextlib import closing

import anyio
import mcp_types as types
import uvicorn
from mcp.server import Server
from mcp.server.context import ServerRequestContext
from mcp.server.stdio import stdio_server
from mcp.server.transport_security import TransportSecuritySettings
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from clinseek_assets import __version__
from clinseek_assets.faults import EndpointFault
from clinseek_assets.models.endpoints.dialect import as_base64, base64_length
from clinseek_assets.records.tools.specs import Toolbox, ToolReply, ToolSpec

HOST = "127.0.0.1"
PATH = "/mcp"
NAME = "clinseek"
STOP_SECONDS = 3

Leaving = Callable[[int], None]
"""Told how many bytes are about to leave, before they do; what it raises keeps them here."""


def tool_server(toolbox: Toolbox, instructions: str, leaving: Leaving) -> Server:
    """An MCP server over one toolbox; calls are run one at a time, in a thread of their own.

    Args:
        toolbox: the tools of one question.
        instructions: what a client is told of them.
        leaving: told of each answer before it is sent.
    """
    logging.getLogger("mcp").setLevel(logging.CRITICAL)  # the SDK's messages may quote a request
    names = {alias: spec.name for spec in toolbox.specs for alias in (spec.name.replace(".", "_", 1), spec.name)}
    turn = anyio.Lock()

    async def list_tools(_: ServerRequestContext, __: types.PaginatedRequestParams | None) -> types.ListToolsResult:
        return types.ListToolsResult(tools=[_tool(spec) for spec in toolbox.specs])

    async def call_tool(_: ServerRequestContext, asked: types.CallToolRequestParams) -> types.CallToolResult:
        name = names.get(asked.name, asked.name)
        async with turn:
            reply = await anyio.to_thread.run_sync(_replied, toolbox, name, asked.arguments or {})
            told = [reply.text, *(picture.caption for picture in reply.pictures)]
            shown = sum(base64_length(picture.data) for picture in reply.pictures)
            size = shown + sum(len(text.encode("utf-8", "surrogatepass")) for text in told)
            await anyio.to_thread.run_sync(leaving, size)
        return types.CallToolResult(content=_content(reply), is_error=reply.problem is not None)

    server: Server = Server(
        NAME, version=__version__, instructions=instructions, on_list_tools=list_tools, on_call_tool=call_tool
    )
    server.middleware.clear()  # its only one would send a trace of each call wherever an exporter is configured
    return server


async def serve_stdio(server: Server) -> None:
    """Serve the client at the other end of stdin and stdout until it hangs up; nothing else goes to stdout."""
    async with stdio_server() as (incoming, outgoing):
        await server.run(incoming, outgoing, server.create_initialization_options())


async def serve_http(server: Server, port: int, started: Callable[[str, str], None]) -> None:
    """Serve over HTTP on 127.0.0.1 until the process is told to stop.

    Only requests with the token are answered, and only such whose Host (and Origin, if there is one) is this server's
    own: neither another user's process nor a web page can use it.

    Args:
        server: the server.
        port: the port, or 0 for one that is free.
        started: told the URL and the token; the token is made for this run and kept nowhere.

    Raises:
        EndpointFault: the port is taken.
    """
    with closing(_bound(port)) as listening:
        own = f"{HOST}:{listening.getsockname()[1]}"
        token = secrets.token_urlsafe(32)
        app = server.streamable_http_app(
            streamable_http_path=PATH,
            json_response=True,
            transport_security=TransportSecuritySettings(
                enable_dns_rebinding_protection=True, allowed_hosts=[own], allowed_origins=[f"http://{own}"]
            ),
        )
        config = uvicorn.Config(
            TokenDoor(app, token),
            log_level="critical",
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=STOP_SECONDS,
        )
        started(f"http://{own}{PATH}", token)
        await uvicorn.Server(config).serve(sockets=[listening])


class TokenDoor:
    """Lets a request in only with the token, whatever it asks for."""

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app = app
        self._expected = f"Bearer {token}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on the request, or answer 401."""
        if scope["type"] == "lifespan":
            return await self._app(scope, receive, send)
        given = dict(scope["headers"]).get(b"authorization", b"")
        if scope["type"] == "http" and hmac.compare_digest(given, self._expected):
            return await self._app(scope, receive, send)
        refusal = PlainTextResponse("A token is needed.", status_code=401, headers={"WWW-Authenticate": "Bearer"})
        await refusal(scope, receive, send)


def client_settings(url: str, token: str) -> str:
    """The entry that MCP clients take for a server over HTTP, as JSON."""
    entry = {"type": "http", "url": url, "headers": {"Authorization": f"Bearer {token}"}}
    return json.dumps({"mcpServers": {NAME: entry}}, indent=2)


def _bound(port: int) -> socket.socket:
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((HOST, port))
        listening.listen()  # whoever comes as soon as the URL is told waits, and is not turned away
    except OSError as error:
        listening.close()
        raise EndpointFault(
            f"Port {port} of {HOST} cannot be used ({error.strerror}).", mend="Name another one, or none at all."
        ) from None
    return listening


def _replied(toolbox: Toolbox, name: str, arguments: dict[str, object]) -> ToolReply:
    """The toolbox's reply. An error of our own is told without its text: that might quote a row."""
    try:
        return toolbox.call(name, arguments)
    except Exception as error:  # the client is answered whatever happens, and the next call may work
        return ToolReply(f"The tool failed ({type(error).__name__}).", "unavailable")


def _content(reply: ToolReply) -> list[types.ContentBlock]:
    """A reply's text, then each of its pictures after its caption."""
    content: list[types.ContentBlock] = [types.TextContent(text=reply.text)]
    for picture in reply.pictures:
        kind, data = as_base64(picture.data)
        content += [types.TextContent(text=picture.caption), types.ImageContent(data=data, mime_type=kind)]
    return content


def _tool(spec: ToolSpec) -> types.Tool:
    return types.Tool(
        name=spec.name,
        description=spec.description,
        input_schema=dict(spec.parameters),
        annotations=types.ToolAnnotations(read_only_hint=True, destructive_hint=False, open_world_hint=False),
    )
