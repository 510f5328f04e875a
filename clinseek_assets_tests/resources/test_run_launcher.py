"""A run whose process was killed is noticed, whoever started it; one that lives is left alone."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.events import EngineEventData
from dagster._core.launcher import WorkerStatus
from dagster._core.storage.event_log import SqliteEventLogStorage

from clinseek_assets.locations.layout import Layout
from clinseek_assets.resources import processes
from clinseek_assets.resources.event_log import OpenEventLog
from clinseek_assets.resources.instance import PROCESS_TAG, dagster_home, end_killed_runs, open_instance
from clinseek_assets.resources.processes import is_gone, is_there, this_process
from clinseek_assets.resources.run_launcher import OF_RUN_TAG, WatchedRunLauncher, instance_of_runs, name_process

NAMING = "from clinseek_assets.resources.processes import this_process; print(this_process(), flush=True); input()"


@dg.op
def idle() -> None: ...


@dg.job
def idling() -> None:
    idle()


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    with open_instance(Layout(tmp_path)) as opened:
        yield opened


@contextmanager
def another_process() -> Iterator[tuple[subprocess.Popen[str], str]]:
    process = subprocess.Popen([sys.executable, "-c", NAMING], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield process, process.stdout.readline().strip()
    finally:
        process.kill()
        process.communicate()


def begun(instance: dg.DagsterInstance, **tags: str) -> dg.DagsterRun:
    return instance.create_run_for_job(idling, status=dg.DagsterRunStatus.STARTED, tags=tags)


def health(instance: dg.DagsterInstance, run: dg.DagsterRun) -> WorkerStatus:
    return instance.run_launcher.check_run_worker_health(run).status


def test_a_home_s_instance_asks_after_processes_and_runs_killed_ones_again(instance: dg.DagsterInstance):
    assert isinstance(instance.run_launcher, WatchedRunLauncher)
    assert instance.run_launcher.supports_check_run_worker_health
    assert instance.run_retries_enabled and instance.run_retries_max_retries > 0
    assert not instance.run_retries_retry_on_asset_or_op_failure


@pytest.mark.parametrize(
    ("settings", "log"), [("", OpenEventLog), ("storage: {sqlite: {base_dir: DIR}}", SqliteEventLogStorage)]
)
def test_a_run_s_process_keeps_its_events_open_where_the_home_does(tmp_path: Path, settings: str, log: type):
    folder = dagster_home(Layout(tmp_path / "home"))
    with (folder / "dagster.yaml").open("a") as file:
        file.write(settings.replace("DIR", str(folder)))
    with dg.DagsterInstance.from_config(str(folder)) as instance:
        reference = instance_of_runs(instance).get_ref()
    with dg.DagsterInstance.from_ref(reference) as of_run:
        assert type(of_run.event_log_storage) is log


def test_a_run_is_known_by_the_process_that_its_step_named(instance: dg.DagsterInstance):
    with another_process() as (process, name):
        run = begun(instance, **{PROCESS_TAG: name})
        assert health(instance, run) is WorkerStatus.RUNNING and end_killed_runs(instance) == 0
        process.kill()
        process.wait()
        assert health(instance, run) is WorkerStatus.FAILED and end_killed_runs(instance) == 1
    ended = instance.get_run_by_id(run.run_id)
    assert ended is not None and ended.status is dg.DagsterRunStatus.FAILURE


def test_a_run_that_came_to_no_step_is_known_by_the_event_of_its_start(instance: dg.DagsterInstance):
    run = begun(instance)
    assert health(instance, run) is WorkerStatus.RUNNING, "nothing is known of it"
    with another_process() as (process, _):
        data = EngineEventData(metadata={"pid": str(process.pid)})
        instance.report_engine_event("Started process for run.", run, data)
        assert health(instance, run) is WorkerStatus.RUNNING
        process.kill()
        assert process.wait() and health(instance, run) is WorkerStatus.FAILED


def test_a_step_names_the_process_of_its_run_and_no_worker_s(instance: dg.DagsterInstance):
    run = begun(instance)
    name_process(instance, run)
    assert PROCESS_TAG not in instance.get_run_by_id(run.run_id).tags, "nobody said that this process executes it"
    data = EngineEventData(metadata={"pid": str(os.getpid())})
    instance.report_engine_event("Started process for run.", run, data)
    name_process(instance, run)
    named = instance.get_run_by_id(run.run_id)
    assert named.tags[PROCESS_TAG] == this_process() and health(instance, named) is WorkerStatus.RUNNING


def test_a_run_that_is_tried_again_is_not_known_by_the_killed_one_s_process(instance: dg.DagsterInstance):
    with another_process() as (process, name):
        first = begun(instance)
        instance.add_run_tags(first.run_id, {PROCESS_TAG: name, OF_RUN_TAG: first.run_id})
        first = instance.get_run_by_id(first.run_id)
        process.kill()
        process.wait()
    assert health(instance, first) is WorkerStatus.FAILED
    again = begun(instance, **first.tags)
    assert health(instance, again) is WorkerStatus.RUNNING


def test_a_process_that_nobody_has_waited_for_has_ended():
    with another_process() as (process, name):
        assert not is_gone(name) and is_there(process.pid)
        process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert is_gone(name) and not is_there(process.pid)


def test_another_machine_s_process_is_never_taken_for_gone():
    assert not is_gone("elsewhere 0 1 1")


def test_a_process_of_before_the_boot_is_gone_and_a_changed_clock_makes_none_so(monkeypatch: pytest.MonkeyPatch):
    name = this_process()
    monkeypatch.setattr("time.time", lambda: 0.0)
    monkeypatch.setattr("psutil._pslinux.boot_time", lambda: 0.0, raising=False)
    assert not is_gone(name)
    monkeypatch.setattr(processes, "_boot", lambda: "another boot")
    assert is_gone(name)
    assert is_gone(f"{name.split()[0]} of old")
