"""A run of one model in one arm: what is kept is taken again, the rest is asked, many questions at a time.

How a question is asked is the arm's business; this is what all arms do alike. A hopeless fault of the endpoint ends the
run; after many questions in a row that got no answer no more are asked. Everything finished is kept at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass, replace
from typing import Any, Protocol

from clinseek_assets.benchmark.questions import Question
from clinseek_assets.models.agent.loop import Sought
from clinseek_assets.models.answer_book import AnswerBook, Kept, Place
from clinseek_assets.models.answered import Answered
from clinseek_assets.models.baselines.seekers import seeker, seeker_version
from clinseek_assets.models.call_tally import CallTally
from clinseek_assets.models.completions import Completion
from clinseek_assets.models.endpoints.failures import CallError
from clinseek_assets.models.endpoints.recorded import RecordedEndpoint, full_key
from clinseek_assets.models.halting import halt_of_this_thread, heed
from clinseek_assets.models.identities import Parts, identity_of
from clinseek_assets.models.journal import Journal
from clinseek_assets.models.keeping import Keeping
from clinseek_assets.models.messages import Caller, ChatRequest
from clinseek_assets.models.outcomes import Outcome
from clinseek_assets.models.priors import CandidatePriors
from clinseek_assets.models.registry import Model
from clinseek_assets.storage import fingerprint
from clinseek_assets.storage.taking_turns import taking_turns

TURN_LENGTH = 16  # of a task's hash, in the name of a file
GIVE_UP_AFTER = 20  # questions in a row that the endpoint failed; the rest is not asked
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Piece:
    """One question in one run.

    Attributes:
        question: the manifest row.
        run_index: 1-based number of the repetition.
        parts: what shapes its answer, apart from the endpoint.
    """

    question: Question
    run_index: int
    parts: Parts

    @property
    def place(self) -> Place:
        """Under which its answer is kept."""
        return fingerprint.of_text(self.question.qid), self.run_index

    @property
    def of_run(self) -> tuple[str, int]:
        """By which a frame finds its answer."""
        return self.question.qid, self.run_index


class Asking(Protocol):
    """How an arm asks."""

    async def __call__(self, piece: Piece, caller: Caller) -> Sought:
        """What comes of one question in one run."""


def run_arm(
    model: Model,
    arm: str,
    pieces: Sequence[Piece],
    asking: Asking,
    *,
    keeping: Keeping,
    priors: CandidatePriors | None,
    progress: Progress | None,
) -> dict[tuple[str, int], Answered]:
    """What comes of all pieces: of those that are kept what was kept, of the others what the model says now.

    Args:
        model: an entry of the registry.
        arm: the name of the arm.
        pieces: each question and run once.
        asking: how the arm asks one.
        keeping: where calls are kept and what they may cost.
        priors: frequencies of the candidates, for baselines.
        progress: called with (done, all) after each answer.

    Returns:
        (qid, run_index) -> what came of it, with its identity.

    Raises:
        EndpointFault: the endpoint is not configured, or refuses every question alike.
    """

    async def run() -> dict[tuple[str, int], Answered]:
        questions = list({piece.question.qid: piece.question for piece in pieces}.values())
        try:
            async with calling(model, arm, keeping, questions, priors) as called:
                return await _Run(called, asking, keeping.tally).answers(pieces, progress)
        except CallError as failure:  # nobody answers under the model's name, so no question can be asked
            return {piece.of_run: Answered(Outcome.ENDPOINT_FAILED, error_kind=failure.kind) for piece in pieces}

    if not pieces:
        return {}
    tasks = {piece.question.task for piece in pieces}
    claims = keeping.claims if model.dialect != "baseline" else None
    names = {f"{model.name} {arm} {pieces[0].question.split} {task}" for task in tasks}
    elsewhere = nullcontext() if claims is None else claims.held(names, meanwhile=heed)
    turns = {fingerprint.of_text(task)[:TURN_LENGTH] for task in tasks}
    # Who comes second finds the answers of who came first.
    with taking_turns(keeping.journal.parent, turns, meanwhile=heed), elsewhere:
        return run_to_end(run())


def require_unique(questions: Sequence[Question]) -> None:
    """Answers are kept by qid, so that two questions may not share one."""
    if len({question.qid for question in questions}) != len(questions):
        raise ValueError("questions must have unique qids")


def run_to_end(work: Coroutine[Any, Any, Any]) -> Any:
    """Run to the end from plain code; also in a lane (`side_by_side.py`), and in a notebook, whose own loop is busy."""
    if (halt := halt_of_this_thread()) is not None:
        return halt.run(work)
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work)
    with ThreadPoolExecutor(max_workers=1) as thread:
        return thread.submit(asyncio.run, work).result()


@dataclass(frozen=True)
class Called:
    """Who answers in a run.

    Attributes:
        caller: whoever answers.
        parts: the parts of an identity that are its own.
        journal: where answers are kept.
        askers: how many questions to keep under way.
        recalling: answers what was paid for before and nothing else; None where nothing is paid for.
    """

    caller: Caller
    parts: Parts
    journal: Journal
    askers: int
    recalling: Caller | None = None


@asynccontextmanager
async def calling(
    model: Model, arm: str, keeping: Keeping, questions: Sequence[Question], priors: CandidatePriors | None
) -> AsyncIterator[Called]:
    """Whoever answers for this model, as long as the context lasts.

    Raises:
        EndpointFault: the endpoint is not configured, or refuses us.
        CallError: it does not say which model it serves.
    """
    if model.dialect == "baseline":
        name = str(model.model_id)
        parts = {"baseline": seeker_version(name), "priors": priors.fingerprint if priors else "none"}
        with Journal(keeping.journal, keeping.shared) as journal:
            yield Called(seeker(name, questions, priors), parts, journal, model.max_concurrency)
        return
    endpoint = RecordedEndpoint(
        model,
        journal=keeping.journal,
        ledger=keeping.ledger,
        leases=keeping.leases,
        budget=keeping.caps,
        arm=arm,
        shared=keeping.shared,
        tally=keeping.tally,
    )
    async with endpoint:
        parts = await endpoint.identity()
        yield Called(endpoint, parts, endpoint.journal, endpoint.askers, _Recalling(endpoint))


class _Recalling:
    """A caller for an endpoint that was given up: what its journal has is answered still."""

    def __init__(self, endpoint: RecordedEndpoint) -> None:
        self._endpoint = endpoint

    async def ask(self, request: ChatRequest, call_key: str) -> Completion:
        endpoint = self._endpoint
        key = full_key(endpoint.model, endpoint.base_url, await endpoint.model_id(), call_key)
        if (recorded := endpoint.journal.recall(key)) is None:
            raise CallError("given_up", again=False)
        return recorded


class _Run:
    """One run over one caller."""

    def __init__(self, called: Called, asking: Asking, tally: CallTally) -> None:
        self._called = called
        self._tally = tally
        self._book = AnswerBook(called.journal)
        self._asking = asking
        self._failed_in_a_row = 0

    async def answers(self, pieces: Sequence[Piece], progress: Progress | None) -> dict[tuple[str, int], Answered]:
        """Every piece's answer; the workers share one queue, so that only as many exist as are under way."""
        answered: dict[tuple[str, int], Answered] = {}
        waiting = iter(pieces)

        async def work() -> None:
            for piece in waiting:
                answered[piece.of_run] = await self._answer(piece)
                if progress:
                    progress(len(answered), len(pieces))

        try:
            async with asyncio.TaskGroup() as workers:
                for _ in range(min(self._called.askers, len(pieces))):
                    workers.create_task(work())
        except ExceptionGroup as group:
            raise group.exceptions[0] from None  # the first fault stops the run; the others were cancelled
        return answered

    async def _answer(self, piece: Piece) -> Answered:
        """One answer: the kept one where nothing that shaped it has changed.

        Looked up one by one: a journal holds the answers of all subtasks and runs, and a partition needs a few of them.
        """
        kept = self._book.one(piece.place)
        parts: Mapping[str, str] = {**piece.parts, **self._called.parts}
        if kept is not None and kept.stands and kept.parts == parts:
            self._tally.kept += 1
            return kept.answered
        caller = self._called.caller
        if self._failed_in_a_row >= GIVE_UP_AFTER and self._called.recalling is not None:
            caller = self._called.recalling
        sought = await self._asking(piece, caller)
        failed = sought.answered.outcome is Outcome.ENDPOINT_FAILED
        self._failed_in_a_row = self._failed_in_a_row + 1 if failed else 0
        now = Kept(parts, sought.answered)
        if now.stands:
            now = Kept(parts, replace(sought.answered, identity=identity_of(parts)))
        self._book.keep(piece.place, now, sought.steps)
        return now.answered
