"""Steps on a real Celery worker over a real broker: they end, wait, are cancelled, and are known to be lost."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import dagster as dg
import pytest

pytest.importorskip("dagster_celery", reason="the extra `cluster` is not installed")

from celery import Celery
from celery.exceptions import TaskRevokedError, WorkerLostError
from celery.result import AsyncResult
from dagster_celery.make_app import make_app
from pydantic import SecretStr

from clinseek_assets.automation import celery_steps
from clinseek_assets.automation.celery_broker import app_arguments
from clinseek_assets.automation.celery_steps import WatchedStep
from clinseek_assets.faults import SettingsFault
from clinseek_assets.locations.settings import load_settings
from clinseek_assets_tests.cluster.head import binary
from clinseek_assets_tests.services import redis
from clinseek_assets_tests.services.waiting import wait_until

PROJECT = Path(__file__).resolve().parents[2]
WORKER = [binary("celery"), "-A", "clinseek_assets_tests.cluster.sleeping_app", "worker", "-c", "2", "-Q", "steps"]
LOOKS = 0.3


@dataclass
class Worker:
    """A worker over a broker, and how a task is given to it."""

    app: Celery
    process: subprocess.Popen[bytes]
    told: Path
    results: list[AsyncResult] = field(default_factory=list)

    def step(self, seconds: float, name: str = "step", queue: str = "steps") -> WatchedStep:
        result = self.app.send_task("sleep", (seconds, name), queue=queue, routing_key=f"{queue}.sleep")
        self.results.append(result)
        return WatchedStep(result, self.app, between_looks=LOOKS)

    def lines(self) -> list[str]:
        return self.told.read_text().splitlines() if self.told.exists() else []

    def stop(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@pytest.fixture
def worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Worker]:
    if reason := redis.absent():
        pytest.skip(reason)
    monkeypatch.setattr(celery_steps, "ANSWER_WITHIN", 0.5)
    with redis.broker(tmp_path / "redis") as url:
        told = tmp_path / "told"
        environment = {**os.environ, "CLINSEEK_BROKER": url, "TOLD": str(told), "PYTHONPATH": str(PROJECT)}
        with (tmp_path / "worker.log").open("wb") as log:
            command = [*WORKER, "-n", "steps@here", "--without-mingle", "--without-gossip"]
            process = subprocess.Popen(
                command, env=environment, stdout=log, stderr=log, cwd=tmp_path, start_new_session=True
            )
        made = Worker(make_app(app_arguments(SecretStr(url))), process, told)
        try:
            yield made
        finally:
            made.stop()
            for result in made.results:
                result.backend = None  # else it takes leave of a broker that is gone


def begun(step: WatchedStep) -> bool:
    return step._begun_by() is not None


@pytest.mark.slow
def test_a_step_s_life_on_a_worker(worker):
    """One worker for all of it, since starting one takes longer than the rest."""
    short, waiting = worker.step(0.1, "short"), worker.step(0.1, "waiting", queue="nobody")
    wait_until(short.ready, "the short step", 60)
    assert short.get() == ["short"]
    time.sleep(3 * LOOKS)
    assert not waiting.ready() and not waiting.lost  # nobody has begun it: it waits
    waiting.revoke()
    assert waiting.ready()
    with pytest.raises(TaskRevokedError):
        waiting.get()

    at_work = worker.step(60, "at work")
    wait_until(lambda: begun(at_work), "its beginning")
    time.sleep(3 * LOOKS)
    assert not at_work.ready()  # its worker says that it has it
    at_work.revoke()
    wait_until(at_work.ready, "its end", 20)
    with suppress(TaskRevokedError):  # whichever comes first: the worker's word, or what the step itself says
        assert at_work.get() == ["at work interrupted"]
    wait_until(lambda: "at work interrupted" in worker.lines(), "the step's own end", 20)

    lost = worker.step(60, "lost")
    wait_until(lambda: begun(lost), "its beginning")
    worker.stop()
    wait_until(lost.ready, "that it is lost", 30)
    with pytest.raises(WorkerLostError, match="no longer has it"):
        lost.get()


def test_while_the_broker_is_away_a_step_is_not_over(monkeypatch):
    app = make_app(app_arguments(SecretStr("redis://127.0.0.1:1/0")))
    app.conf.result_backend_transport_options = {"retry_policy": {"max_retries": 0, "timeout": 0.1}}
    step = WatchedStep(app.AsyncResult("any"), app, between_looks=0)
    assert not step.ready()


def test_events_in_files_of_one_machine_are_refused_before_a_step_is_handed_out(tmp_path):
    settings = load_settings({"CLINSEEK_EXECUTOR": "celery", "CLINSEEK_BROKER": "redis://127.0.0.1:1/0"})

    with dg.instance_for_test(temp_dir=str(tmp_path)) as instance:
        executor = celery_steps.celery_steps(settings).executor_creation_fn(None)  # type: ignore[arg-type, misc]

        class Context:
            pass

        context = Context()
        context.instance = instance  # type: ignore[attr-defined]
        with pytest.raises(SettingsFault, match="SQLite"):
            list(executor.execute(context, None))  # type: ignore[arg-type]
