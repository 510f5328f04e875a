"""The `openai_chat` dialect: any OpenAI-compatible server over httpx.

One client a run. A request is retried on 429, overload, server errors, timeouts and cut connections, with growing
jittered pauses, longer where the server asks for it (Retry-After). Nothing of a prompt or an answer is in a log or an
exception: failures carry only a kind (`http_500`, `timeout`, `connection`, `bad_response`).
"""

from __future__ import annotations

import asyncio
import datetime as dt
import email.utils
import json
import random
import time
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import httpx

from clinseek_assets.faults import EndpointFault
from clinseek_assets.models.completions import Completion
from clinseek_assets.models.journal import Journal
from clinseek_assets.models.registry import Model

AUTO = "auto"
WORTH_ANOTHER_TRY = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
# The same for every question: a wrong key, a forbidden model, a wrong address. The run stops instead of asking on.
HOPELESS = {401: "refuses the key", 403: "forbids the request", 404: "knows no such address or model"}
FIRST_PAUSE = 0.5
LONGEST_PAUSE = 30.0
CONNECT_SECONDS = 10.0
LIST_SECONDS = 30.0
MOST_TOKENS = 2**63 - 1  # what the journal can hold; a larger count is nonsense


class CallError(Exception):
    """A question that got no answer from its endpoint; `kind` says why, in one word."""

    def __init__(self, kind: str, retry_after: float = 0.0, *, again: bool = True) -> None:
        super().__init__(kind)
        self.kind = kind
        self.retry_after = retry_after
        self.again = again


@dataclass(frozen=True)
class Request:
    """One prompt, and the hash under which the ledger names its question."""

    prompt: str
    qid_sha256: str


class OpenAIChat:
    """A client of one model's endpoint; use it as an async context manager.

    Args:
        model: an entry of the registry with the dialect `openai_chat`.
        journal: its ledger takes down every request before it is sent.

    Raises:
        EndpointFault: the endpoint or the key is not configured.
    """

    def __init__(self, model: Model, journal: Journal) -> None:
        self.model = model
        self.base_url = model.endpoint()
        self._journal = journal
        self._model_id = model.model_id
        self._naming = asyncio.Lock()
        self._unnamed: str | None = None
        self._under_way = asyncio.Semaphore(model.max_concurrency)
        key = model.api_key()
        self._http = httpx.AsyncClient(
            headers={"Authorization": f"Bearer {key}"} if key else {},
            http2=True,
            limits=httpx.Limits(max_connections=model.max_concurrency),
            timeout=httpx.Timeout(model.patience.attempt_seconds, connect=CONNECT_SECONDS, pool=None),
            # A proxy out of the environment would read plain http; inside https it sees only the host.
            trust_env=self.base_url.startswith("https:"),
        )

    @property
    def host(self) -> str:
        """The endpoint's host and port."""
        return httpx.URL(self.base_url).netloc.decode("ascii")

    async def __aenter__(self) -> OpenAIChat:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def listed_models(self) -> list[str]:
        """The ids that the endpoint lists under /models.

        Raises:
            EndpointFault: the endpoint refuses us.
            CallError: it does not answer, or not with a list.
        """
        self._journal.note_call(self.host, 0, None)
        body = await self._exchange("GET", "/models", None, LIST_SECONDS)
        try:
            return [_whole(str(entry["id"])) for entry in body["data"]]
        except (KeyError, TypeError):
            raise CallError("bad_response") from None

    async def model_id(self) -> str:
        """The model's id at the endpoint; `auto` is the first one that the endpoint lists, asked for once.

        Raises:
            EndpointFault: the endpoint refuses us, or lists none.
            CallError: it does not answer.
        """
        async with self._naming:
            if self._unnamed:
                raise CallError(self._unnamed)
            if self._model_id == AUTO:
                try:
                    self._model_id = await self._first_listed()
                except CallError as failure:
                    self._unnamed = failure.kind  # the other questions need not wait for the same failure
                    raise
        return str(self._model_id)

    async def _first_listed(self) -> str:
        listed = await self._with_patience(self.listed_models)
        if not listed:
            raise EndpointFault(
                f"The endpoint of model {self.model.name!r} lists no models, so `auto` finds none.",
                mend="Load a model on the server, or write its id as model_id.",
            )
        return str(listed[0])

    async def complete(self, request: Request) -> Completion:
        """Ask one question, as often as the model's patience allows.

        Raises:
            EndpointFault: the endpoint will refuse every question alike (key, permission, address).
            CallError: no answer to this one.
        """
        body = {
            "model": await self.model_id(),
            "messages": [{"role": "user", "content": request.prompt}],
            "stream": False,
            **sampling_body(self.model),
        }
        content = json.dumps(body, ensure_ascii=False).encode("utf-8", errors="replace")

        async def attempt() -> Completion:
            self._journal.note_call(self.host, len(content), request.qid_sha256)
            started = time.monotonic()
            answer = await self._exchange("POST", "/chat/completions", content, self.model.patience.attempt_seconds)
            return read_completion(answer, time.monotonic() - started)

        async with self._under_way:
            return await self._with_patience(attempt)

    async def _with_patience(self, attempt: Any) -> Any:
        """Try `attempt` until it succeeds, cannot succeed, or the model's patience is at an end."""
        patience = self.model.patience
        deadline = time.monotonic() + patience.total_seconds
        for number in range(1, patience.attempts + 1):
            try:
                return await attempt()
            except CallError as failure:
                pause = max(random.uniform(0.5, 1.0) * min(LONGEST_PAUSE, FIRST_PAUSE * 2**number), failure.retry_after)
                if not failure.again or number == patience.attempts or time.monotonic() + pause > deadline:
                    raise
            await asyncio.sleep(pause)
        raise AssertionError("the loop returns or raises")

    async def _exchange(self, method: str, path: str, content: bytes | None, seconds: float) -> Any:
        """One request and its JSON body; every way to fail becomes a CallError or an EndpointFault."""
        headers = {"Content-Type": "application/json"} if content is not None else {}
        try:
            async with asyncio.timeout(seconds):  # httpx times each read; a server that drips would never end
                response = await self._http.request(method, self.base_url + path, content=content, headers=headers)
        except (TimeoutError, httpx.TimeoutException):
            raise CallError("timeout") from None
        except (httpx.HTTPError, httpx.InvalidURL):
            raise CallError("connection") from None
        if response.status_code in HOPELESS:
            raise EndpointFault(
                f"The endpoint of model {self.model.name!r} at {self.host} {HOPELESS[response.status_code]} "
                f"(HTTP {response.status_code}).",
                mend="Check base_url, model_id and the variable of api_key_env; `clinseek models check` tries them.",
            )
        if not response.is_success:
            again = response.status_code in WORTH_ANOTHER_TRY
            raise CallError(f"http_{response.status_code}", retry_after(response.headers), again=again)
        try:
            return response.json()
        except ValueError:
            raise CallError("bad_response") from None


def sampling_body(model: Model) -> dict[str, Any]:
    """The part of a request that says how to draw the answer; what the entry leaves open is not sent."""
    sampling = model.sampling
    drawn = {
        "temperature": sampling.temperature,
        "max_tokens": sampling.max_tokens,
        "top_p": sampling.top_p,
        "seed": sampling.seed,
    }
    return {**{key: value for key, value in drawn.items() if value is not None}, **sampling.extra_body}


def read_completion(body: Any, seconds: float) -> Completion:
    """A response body as a completion.

    Reasoning is read from `reasoning` or `reasoning_content`, as servers differ; content may be text, parts or null.

    Raises:
        CallError: the body has no choice with a message.
    """
    try:
        choice = body["choices"][0]
        message = choice["message"]
        usage = body.get("usage") or {}
        finish_reason = choice.get("finish_reason")
        refused = finish_reason == "content_filter" or bool(message.get("refusal"))
        reasoning = message.get("reasoning") or message.get("reasoning_content")
        return Completion(
            text=_text(message.get("content")),
            reasoning=_text(reasoning),
            finish_reason=finish_reason if isinstance(finish_reason, str) else None,
            refused=refused,
            prompt_tokens=_count(usage.get("prompt_tokens")),
            completion_tokens=_count(usage.get("completion_tokens")),
            seconds=seconds,
        )
    except (KeyError, IndexError, TypeError, AttributeError):
        raise CallError("bad_response") from None


def _text(content: Any) -> str:
    if isinstance(content, list):
        texts = (part.get("text") for part in content if isinstance(part, dict))
        content = "".join(text for text in texts if isinstance(text, str))
    return _whole(content) if isinstance(content, str) else ""


def _whole(text: str) -> str:
    """A text without halves of surrogate pairs (an emoji that was cut), which no file and no hash can take."""
    return text.encode("utf-8", errors="replace").decode("utf-8")


def _count(number: Any) -> int | None:
    return number if isinstance(number, int) and not isinstance(number, bool) and 0 <= number <= MOST_TOKENS else None


def retry_after(headers: httpx.Headers) -> float:
    """Seconds that the server asks to wait (it names a number or a date); 0 where it names none."""
    asked = headers.get("retry-after", "").strip()
    if asked.isascii() and asked.isdigit():
        return float(asked)
    try:
        moment = email.utils.parsedate_to_datetime(asked)
    except ValueError:
        return 0.0
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=dt.UTC)
    return max(0.0, (moment - dt.datetime.now(dt.UTC)).total_seconds())
