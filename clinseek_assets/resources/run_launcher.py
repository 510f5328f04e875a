"""The launcher of runs on one machine, which notices when the process of a run was killed.

Dagster's own launcher leaves that to the code server that started the process. Is that killed too, nobody is left to
tell, and the run counts as running for ever: it keeps its place in the queue and its pools. Here the daemon's run
monitoring asks after the process itself; a run whose process is gone is marked as failed and, as the instance's
`run_retries` say, run again. What it had finished is kept.

Dagster gives up running something again where it cannot reach the code server at that very moment, and a backfill where
it does not find its assets there. So its retries are made to wait (`waiting_retries.py`), and the daemon is told to
(`WAITING` in `instance.py`).

The processes of runs get the quick event log (`event_log.py`): with Dagster's own, recording 45 partitions takes longer
than many a model's answers.
"""

from __future__ import annotations

import os
from functools import cached_property
from pathlib import Path
from typing import Any

import dagster as dg
from dagster._core.errors import DagsterInvariantViolationError
from dagster._core.instance.ref import InstanceRef
from dagster._core.launcher import CheckRunHealthResult, DefaultRunLauncher, LaunchRunContext, WorkerStatus
from dagster._core.remote_representation.code_location import GrpcServerCodeLocation

from clinseek_assets.resources.event_log import event_log_of
from clinseek_assets.resources.processes import is_gone, is_there, this_process

PROCESS_TAG = "clinseek/process"
OF_RUN_TAG = "clinseek/process_of_run"


class WatchedRunLauncher(DefaultRunLauncher):
    """As Dagster's default launcher; besides, it knows whether a run's process is still there."""

    @classmethod
    def from_config_value(cls, inst_data: Any, config_value: Any) -> WatchedRunLauncher:
        """The launcher that the instance's settings name; it has no settings of its own."""
        return cls(inst_data=inst_data)

    def launch_run(self, context: LaunchRunContext) -> None:
        """As Dagster's own; the process of the run keeps its event log open (`event_log.py`)."""
        origin = context.dagster_run.remote_job_origin
        if context.workspace is None or origin is None:
            raise DagsterInvariantViolationError("A run is launched out of a workspace.")
        name = origin.repository_origin.code_location_origin.location_name
        location = context.workspace.get_code_location(name)
        if not isinstance(location, GrpcServerCodeLocation):
            raise DagsterInvariantViolationError(f"The code location {name} is not served.")
        self.launch_run_from_grpc_client(self._of_runs, context.dagster_run, location.client)
        self._run_ids.add(context.dagster_run.run_id)

    @cached_property
    def _of_runs(self) -> dg.DagsterInstance:
        return instance_of_runs(self._instance)

    @property
    def supports_check_run_worker_health(self) -> bool:
        """The daemon may ask."""
        return True

    def check_run_worker_health(self, run: dg.DagsterRun) -> CheckRunHealthResult:
        """`FAILED` where the run's process is gone, else `RUNNING`."""
        if process_is_gone(self._instance, run):
            return CheckRunHealthResult(WorkerStatus.FAILED, "The process of this run was killed.")
        return CheckRunHealthResult(WorkerStatus.RUNNING)


def instance_of_runs(instance: dg.DagsterInstance) -> dg.DagsterInstance:
    """An instance as the processes of its runs open it: with the quick event log, unless it was told where to keep its
    events."""
    folder = Path(instance.root_directory)
    quick = event_log_of(folder)
    return dg.DagsterInstance.from_ref(InstanceRef.from_dir(str(folder), overrides=quick)) if quick else instance


def name_process(instance: dg.DagsterInstance, run: dg.DagsterRun) -> None:
    """Let a run be known by this process, if it is the one that executes it (and no worker of one of its steps)."""
    if _name_of(run) is None and _number_in_events(instance, run.run_id) == os.getpid():
        instance.add_run_tags(run.run_id, {PROCESS_TAG: this_process(), OF_RUN_TAG: run.run_id})


def process_is_gone(instance: dg.DagsterInstance, run: dg.DagsterRun) -> bool:
    """Whether a run was begun by a process of this machine that is no longer there.

    Its first step names its process on the run (`PROCESS_TAG`); of a run that has not come so far, the event of its
    start has the number.
    """
    if name := _name_of(run):
        return is_gone(name)
    number = _number_in_events(instance, run.run_id)
    return number is not None and not is_there(number)


def _name_of(run: dg.DagsterRun) -> str | None:
    """The name of a run's process; a run that is tried again inherits its tags, but not its process."""
    of_run = run.tags.get(OF_RUN_TAG, run.run_id)
    return run.tags.get(PROCESS_TAG) if of_run == run.run_id else None


def _number_in_events(instance: dg.DagsterInstance, run_id: str) -> int | None:
    """The number of the last process of this machine that said it had started this run; None where none has."""
    found = None
    for entry in instance.all_logs(run_id, of_type=dg.DagsterEventType.ENGINE_EVENT):
        metadata = entry.get_dagster_event().engine_event_data.metadata
        if "pid" in metadata:
            found = metadata["pid"].value
    return int(str(found)) if found is not None and str(found).isdigit() else None
