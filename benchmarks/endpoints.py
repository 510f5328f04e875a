"""Recorded endpoints: how near calls come to what an endpoint allows, and how fast a run is that has nothing to do."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from clinseek_assets.models.budget import Caps
from clinseek_assets.models.completions import Completion
from clinseek_assets.models.endpoints.recorded import RecordedEndpoint, full_key
from clinseek_assets.models.journal import Journal
from clinseek_assets.models.messages import ChatRequest, Turn
from clinseek_assets.models.registry import Model
from clinseek_assets.storage.fingerprint import of_text

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
        that as a share of the ideal; this process's processor time a call and as a share of one core; seconds of asking
        for 50,000 calls that are all in the journal, and of reading 50,000 answers' identities.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with _answering_server() as port:
        figures = asyncio.run(_throughput(_model(f"http://127.0.0.1:{port}"), folder))
    return {"name": "recorded endpoints", **figures, **asyncio.run(_nothing_to_do(folder))}


async def _throughput(model: Model, folder: Path) -> dict[str, float]:
    async with _endpoint(model, folder / "throughput") as endpoint:
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


async def _nothing_to_do(folder: Path) -> dict[str, float]:
    """All calls are there: nobody listens at the endpoint, and none is asked."""
    model = _model("http://127.0.0.1:9")
    path = folder / "nothing" / "journal.sqlite"
    with Journal(path) as journal:
        answer = Completion("<answer>\nyes\n</answer>", "", "stop", False, 1000, 8, 0.05)
        keys = (full_key(model, model.endpoint(), str(model.model_id), of_text(str(n))) for n in range(FINISHED))
        await asyncio.gather(*(journal.record(key, answer, qid_sha256=key) for key in keys))
        for number in range(FINISHED):
            parts = {name: of_text(f"{name} {number % 50}") for name in ("context", "prompt", "question", "model")}
            journal.put_identity(of_text(str(number)), 1, parts)
    started = time.perf_counter()
    async with _endpoint(model, folder / "nothing") as endpoint:
        read = time.perf_counter()
        identities = endpoint.journal.identities()
        read = time.perf_counter() - read
        await _ask(endpoint, range(FINISHED))
    assert len(identities) == FINISHED
    return {
        "seconds_of_50000_finished_questions": round(time.perf_counter() - started, 2),
        "seconds_of_reading_their_identities": round(read, 2),
    }


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


def _endpoint(model: Model, folder: Path) -> RecordedEndpoint:
    return RecordedEndpoint(
        model,
        journal=folder / "journal.sqlite",
        ledger=folder / "ledger.sqlite",
        leases=folder / "leases",
        budget=Caps(dollars=1e6),
        arm="curated",
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
