"""The curated arm: each question with its published context, one prompt, one answer.

`answer_curated` is one function for every model. A question without a context has no curated answer (`not_run`).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from clinseek_assets.benchmark.questions import Question
from clinseek_assets.contexts.prompts import curated_prompt
from clinseek_assets.faults import EndpointFault
from clinseek_assets.models import curated_answer
from clinseek_assets.models.baselines import PARTICIPANTS
from clinseek_assets.models.completions import Completion
from clinseek_assets.models.curated_answer import parse_answer
from clinseek_assets.models.egress import DataClass, admit
from clinseek_assets.models.journal import Journal
from clinseek_assets.models.openai_chat import CallError, OpenAIChat, Request
from clinseek_assets.models.outcomes import ANSWERS, Outcome
from clinseek_assets.models.priors import CandidatePriors
from clinseek_assets.models.registry import NOT_YET, Model
from clinseek_assets.storage import fingerprint

ARM = "curated"
GIVE_UP_AFTER = 20  # questions in a row that the endpoint failed; the rest is not asked
Progress = Callable[[int, int], None]

COLUMNS = {
    "qid": "str",
    "row_number": "int64",
    "subject_id": "int64",
    "subtask": "str",
    "task_type": "str",
    "model": "str",
    "arm": "str",
    "run_index": "int64",
    "outcome": "str",
    "answer": "object",
    "answer_rule": "str",
    "response_text": "str",
    "context_sha256": "str",
    "identity": "str",
    "prompt_tokens": "Int64",
    "completion_tokens": "Int64",
    "seconds": "float64",
    "error_kind": "str",
}


@dataclass(frozen=True)
class Ask:
    """One question with the context that it is asked over."""

    question: Question
    context: str
    context_sha256: str

    @property
    def qid_sha256(self) -> str:
        """The hash under which ledgers name the question."""
        return fingerprint.of_text(self.question.qid)


@dataclass(frozen=True)
class Answered:
    """What came of one question; the fields are those of a prediction."""

    outcome: Outcome
    answer: tuple[str, ...] = ()
    answer_rule: str | None = None
    response_text: str | None = None
    identity: str | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    seconds: float | None = None
    error_kind: str | None = None


def answer_curated(
    model: Model,
    questions: Sequence[Question],
    contexts: pd.DataFrame,
    *,
    journal: Path,
    priors: CandidatePriors | None,
    run_index: int = 1,
    progress: Progress | None = None,
    data_class: DataClass = "credentialed",
) -> pd.DataFrame:
    """Answer questions with one model in the curated arm.

    Args:
        model: an entry of the registry.
        questions: the questions, in the order in which the answers come back.
        contexts: columns qid, context (text or missing) and context_sha256; a question without one is `not_run`.
        journal: where finished calls are kept; a baseline needs none and writes none.
        priors: frequencies of the candidates, for the baselines that rest on them.
        run_index: 1-based number of the repetition.
        progress: called with (done, all) after each answer.
        data_class: what the contexts are made from; credentialed data goes only to an attested endpoint.

    Returns:
        One row a question with the columns of `COLUMNS`: `answer` is a list of names, empty unless the outcome is
        `finished` or `salvaged`; `identity` is the hash of all that shaped the answer, missing for `not_run`.

    Raises:
        EndpointFault: the endpoint is not configured, may not see the data, or refuses every question alike.
    """
    admit(model, data_class)
    if len({question.qid for question in questions}) != len(questions):
        raise ValueError("questions must have unique qids")
    asks = _asks(questions, contexts)
    if model.dialect == "baseline":
        answered = _answer_by_baseline(model, asks, priors, run_index, progress)
    elif model.dialect == "openai_chat":
        answered = _run(_answer_by_chat(model, asks, journal, run_index, progress)) if asks else {}
    else:
        raise EndpointFault(f"The model {model.name!r} {NOT_YET[0]}", mend=NOT_YET[1])
    shas = {ask.question.qid: ask.context_sha256 for ask in asks}
    return _predictions(model, questions, answered, shas, run_index)


def _asks(questions: Sequence[Question], contexts: pd.DataFrame) -> list[Ask]:
    """The questions that have a context."""
    of_qid = {
        qid: (context, sha)
        for qid, context, sha in zip(contexts["qid"], contexts["context"], contexts["context_sha256"], strict=True)
        if isinstance(context, str)
    }
    return [Ask(question, *of_qid[question.qid]) for question in questions if question.qid in of_qid]


def _answer_by_baseline(
    model: Model, asks: Sequence[Ask], priors: CandidatePriors | None, run_index: int, progress: Progress | None
) -> dict[str, Answered]:
    """Ask a participant that runs in this process: deterministic, so it needs no journal."""
    participant = PARTICIPANTS[str(model.model_id)]
    basis = [model.dialect, model.model_id, participant.version, priors.fingerprint if priors else None, run_index]
    answered = {}
    for done, ask in enumerate(asks, start=1):
        started = time.perf_counter()
        names = participant.answer(ask.question, ask.context, priors)
        question = ask.question
        answered[question.qid] = Answered(
            outcome=Outcome.FINISHED,
            answer=tuple(names),
            answer_rule="baseline",
            identity=fingerprint.of_value(
                [*basis, question.qid, question.task, question.candidates, ask.context_sha256]
            ),
            seconds=time.perf_counter() - started,
        )
        if progress:
            progress(done, len(asks))
    return answered


def _run(work: Coroutine[Any, Any, dict[str, Answered]]) -> dict[str, Answered]:
    """Run to the end from plain code; also inside a notebook, whose own event loop is busy."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work)
    with ThreadPoolExecutor(max_workers=1) as thread:
        return thread.submit(asyncio.run, work).result()


async def _answer_by_chat(
    model: Model, asks: Sequence[Ask], journal_path: Path, run_index: int, progress: Progress | None
) -> dict[str, Answered]:
    """Ask an endpoint, at most `max_concurrency` questions at a time; the first hopeless fault ends the run."""
    with Journal(journal_path) as journal:
        async with OpenAIChat(model, journal) as client:
            run = _ChatRun(client, journal, run_index)
            return await run.answers(asks, progress)


class _ChatRun:
    """One run over one endpoint."""

    def __init__(self, client: OpenAIChat, journal: Journal, run_index: int) -> None:
        self._client = client
        self._journal = journal
        self._run_index = run_index
        self._failed_in_a_row = 0

    async def answers(self, asks: Sequence[Ask], progress: Progress | None) -> dict[str, Answered]:
        """Every question's answer; the workers share one queue, so that only as many prompts exist as are under way."""
        waiting = iter(asks)
        answered: dict[str, Answered] = {}

        async def work() -> None:
            for ask in waiting:
                answered[ask.question.qid] = await self._answer(ask)
                if progress:
                    progress(len(answered), len(asks))

        try:
            async with asyncio.TaskGroup() as workers:
                for _ in range(min(self._client.model.max_concurrency, len(asks))):
                    workers.create_task(work())
        except ExceptionGroup as group:
            raise group.exceptions[0] from None  # the first fault stops the run; the others were cancelled
        return answered

    async def _answer(self, ask: Ask) -> Answered:
        prompt = curated_prompt(ask.question, ask.context)
        try:
            call_key = self._call_key(await self._client.model_id(), ask, prompt)
            completion = self._journal.recall(call_key)
            if completion is None:
                if self._failed_in_a_row >= GIVE_UP_AFTER:
                    return Answered(Outcome.ENDPOINT_FAILED, error_kind="given_up")
                completion = await self._client.complete(Request(prompt, ask.qid_sha256))
                self._journal.record(call_key, completion)
                self._failed_in_a_row = 0
        except CallError as failure:
            self._failed_in_a_row += 1
            return Answered(Outcome.ENDPOINT_FAILED, error_kind=failure.kind)
        identity = fingerprint.of_value([call_key, curated_answer.VERSION, ask.context_sha256])
        return read_answer(completion, ask.question.candidates, identity)

    def _call_key(self, model_id: str, ask: Ask, prompt: str) -> str:
        """The hash of all that shapes one call: endpoint, model, sampling, question, prompt, repetition."""
        model = self._client.model
        asked = [ask.question.qid, prompt, self._run_index]
        return fingerprint.of_value(
            [model.dialect, self._client.base_url, model_id, model.sampling.model_dump(), *asked]
        )


def read_answer(completion: Completion, candidates: Sequence[str] | None, identity: str) -> Answered:
    """What a completion means as an answer: refused and truncated ones are the model's own, and no answers."""
    parsed = parse_answer(completion.text, candidates, reasoning=completion.reasoning)
    if completion.refused:
        outcome = Outcome.REFUSED
    elif completion.truncated:
        outcome = Outcome.TRUNCATED
    elif not parsed.answers:
        outcome = Outcome.UNPARSABLE
    else:
        outcome = Outcome.FINISHED if parsed.by_contract else Outcome.SALVAGED
    counts = outcome in ANSWERS
    return Answered(
        outcome=outcome,
        answer=parsed.answers if counts else (),
        answer_rule=parsed.rule if counts else None,
        response_text=completion.text,
        identity=identity,
        prompt_tokens=completion.prompt_tokens,
        completion_tokens=completion.completion_tokens,
        seconds=completion.seconds,
    )


def _predictions(
    model: Model, questions: Sequence[Question], answered: dict[str, Answered], shas: dict[str, str], run_index: int
) -> pd.DataFrame:
    rows = [
        {
            "qid": question.qid,
            "row_number": question.row_number,
            "subject_id": question.subject_id,
            "subtask": question.task,
            "task_type": question.task_type,
            "model": model.name,
            "arm": ARM,
            "run_index": run_index,
            "context_sha256": shas.get(question.qid),
            **_fields(answered.get(question.qid, Answered(Outcome.NOT_RUN))),
        }
        for question in questions
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(COLUMNS)


def _fields(answered: Answered) -> dict[str, Any]:
    return {**asdict(answered), "outcome": str(answered.outcome), "answer": list(answered.answer)}
