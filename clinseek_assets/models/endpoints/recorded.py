"""A recorded endpoint: whoever asks it gets what the journal has, and what it has not is paid for once.

A call passes, in this order: the journal; the gate (how many the endpoint takes, how many all processes may have); the
budget and the ledger, written before the first byte; the wire, with patience; the journal again, on the disk before the
answer is given; and the ledger, which by then may say that the call is settled.
"""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import orjson

from clinseek_assets.faults import EndpointFault
from clinseek_assets.models.budget import Caps, Cost
from clinseek_assets.models.call_tally import CallTally
from clinseek_assets.models.completions import Completion
from clinseek_assets.models.endpoints.adaptive import AdaptiveLimit
from clinseek_assets.models.endpoints.anthropic_messages import AnthropicMessages
from clinseek_assets.models.endpoints.dialect import Dialect, as_word, base64_length, most_tokens
from clinseek_assets.models.endpoints.failures import CallError
from clinseek_assets.models.endpoints.gate import Gate
from clinseek_assets.models.endpoints.openai_chat import OpenAIChat
from clinseek_assets.models.endpoints.patience import with_patience
from clinseek_assets.models.endpoints.shared_leases import LeaseServer, slots_of
from clinseek_assets.models.endpoints.wire import Wire
from clinseek_assets.models.journal import Journal
from clinseek_assets.models.ledger import Kind, Ledger, Sending, Usage
from clinseek_assets.models.messages import ChatRequest
from clinseek_assets.models.picture_tokens import tokens_of_pictures
from clinseek_assets.models.registry import AUTO, Model
from clinseek_assets.storage import fingerprint
from clinseek_assets.storage.store.rows import RowStore

LIST_SECONDS = 30.0
BYTES_A_TOKEN_AT_LEAST = 2  # no tokenizer in use cuts prompts finer than that, on the whole
BYTES_A_TOKEN = 4  # where an endpoint does not count
PICTURES_AT_WORST = 4  # of what a picture is estimated to take; some small models charge far more than others
PUSHES_BACK = frozenset({"http_429", "http_503", "http_529"})
UNPAID = "http_"  # an error status: the provider charges nothing
DIALECTS: dict[str, Dialect] = {"openai_chat": OpenAIChat(), "anthropic_messages": AnthropicMessages()}


class RecordedEndpoint:
    """One model's endpoint as a `messages.Caller`; use it as an async context manager.

    Args:
        model: an entry of the registry that is no baseline.
        journal: the file that finished calls are kept in.
        ledger: the home's ledger.
        leases: the folder, or the server, by which processes share an endpoint's ceiling.
        budget: what the campaign may cost in all.
        arm: for which the calls are made; only the ledger has it.
        kind: what the ledger calls the endpoint; a judge is spoken to like a model.
        shared: the store by which other machines learn of calls and costs; None where there are none.
        tally: counts the calls, for whoever follows the work.

    Raises:
        EndpointFault: the endpoint or its key is not configured, or a file or the server of leases cannot be used.
        StoreFault: the store cannot be used.
    """

    def __init__(
        self,
        model: Model,
        *,
        journal: Path,
        ledger: Path,
        leases: Path | LeaseServer,
        budget: Caps,
        arm: str,
        kind: Kind = "model",
        shared: RowStore | None = None,
        tally: CallTally | None = None,
    ) -> None:
        self.model = model
        self.base_url = model.endpoint()
        self._arm = arm
        self._kind = kind
        self._tally = tally or CallTally()
        self._dialect = DIALECTS[model.dialect]
        headers = self._dialect.headers(model.api_key())
        self._model_id = str(model.model_id)
        self._naming = asyncio.Lock()
        self._unnamed: str | None = None
        self._asked_for: dict[str, asyncio.Event] = {}
        limit = AdaptiveLimit(model.max_concurrency, time.monotonic())
        self._journal = Journal(journal, shared)
        self._ledger = Ledger(ledger, budget, shared)
        self._leases = slots_of(leases, self.base_url, model.max_concurrency)
        self.gate = Gate(limit, self._leases)
        self._wire = Wire(f"model {model.name!r}", self.base_url, headers, model.max_concurrency)

    async def __aenter__(self) -> RecordedEndpoint:
        self._settle_what_was_answered()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        await self._wire.close()
        self._leases.close()
        try:
            self._journal.close()
        finally:
            self._ledger.close()

    @property
    def journal(self) -> Journal:
        """The journal; exchanges and identities may be kept in it as well."""
        return self._journal

    @property
    def askers(self) -> int:
        """How many questions to keep under way to use the whole ceiling.

        Beside each that is at the endpoint another may be: its answer on the way to a disk, or its tools at work.
        """
        return 2 * self.model.max_concurrency

    async def model_id(self) -> str:
        """The model's id at the endpoint; `auto` is the first one that the endpoint lists, asked for once.

        Raises:
            EndpointFault: the endpoint refuses us, or lists none.
            CallError: it does not answer.
        """
        if self._model_id != AUTO:
            return self._model_id
        async with self._naming:
            if self._unnamed:
                raise CallError(self._unnamed)
            if self._model_id == AUTO:
                try:
                    self._model_id = await self._first_listed()
                except CallError as failure:
                    self._unnamed = failure.kind  # the other questions need not wait for the same failure
                    raise
        return self._model_id

    async def listed_models(self) -> list[str]:
        """The ids that the endpoint lists.

        Raises:
            EndpointFault: the endpoint refuses us.
            CallError: it does not answer, or not with a list.
        """
        return await with_patience(self.model.patience, self._list)

    async def identity(self) -> dict[str, str]:
        """What shapes every answer of this endpoint, by name; raises what `model_id` raises."""
        return endpoint_parts(self.model, self.base_url, await self.model_id())

    async def ask(self, request: ChatRequest, call_key: str) -> Completion:
        """See `messages.Caller`."""
        key = full_key(self.model, self.base_url, await self.model_id(), call_key)
        while True:
            if (recorded := self._journal.recall(key)) is not None:
                self._tally.recalled += 1
                return recorded
            if key not in self._asked_for:
                break
            await self._asked_for[key].wait()
        answered = self._asked_for[key] = asyncio.Event()
        try:
            return await self._bought(request, key)
        finally:
            del self._asked_for[key]
            answered.set()

    async def _bought(self, request: ChatRequest, key: str) -> Completion:
        """The completion of a request that is not in the journal; it is there when this returns."""
        content = _content(self._dialect.body(self.model, await self.model_id(), request))
        counted = _Counted.of(content, request)
        sending = self._sending(request, key, counted)
        tally, failed_at = self._tally, float("inf")

        async def attempt(seconds: float) -> Completion:
            nonlocal failed_at
            begun = time.monotonic()
            tally.pause_seconds += max(0.0, begun - failed_at)
            async with self.gate.passed():
                tally.waited(begun, time.monotonic(), self.gate.limit.held_until)
                call = await self._ledger.opened(sending)
                try:
                    completion = await self._sent(content, request, seconds)
                except BaseException as failure:
                    cost = self._cost_of_failure(failure, counted)
                    self._ledger.failed(call, _kind_of(failure), cost)
                    tally.failed += 1
                    tally.pushed_back += _kind_of(failure) in PUSHES_BACK
                    tally.dollars += cost.dollars
                    failed_at = time.monotonic()
                    raise
            try:
                await self._journal.record(key, completion, qid_sha256=request.qid_sha256)
            finally:
                usage = _usage(completion, counted.estimate)
                self._ledger.settled(call, usage, self._cost(usage))
                self._count(usage)
            return completion

        return await with_patience(self.model.patience, attempt)

    async def _sent(self, content: bytes, request: ChatRequest, seconds: float) -> Completion:
        """One attempt; what the endpoint says to its load is told to the limit."""
        started = time.monotonic()
        try:
            try:
                body = await self._wire.post(self._dialect.path, content, seconds)
            finally:
                self._tally.endpoint_seconds += time.monotonic() - started
            completion = self._dialect.read(body, request, time.monotonic() - started)
        except CallError as failure:
            if failure.kind in PUSHES_BACK or failure.retry_after:
                # A wait beyond all patience ends this call, but is no reason to hold up the others for as long.
                hold = failure.retry_after if failure.retry_after <= self.model.patience.total_seconds else 0.0
                self.gate.limit.pushed_back(started, time.monotonic(), hold)
            raise
        self.gate.limit.answered(self.gate.under_way, time.monotonic())
        return completion

    def _count(self, usage: Usage) -> None:
        tally = self._tally
        tally.answered += 1
        tally.prompt_tokens += usage.prompt or 0
        tally.completion_tokens += usage.completion or 0
        tally.cached_tokens += usage.cached or 0
        tally.dollars += self._cost(usage).dollars

    async def _list(self, seconds: float) -> list[str]:
        call = await self._ledger.opened(Sending(self._kind, self.model.name, self._wire.host, 0, arm=self._arm))
        try:
            body = await self._wire.get(self._dialect.models_path, min(seconds, LIST_SECONDS))
            listed = [as_word(entry["id"]) for entry in body["data"]]
        except (KeyError, TypeError):
            self._ledger.failed(call, "bad_response", Cost())
            raise CallError("bad_response") from None
        except BaseException as failure:
            self._ledger.failed(call, _kind_of(failure), Cost())
            raise
        self._ledger.settled(call, Usage(), Cost())
        return [name for name in listed if name]

    async def _first_listed(self) -> str:
        listed = await self.listed_models()
        if not listed:
            raise EndpointFault(
                f"The endpoint of model {self.model.name!r} lists no models, so `auto` finds none.",
                mend="Load a model on the server, or write its id as model_id.",
            )
        return listed[0]

    def _settle_what_was_answered(self) -> None:
        """End in the ledger what the journal has an answer to, where a kill came between the two."""
        for key, size in self._ledger.unended().items():
            if (recorded := self._journal.recall(key)) is not None:
                usage = _usage(recorded, size // BYTES_A_TOKEN)
                self._ledger.found_answered(key, usage, self._cost(usage))

    def _sending(self, request: ChatRequest, key: str, counted: _Counted) -> Sending:
        prompt, answer = counted.worst, most_tokens(self.model, request)
        prices = self.model.prices
        worst = Cost(prompt + answer, prices.at_worst(prompt, answer) if prices else 0.0)
        host, size = self._wire.host, counted.size
        return Sending(self._kind, self.model.name, host, size, request.qid_sha256, self._arm, key, worst)

    def _cost(self, usage: Usage) -> Cost:
        prompt, answer = usage.prompt or 0, usage.completion or 0
        prices = self.model.prices
        dollars = prices.dollars(prompt, answer, usage.cached or 0, usage.cache_write or 0) if prices else 0.0
        return Cost(prompt + answer, dollars)

    def _cost_of_failure(self, failure: BaseException, counted: _Counted) -> Cost:
        """An error status costs nothing; what ended otherwise may have been worked on, so its prompt is charged."""
        if isinstance(failure, EndpointFault) or _kind_of(failure).startswith(UNPAID):
            return Cost()
        return self._cost(Usage(prompt=counted.estimate))


@dataclass(frozen=True)
class _Counted:
    """What is known of a request's size before the endpoint counts.

    Attributes:
        size: bytes that are sent.
        estimate: tokens, about.
        worst: tokens that it cannot well exceed. Pictures are not charged by their bytes.
    """

    size: int
    estimate: int
    worst: int

    @classmethod
    def of(cls, content: bytes, request: ChatRequest) -> _Counted:
        pictures = [picture for turn in request.turns for picture in turn.images]
        texts = len(content) - sum(base64_length(picture.data) for picture in pictures)
        shown = tokens_of_pictures(pictures)
        worst = texts // BYTES_A_TOKEN_AT_LEAST + shown * PICTURES_AT_WORST
        return cls(len(content), texts // BYTES_A_TOKEN + shown, worst)


def endpoint_parts(model: Model, base_url: str, model_id: str) -> dict[str, str]:
    """What shapes every answer of a model at such an endpoint, by name."""
    return {
        "dialect": model.dialect,
        "base_url": base_url,
        "model_id": model_id,
        "sampling": orjson.dumps(model.sampling.model_dump(), option=orjson.OPT_SORT_KEYS).decode(),
    }


def full_key(model: Model, base_url: str, model_id: str, call_key: str) -> str:
    """The key of a call in the journal: what the caller says of it, and the endpoint that it goes to.

    A call key may be a hash, or a canonical JSON list; of such a list the key is the one that format 1 of the journal
    had for it, so that what was paid for then is found.
    """
    endpoint: list[Any] = [model.dialect, base_url, model_id, model.sampling.model_dump()]
    if call_key.startswith("["):
        return fingerprint.of_value([*endpoint, *orjson.loads(call_key)])
    return fingerprint.of_value([*endpoint, call_key])


def _content(body: dict[str, Any]) -> bytes:
    """A body as JSON, also where a text in it is not whole."""
    try:
        return orjson.dumps(body, option=orjson.OPT_NON_STR_KEYS)
    except TypeError:
        return json.dumps(body, ensure_ascii=False).encode("utf-8", errors="replace")


def _kind_of(failure: BaseException) -> str:
    if isinstance(failure, CallError):
        return failure.kind
    return "refused" if isinstance(failure, EndpointFault) else "cancelled"


def _usage(completion: Completion, estimate: int) -> Usage:
    """Tokens as counted; estimated where the endpoint does not count, those of the prompt as given."""
    prompt, answer = completion.prompt_tokens, completion.completion_tokens
    return Usage(
        estimate if prompt is None else prompt,
        len(completion.text + completion.reasoning) // BYTES_A_TOKEN if answer is None else answer,
        completion.cached_tokens,
        completion.cache_write_tokens,
    )
