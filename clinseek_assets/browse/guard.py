"""Who may ask for a page: this machine's browser, with the address that the command printed.

The page holds patients' records. It listens on the loopback only; still, other users of the machine can reach that, and
so can any web site that a browser has open, under a name of its own that it lets point here (DNS rebinding). So a
request needs the random token in its path and this server's own name in its `Host` header, and nothing but reading is
answered.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOOPBACK = "127.0.0.1"
READING = frozenset({"GET", "HEAD"})
HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""No script runs, nothing is loaded from elsewhere, nothing is kept in a cache, nobody is told where a reader came
from."""


def new_token() -> str:
    """A token that cannot be guessed, fit for a path."""
    return secrets.token_urlsafe(24)


class Guard:
    """The application behind the checks; it sees paths without the token.

    Args:
        app: what is guarded.
        token: the first part of every path.
        port: where the server listens.
    """

    def __init__(self, app: ASGIApp, token: str, port: int) -> None:
        self._app = app
        self._token = token
        self._hosts = {f"{LOOPBACK}:{port}", f"localhost:{port}"}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it."""
        if scope["type"] != "http":
            return  # no web sockets
        refused = self._refusal(scope)
        inner = {**scope, "root_path": f"/{self._token}"}
        await (refused or self._app)(inner if refused is None else scope, receive, _with_headers(send))

    def _refusal(self, scope: Scope) -> PlainTextResponse | None:
        hosts = Headers(scope=scope).getlist("host")
        if len(hosts) != 1 or hosts[0].lower() not in self._hosts:
            return PlainTextResponse("This page answers under its own local address only.\n", 421)
        if scope["method"] not in READING:
            return PlainTextResponse("This page is for reading only.\n", 405, {"Allow": "GET, HEAD"})
        first = scope["path"].split("/", 2)[1] if scope["path"].startswith("/") else ""
        if not secrets.compare_digest(first.encode(), self._token.encode()):
            return PlainTextResponse(
                "Open the whole address that `clinseek browse` printed, its token included.\n", 403
            )
        return None


def _with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers[name] = value
        await send(message)

    return sending
