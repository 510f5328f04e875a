"""One HTTP client of one endpoint: a request in, JSON out, and every way to fail as one word.

Nothing of a prompt or an answer is in a log or an exception: failures carry only a kind (`http_500`, `timeout`,
`connection`, `bad_response`). Over https it speaks HTTP/2 where the server does, so that one connection carries all
requests. Over plain http, where servers of one's own speak HTTP/1.1, aiohttp carries them below httpx: httpx's own pool
takes milliseconds a request with dozens of connections.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import email.utils
import json
from collections.abc import Mapping
from typing import Any

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport

from clinseek_assets.faults import EndpointFault
from clinseek_assets.models.endpoints.failures import CallError

WORTH_ANOTHER_TRY = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
# The same for every question: a wrong key, a forbidden model, a wrong address. The run stops instead of asking on.
HOPELESS = {401: "refuses the key", 403: "forbids the request", 404: "knows no such address or model"}
CONNECT_SECONDS = 10.0
# Whole attempts are timed; of their steps only the connecting is.
TIMEOUTS = {"timeout": httpx.Timeout(None, connect=CONNECT_SECONDS).as_dict()}
HEADERS = {
    "Content-Type": "application/json",
    "Accept": "application/json",
    "Accept-Encoding": "gzip, deflate",
    "User-Agent": "clinseek-assets",
}
LONGEST_WAIT = 86_400.0  # no server's wish to be left alone is longer than a day


class Wire:
    """A client of one endpoint; close it at the end.

    Args:
        called: how faults call the endpoint (`model 'x'`).
        base_url: its URL, with the version part.
        headers: sent with every request.
        connections: the most at a time.
    """

    def __init__(self, called: str, base_url: str, headers: Mapping[str, str], connections: int) -> None:
        self._called = called
        self._base_url = base_url
        self._urls: dict[str, httpx.URL] = {}
        self._headers = httpx.Headers({**HEADERS, **headers})
        self._carrier = _encrypted(connections) if base_url.startswith("https:") else _plain(connections)

    @property
    def host(self) -> str:
        """The endpoint's host and port."""
        return httpx.URL(self._base_url).netloc.decode("ascii")

    async def get(self, path: str, seconds: float) -> Any:
        """The JSON at a path below the base URL; raises what `post` raises."""
        return await self._exchange("GET", path, None, seconds)

    async def post(self, path: str, content: bytes, seconds: float) -> Any:
        """Send JSON to a path below the base URL; the JSON that comes back.

        Raises:
            CallError: no answer in so many seconds, an error, or an answer that is no JSON.
            EndpointFault: the endpoint will refuse every question alike (key, permission, address).
        """
        return await self._exchange("POST", path, content, seconds)

    async def close(self) -> None:
        """Close all connections."""
        await self._carrier.aclose()

    async def _exchange(self, method: str, path: str, content: bytes | None, seconds: float) -> Any:
        try:
            async with asyncio.timeout(seconds):  # also a server that drips comes to an end
                response = await self._answer(self._request(method, path, content))
        except (TimeoutError, httpx.TimeoutException) as error:
            raise CallError("connection" if _broken_off(error) else "timeout") from None
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, aiohttp.ClientError, OSError, ValueError):
            raise CallError("connection") from None
        if response.is_success:
            return _read_json(response.content)
        if response.status_code in HOPELESS:
            raise EndpointFault(
                f"The endpoint of {self._called} at {self.host} {HOPELESS[response.status_code]} "
                f"(HTTP {response.status_code}).",
                mend="Check its address, model_id and the variable of api_key_env; `clinseek models check` tries them.",
            )
        again = response.status_code in WORTH_ANOTHER_TRY
        raise CallError(f"http_{response.status_code}", retry_after(response.headers), again=again)

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        """The whole response, past the layers of a client that nothing here has use for."""
        if isinstance(self._carrier, httpx.AsyncClient):
            return await self._carrier.send(request)
        response = await self._carrier.handle_async_request(request)
        try:
            await response.aread()
        finally:
            await response.aclose()
        return response

    def _request(self, method: str, path: str, content: bytes | None) -> httpx.Request:
        """A request made by hand: the client would parse its URL and merge its headers anew each time."""
        url = self._urls.get(path) or self._urls.setdefault(path, httpx.URL(self._base_url + path))
        return httpx.Request(method, url, headers=self._headers, content=content, extensions=TIMEOUTS)


def _encrypted(connections: int) -> httpx.AsyncClient:
    """What carries HTTP/2 where the server speaks it; a proxy out of the environment sees only the host."""
    limits = httpx.Limits(max_connections=connections, max_keepalive_connections=connections)
    return httpx.AsyncClient(http2=True, limits=limits)


def _plain(connections: int) -> AiohttpTransport:
    """What carries HTTP/1.1, and past any proxy, which would read plain http. Its session is made on the first request,
    inside the event loop.
    """

    def session() -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(limit=connections, ttl_dns_cache=None)
        return aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())

    return AiohttpTransport(client=session)


def _broken_off(error: Exception) -> bool:
    """Whether the server hung up: aiohttp's word for that comes as a timeout of httpx."""
    cause = error.__cause__
    return isinstance(cause, aiohttp.ClientConnectionError) and not isinstance(cause, aiohttp.ServerTimeoutError)


def _read_json(content: bytes) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        raise CallError("bad_response") from None


def retry_after(headers: httpx.Headers) -> float:
    """Seconds that the server asks to wait (it names a number or a date); 0 where it names none."""
    asked = headers.get("retry-after", "").strip()
    if asked.isascii() and asked.isdigit():
        return min(float(asked), LONGEST_WAIT)
    try:
        moment = email.utils.parsedate_to_datetime(asked)
    except ValueError:
        return 0.0
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=dt.UTC)
    return min(max(0.0, (moment - dt.datetime.now(dt.UTC)).total_seconds()), LONGEST_WAIT)
