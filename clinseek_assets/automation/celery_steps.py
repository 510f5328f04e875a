"""Steps of a run on Celery's workers: dagster-celery's executor, and a watch over the workers that have begun a step.

dagster-celery waits for a step's result for ever: the result of a worker that was killed never comes, and its run
would stand as started until somebody looks. Here the process of the run asks the worker that began a step whether it
still has it. If it has not, several times in a row, the step counts as lost, as Celery itself has it for a process of a
living worker; the run fails, and Dagster's run retries (`run_retries` in dagster.yaml) start it anew on another worker.
What was finished and what was journalled is kept. Cancelling a run interrupts its steps on the workers.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any, cast

import dagster as dg
from celery import Celery, states
from celery.exceptions import TaskRevokedError, WorkerLostError
from celery.result import AsyncResult
from dagster._core.definitions.executor_definition import multiple_process_executor_requirements
from dagster._core.events import DagsterEvent
from dagster._core.execution.context.system import PlanOrchestrationContext
from dagster._core.execution.plan.plan import ExecutionPlan
from dagster._core.execution.plan.step import ExecutionStep
from dagster._core.execution.retries import RetryMode
from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster_celery.core_execution_loop import core_celery_execution_loop
from dagster_celery.executor import CeleryExecutor, _submit_task
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from clinseek_assets.automation.celery_broker import app_arguments
from clinseek_assets.faults import SettingsFault
from clinseek_assets.locations.settings import Settings
from clinseek_assets.resources.run_launcher import name_process

BETWEEN_LOOKS = 15.0  # seconds
ANSWER_WITHIN = 3.0  # seconds
SILENT_LOOKS = 4  # so many in a row, and the worker is gone: about a minute
TROUBLE = (OperationalError, RedisError, OSError)  # the broker is away; it may come back


class WatchedStep:
    """A step on a worker, as Celery's result of it; it also ends when its worker no longer has it.

    Args:
        result: Celery's own.
        app: by which its worker is asked.
        between_looks: seconds from one look at the worker to the next.
    """

    def __init__(self, result: AsyncResult, app: Celery, between_looks: float = BETWEEN_LOOKS) -> None:
        self._result = result
        self._app = app
        self._between_looks = between_looks
        self._next_look = time.monotonic() + between_looks
        self._silent = 0
        self._cancelled = False

    @property
    def lost(self) -> bool:
        """Whether its worker was silent about it too often."""
        return self._silent >= SILENT_LOOKS

    def ready(self) -> bool:
        """Whether it has ended, one way or another; while the broker is away, it has not."""
        try:
            if self._result.ready() or (self._cancelled and self._begun_by() is None):
                return True
            if time.monotonic() >= self._next_look:
                self._look()
                self._next_look = time.monotonic() + self._between_looks
            return self.lost or bool(self._result.ready())
        except TROUBLE:
            return False

    def get(self) -> list[str]:
        """The events of the step.

        Raises:
            WorkerLostError: the worker that began it is gone.
            TaskRevokedError: it was cancelled.
        """
        if self._result.ready():
            return cast("list[str]", self._result.get())
        if not self.lost:
            raise TaskRevokedError("cancelled before a worker began it")
        raise WorkerLostError(
            "The worker that had begun this step no longer has it: it was killed, or its machine cannot be reached."
        )

    def revoke(self) -> None:
        """Cancel it: what waits is not begun, what is at work is interrupted as by Ctrl-C."""
        self._cancelled = True
        self._result.revoke(terminate=True, signal="SIGINT")

    def _look(self) -> None:
        worker = self._begun_by()
        if worker is not None:
            self._silent = 0 if self._has_it(worker) else self._silent + 1

    def _begun_by(self) -> str | None:
        """The worker that has begun the step; None while it waits."""
        told = self._result._get_task_meta()
        return str(told["result"]["hostname"]) if told["status"] == states.STARTED else None

    def _has_it(self, worker: str) -> bool:
        """Whether the worker answers and says that the step is at work there."""
        asked = self._app.control.inspect(destination=[worker], timeout=ANSWER_WITHIN, limit=1)
        answers = asked.query_task(self._result.id) or {}
        return self._result.id in answers.get(worker, {})


class WatchedCeleryExecutor(CeleryExecutor):
    """dagster-celery's executor, with its steps watched."""

    def execute(self, plan_context: PlanOrchestrationContext, execution_plan: ExecutionPlan) -> Iterator[DagsterEvent]:
        """Hand the steps to the workers and tell what they do.

        Raises:
            SettingsFault: the events are kept in files of this machine, where no worker's would arrive.
        """
        if isinstance(plan_context.instance.event_log_storage, SqliteEventLogStorage):
            raise SettingsFault(
                "The executor is celery, but this instance keeps its events in SQLite files of one machine.",
                mend="Put deploy/postgres/dagster.yaml into the folder of the instance (CLINSEEK_HOME/dagster).",
            )
        name_process(plan_context.instance, plan_context.dagster_run)  # its steps are in other processes
        return cast("Iterator[DagsterEvent]", core_celery_execution_loop(plan_context, execution_plan, submit_watched))


def submit_watched(
    app: Celery, plan_context: PlanOrchestrationContext, step: ExecutionStep, queue: str, priority: int, known: Any
) -> WatchedStep:
    """Hand a step to the workers."""
    return WatchedStep(_submit_task(app, plan_context, step, queue, priority, known), app)


def celery_steps(settings: Settings) -> dg.ExecutorDefinition:
    """The executor over the broker that the settings name; the broker's URL stands in no run's configuration."""
    arguments = app_arguments(settings.broker) if settings.broker else {}

    @dg.executor(name="celery", requirements=multiple_process_executor_requirements())
    def on_workers(_: dg.InitExecutorContext) -> WatchedCeleryExecutor:
        return WatchedCeleryExecutor(retries=RetryMode.ENABLED, **arguments)

    return on_workers
