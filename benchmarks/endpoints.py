"""Recorded endpoints: how near calls come to what an endpoint allows, and how fast a run is that has nothing to do."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from clinseek_assets.benchmark.questions import Question
from clinseek_assets.benchmark.subtasks import SUBTASKS, YES_NO
from clinseek_assets.models.agent.exchange import Step
from clinseek_assets.models.agent.tool_source import ToolSource
from clinseek_assets.models.answer_book import AnswerBook, Kept
from clinseek_assets.models.answered import Answered
from clinseek_assets.models.arm_run import Piece
from clinseek_assets.models.budget import Caps
from clinseek_assets.models.endpoints.recorded import RecordedEndpoint
from clinseek_assets.models.identities import identity_of
from clinseek_assets.models.journal import Journal
from clinseek_assets.models.keeping import Keeping
from clinseek_assets.models.messages import ChatRequest, Turn
from clinseek_assets.models.outcomes import Outcome
from clinseek_assets.models.registry import Model
from clinseek_assets.models.seeking_arm import answer_seeking, parts_alike, seeking_parts
from clinseek_assets.records.pinned.pin import Policy
from clinseek_assets.records.tools.specs import Toolbox
from clinseek_assets.storage.fingerprint import of_text

ARM = "seeking"
ANSWER_SECONDS = 0.05
ALLOWED = 64
IDEAL = ALLOWED / ANSWER_SECONDS
CALLS = 12_800  # ten seconds at best
PROMPT = "A line of a patient's record, as long as such lines usually are.\n" * 60  # about 1,000 tokens
FINISHED = 50_000


def run(folder: Path) -> dict[str, Any]:
    """Measure in `folder`.

    Returns:
        name; calls a second against a server of another process that answers after 50 ms, with 64 allowed at a time;
        that as a share of the ideal; this process's processor time a call and as a share of one core; seconds, and
        seconds of the processor, that a seeking arm takes for 50,000 questions that are all answered (hashing the
        patients' databases apart).
    """
    folder.mkdir(parents=True, exist_ok=True)
    with _answering_server() as port:
        figures = asyncio.run(_throughput(_model(f"http://127.0.0.1:{port}"), folder))
    return {"name": "recorded endpoints", **figures, **_nothing_to_do(folder / "nothing to do")}


async def _throughput(model: Model, folder: Path) -> dict[str, float]:
    async with _endpoint(model, _keeping(folder / "throughput")) as endpoint:
        await _ask(endpoint, range(-ALLOWED * 20, 0))  # connections and the limit are there after this
        started, processor = time.perf_counter(), time.process_time()
        await _ask(endpoint, range(CALLS))
        seconds, processor = time.perf_counter() - started, time.process_time() - processor
    return {
        "calls_a_second": round(CALLS / seconds, 1),
        "share_of_the_ideal": round(CALLS / seconds / IDEAL, 3),
        "processor_milliseconds_a_call": round(processor / CALLS * 1e3, 3),
        "processor_share_of_a_core": round(processor / seconds, 2),
    }


def _nothing_to_do(folder: Path) -> dict[str, float]:
    """All questions are answered: nobody listens at the endpoint, no record is opened, and none is missed."""
    model, tools = _model("http://127.0.0.1:9"), _Unopened()
    keeping = _keeping(folder)
    questions = [_question(number) for number in range(FINISHED)]
    _keep_answers(model, tools, keeping, questions)
    started, processor = time.perf_counter(), time.process_time()
    frame = answer_seeking(model, questions, arm=ARM, tools=tools, keeping=keeping, priors=None, data_class="open")
    seconds, processor = time.perf_counter() - started, time.process_time() - processor
    assert frame["outcome"].eq(Outcome.FINISHED).all() and len(frame) == FINISHED
    return {
        "seconds_of_50000_finished_questions": round(seconds, 2),
        "processor_seconds_of_50000_finished_questions": round(processor, 2),
    }


def _keep_answers(model: Model, tools: ToolSource, keeping: Keeping, questions: Sequence[Question]) -> None:
    """Keep an answer and an exchange of each question, as a run would have done."""
    endpoint = asyncio.run(_identity(model, keeping))
    alike = parts_alike(model, tools)
    steps = [Step("user", PROMPT), Step("assistant", "<answer>\nyes\n</answer>")]
    with Journal(keeping.journal) as journal:
        book = AnswerBook(journal)
        for question in questions:
            piece = Piece(question, 1, seeking_parts(alike, question, _record(question), 1))
            parts = {**piece.parts, **endpoint}
            answered = Answered(Outcome.FINISHED, ("yes",), "finish", "yes", identity=identity_of(parts), rounds=5,
                                tool_calls=6, prompt_tokens=9_000, completion_tokens=400, seconds=12.5)  # fmt: skip
            book.keep(piece.place, Kept(parts, answered), steps)


async def _identity(model: Model, keeping: Keeping) -> dict[str, str]:
    async with _endpoint(model, keeping) as endpoint:
        return await endpoint.identity()


class _Unopened:
    """Records whose hashes are known, and that nobody may open."""

    policy: Policy = "strict"
    version = of_text("tools")

    def record_sha256(self, question: Question) -> str:
        return _record(question)

    def opened(self, question: Question) -> AbstractContextManager[Toolbox]:
        raise AssertionError("a finished question was asked again")


def _record(question: Question) -> str:
    return of_text(str(question.subject_id))


def _question(number: int) -> Question:
    subtask = SUBTASKS["Inpatient_Mortality"]
    return Question(
        qid=f"{number:06} {of_text(str(number))}",
        row_number=number,
        subject_id=10_000_000 + number // 5,
        hadm_id=20_000_000 + number,
        prediction_time=datetime(2150, 1, 2, 3, 4, 5) + timedelta(minutes=number),
        latest_event_time=None,
        task=subtask.name,
        task_type=subtask.task_type,
        label="yes",
        gold=("yes",),
        answer_is_list=subtask.answer_is_list,
        candidates=YES_NO,
        instruction="Will the patient die during this stay in the hospital?",
    )


async def _ask(endpoint: RecordedEndpoint, numbers: range) -> None:
    """Ask as an arm does: a fixed number of workers over one queue."""
    waiting = iter(numbers)

    async def work() -> None:
        for number in waiting:
            request = ChatRequest((Turn("user", PROMPT),), of_text(f"question {number}"))
            await endpoint.ask(request, of_text(str(number)))

    async with asyncio.TaskGroup() as workers:
        for _ in range(endpoint.askers):
            workers.create_task(work())


def _keeping(folder: Path) -> Keeping:
    return Keeping(folder / "journal.sqlite", folder / "ledger.sqlite", folder / "leases", Caps(dollars=1e6))


def _endpoint(model: Model, keeping: Keeping) -> RecordedEndpoint:
    return RecordedEndpoint(
        model,
        journal=keeping.journal,
        ledger=keeping.ledger,
        leases=keeping.leases,
        budget=keeping.caps,
        arm=ARM,
    )


def _model(url: str) -> Model:
    return Model(
        name="waits", dialect="openai_chat", enabled=True, base_url=url, model_id="waits", max_concurrency=ALLOWED
    )


@contextmanager
def _answering_server() -> Iterator[int]:
    command = [sys.executable, "-m", "benchmarks.answering_server", str(ANSWER_SECONDS)]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        yield int(server.stdout.readline())
    finally:
        server.kill()
        server.wait()
