"""The agent loop: one question, tools over its record, rounds until an answer.

The published contract is kept: a system message, a user message with task, moment, patient and candidates, rounds in
which the model calls tools, `finish` with a list of answers, limits of rounds, browser calls and result lengths. Beyond
it, nothing is cut without a word, an exchange that comes to a limit gets one last turn in which to answer, and what a
model does wrong is told to it and recorded. How an exchange ended is never prettified (`outcomes`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from clinseek_assets.benchmark.questions import Question
from clinseek_assets.models.agent import multimodal_prompts, prompts
from clinseek_assets.models.agent.arguments import read_arguments
from clinseek_assets.models.agent.exchange import CallSaid, Step, shown_in, usage_of
from clinseek_assets.models.agent.names import FINISH, is_browsing, offered_name, published_name
from clinseek_assets.models.agent.openings import opening_turns
from clinseek_assets.models.agent.rules import Rules
from clinseek_assets.models.agent.tally import Tally
from clinseek_assets.models.agent.text_calls import before_calls, calls_in
from clinseek_assets.models.agent.text_tools import without_tools
from clinseek_assets.models.agent.threads import on_a_thread
from clinseek_assets.models.agent.transcript import Transcript
from clinseek_assets.models.agent.window import Gauge, cut_text, make_room
from clinseek_assets.models.answer_vocabulary import answer_vocabulary
from clinseek_assets.models.answered import Answered
from clinseek_assets.models.completions import Completion, ToolCall
from clinseek_assets.models.curated_answer import parse_answer, read_items
from clinseek_assets.models.endpoints.failures import CallError
from clinseek_assets.models.exhibits import NOTHING, Exhibits
from clinseek_assets.models.messages import Caller, ChatRequest, Turn
from clinseek_assets.models.outcomes import Outcome
from clinseek_assets.models.registry import Prices
from clinseek_assets.records.pinned.pin import Policy
from clinseek_assets.records.tools.specs import Toolbox, ToolReply
from clinseek_assets.storage import fingerprint

SMALLER = 0.6  # of what was refused as too long
MOST_SHRINKS = 3
LONGEST_NAME = 64  # characters of a tool's name that the dialects take
UNFIT_IN_NAMES = re.compile(r"[^\w.-]", re.ASCII)


@dataclass(frozen=True)
class Sought:
    """What came of a question, and every step on the way."""

    answered: Answered
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class _Called:
    """A call as it is run and sent back: unique id, published name, arguments as an object (None: they are none)."""

    call: ToolCall
    said: CallSaid
    given: dict[str, object] | None


async def seek(
    question: Question,
    toolbox: Toolbox,
    caller: Caller,
    rules: Rules,
    *,
    policy: Policy,
    run_index: int = 1,
    prices: Prices | None = None,
    exhibits: Exhibits = NOTHING,
) -> Sought:
    """Let a model look for the evidence and answer.

    Args:
        question: the manifest row; its label is not read.
        toolbox: the tools over its record; run on a worker thread, one call at a time.
        caller: who answers.
        rules: what the exchange may take.
        policy: the policy of time of the record; one sentence of the prompt depends on it.
        run_index: 1-based number of the repetition, a part of every call's key.
        prices: of the model, for what the exchange cost.
        exhibits: what the question shows beside its text.

    Returns:
        An outcome whatever the model does; a call that got no answer is `endpoint_failed` or `over_budget`, and the
        steps up to it are kept.

    Raises:
        EndpointFault: the endpoint will refuse every question alike.
        DatabaseFault: the record is damaged.
    """
    return await _Exchange(question, toolbox, caller, rules, policy, run_index, prices, exhibits).run()


class _Exchange:
    """One exchange under way."""

    def __init__(
        self,
        question: Question,
        toolbox: Toolbox,
        caller: Caller,
        rules: Rules,
        policy: Policy,
        run_index: int,
        prices: Prices | None,
        exhibits: Exhibits,
    ) -> None:
        self._question = question
        self._vocabulary = answer_vocabulary(question)
        self._toolbox = toolbox
        self._caller = caller
        self._rules = rules
        self._specs = tuple(toolbox.specs)
        self._schemas = {spec.name: spec.parameters for spec in self._specs}
        self._qid_sha256 = fingerprint.of_text(question.qid)
        about = {"question": self._qid_sha256, "run": run_index, "native_tools": rules.native_tools}
        self._sent = Transcript(about, self._specs)
        self._gauge = Gauge()
        self._limit = rules.prompt_limit
        self._tally = Tally(prices)
        self._steps: list[Step] = []
        self._ids: set[str] = set()
        self._reminded = 0
        self._shrinks = 0
        self._ending: Answered | None = None
        for turn in opening_turns(question, policy, exhibits, self._schemas):
            self._tell(turn)

    async def run(self) -> Sought:
        try:
            while self._ending is None:
                await self._round()
        except CallError as failure:
            self._ending = Answered.of_failure(failure.kind)
        assert self._ending is not None
        return Sought(self._tally.counted(self._ending), tuple(self._steps))

    async def _round(self) -> None:
        """One call of the model, and what it asks for."""
        reason = self._limit_reached()
        if self._make_room() and reason is None:
            reason = "window"
        if reason is not None:
            self._tally.forced = reason
            self._tell(prompts.last_turn(reason))
            self._make_room()
        completion = await self._ask(must_answer=reason is not None)
        calls = self._heard(completion)
        if completion.refused:
            self._end(Outcome.REFUSED)
        elif calls:
            await self._run(calls, last=reason is not None)
            if self._ending is None and reason is not None:
                self._without_an_answer(completion)
        elif completion.truncated:
            self._end(Outcome.TRUNCATED)
        else:
            self._no_call(completion, last=reason is not None)

    def _limit_reached(self) -> str | None:
        """Why the next turn has to be the last; None where it has not."""
        limits = {
            "rounds": self._tally.rounds >= self._rules.max_rounds - 1,
            "browsing": self._tally.browser_calls >= self._rules.browser_calls,
            "seconds": self._tally.seconds >= self._rules.question_seconds,
        }
        return next((reason for reason, reached in limits.items() if reached), None)

    def _make_room(self) -> bool:
        """Fit the next call into the window; whether there is hardly anything left to take out."""
        if self._limit is None:
            return False
        room = make_room(self._sent, self._gauge, self._limit)
        if room.notices:
            self._tally.notices += room.notices
            self._steps.append(Step("note", f"{room.notices} results were taken out or cut to save room."))
        return room.scarce

    async def _ask(self, *, must_answer: bool) -> Completion:
        """The model's next turn. A request that is refused as too long is made smaller and sent again."""
        while True:
            most = self._rules.answer_tokens(self._tokens())
            try:
                completion = await self._caller.ask(
                    self._request(must_answer, most), self._sent.key([must_answer, most])
                )
            except CallError as failure:
                if not self._shrink(failure.kind):
                    raise
            else:
                self._gauge.learn(self._sent.size, completion.prompt_tokens, self._sent.pictures)
                return completion

    def _tokens(self) -> int:
        """About how many tokens the next request has."""
        return self._gauge.tokens(self._sent.size, self._sent.pictures)

    def _request(self, must_answer: bool, max_tokens: int | None) -> ChatRequest:
        if self._rules.native_tools:
            must_call = FINISH if must_answer else None
            return ChatRequest(tuple(self._sent.turns), self._qid_sha256, self._specs, must_call, max_tokens)
        return ChatRequest(without_tools(self._sent.turns, self._specs), self._qid_sha256, max_tokens=max_tokens)

    def _shrink(self, error_kind: str) -> bool:
        """Take out results after a refusal, until the request is clearly smaller; False where that cannot be."""
        refused = self._tokens()
        self._shrinks += 1
        if self._shrinks > MOST_SHRINKS or not self._rules.may_be_too_long(error_kind, refused):
            return False
        smaller = round(refused * SMALLER)
        self._limit = smaller if self._limit is None else min(smaller, self._limit)
        self._make_room()
        return self._tokens() < refused

    def _heard(self, completion: Completion) -> list[_Called]:
        """Take down the model's turn; the calls that it holds."""
        self._tally.add(completion)
        calls = list(self._calls(completion))
        out_of_text = bool(calls) and not completion.tool_calls
        text = before_calls(completion.text) if out_of_text else completion.text
        self._steps.append(
            Step(
                "assistant",
                completion.text,
                reasoning=completion.reasoning,
                calls=tuple(called.said for called in calls),
                usage=usage_of(completion),
            )
        )
        if text.strip() or calls:  # some endpoints refuse an exchange with an empty turn in it
            as_made = [call.id for call in completion.tool_calls] == [called.call.id for called in calls]
            self._sent.add(
                Turn(
                    "assistant",
                    text,
                    tool_calls=tuple(called.call for called in calls),
                    reasoning=completion.reasoning,
                    raw=completion.raw if as_made else None,
                )
            )
        return calls

    def _calls(self, completion: Completion) -> Iterator[_Called]:
        """The calls of a turn, native ones or such as its text holds."""
        native = [(call.id, call.name, call.arguments) for call in completion.tool_calls]
        found = native or [
            ("", call.name, call.arguments) for call in calls_in(completion.text, completion.reasoning, self._specs)
        ]
        for own_id, said, written in found:
            name = offered_name(UNFIT_IN_NAMES.sub("_", published_name(said))[:LONGEST_NAME], self._schemas)
            read = read_arguments(written, self._schemas.get(name, {}))
            repaired = not native or (read is not None and read.mended)
            self._tally.repaired += repaired
            call_id = self._unique(own_id)
            exact = read is not None and not read.mended and written.strip()
            sent = written if exact else json.dumps(read.given if read else {}, ensure_ascii=False)
            yield _Called(
                ToolCall(call_id, name, sent),
                CallSaid(call_id, said, written, repaired),
                read.given if read else None,
            )

    def _unique(self, own_id: str) -> str:
        """The endpoint's id of a call where no call had it yet, else one of ours."""
        number = len(self._ids) + 1
        call_id = own_id
        while not call_id or call_id in self._ids:
            call_id, number = f"call_{number}", number + 1
        self._ids.add(call_id)
        return call_id

    async def _run(self, calls: Sequence[_Called], *, last: bool) -> None:
        """Run the calls of a turn in their order, and take the answers that the last good `finish` submitted."""
        replies = await on_a_thread(lambda: [self._reply(called, last) for called in calls])
        self._reminded = 0
        for called, reply in zip(calls, replies, strict=True):
            text = cut_text(reply.text, self._rules.tool_result_chars)
            self._sent.add(Turn("tool", text, call_id=called.call.id, failed=reply.problem is not None))
            self._steps.append(Step("tool", text, call_id=called.call.id, problem=reply.problem))
        if pictures := tuple(picture for reply in replies for picture in reply.pictures):
            self._tell(multimodal_prompts.pictures_of_tools(pictures))
        submitted = [reply.answers for reply in replies if reply.answers is not None]
        if submitted and (answers := read_items(submitted[-1], self._question.candidates or self._vocabulary)):
            self._end(Outcome.FINISHED, answers, "finish")

    def _reply(self, called: _Called, last: bool) -> ToolReply:
        """The reply to one call; on a worker thread."""
        name = called.call.name
        self._tally.tool_calls += 1
        if last and name != FINISH:
            return ToolReply("This was the last turn: nothing but ehr.finish is called any more.", "unavailable")
        if is_browsing(name):
            if self._tally.browser_calls >= self._rules.browser_calls:
                return ToolReply(f"All {self._rules.browser_calls} browser calls are used up.", "unavailable")
            self._tally.browser_calls += 1
        if called.given is None:
            return ToolReply(
                "The arguments are no JSON object, so that nothing was called. Write them as an object, for example "
                '{"table_name": "labevents"}.',
                "bad_arguments",
            )
        return self._toolbox.call(name, called.given)

    def _no_call(self, completion: Completion, *, last: bool) -> None:
        """A turn without a call: an answer that was written instead of submitted, or nothing of use."""
        if parse_answer(completion.text, self._question.candidates, vocabulary=self._vocabulary).marked:
            self._salvage(completion)
        elif last or self._reminded >= self._rules.reminders:
            self._without_an_answer(completion)
        else:
            self._reminded += 1
            self._tell(prompts.reminder())

    def _without_an_answer(self, completion: Completion) -> None:
        """The end of an exchange that nothing was submitted in: what its last text says, if it names candidates."""
        if completion.truncated:
            self._end(Outcome.TRUNCATED)
        elif not self._salvage(completion):
            self._end(Outcome.OUT_OF_ROUNDS if self._tally.forced else Outcome.UNPARSABLE)

    def _salvage(self, completion: Completion) -> bool:
        """End with the answers that the text holds, if it marks them or they can be told from prose by their names."""
        candidates = self._question.candidates
        vocabulary = self._vocabulary
        parsed = parse_answer(completion.text, candidates, reasoning=completion.reasoning, vocabulary=vocabulary)
        if parsed.answers and (parsed.marked or candidates or vocabulary):
            self._end(Outcome.SALVAGED, parsed.answers, parsed.rule)
        return self._ending is not None

    def _end(self, outcome: Outcome, answer: tuple[str, ...] = (), rule: str | None = None) -> None:
        self._ending = Answered(outcome, answer, rule)

    def _tell(self, turn: Turn) -> None:
        """Say something to the model; two user turns in a row are one, since some templates take no two."""
        self._steps.append(Step(turn.role, turn.text, pictures=shown_in(turn.images)))
        before = self._sent.turns[-1] if self._sent.turns else None
        if before is not None and before.role == turn.role == "user":
            merged = replace(before, text=f"{before.text}\n\n{turn.text}", images=before.images + turn.images)
            self._sent.replace({len(self._sent.turns) - 1: merged})
        else:
            self._sent.add(turn)
