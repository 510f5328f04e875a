"""What the daemon runs again waits for a code server or an event store that is away, and gives up in the end."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from dagster._core.errors import DagsterCodeLocationLoadError, DagsterUserCodeUnreachableError
from sqlalchemy.exc import OperationalError

from clinseek_assets.locations.layout import Layout
from clinseek_assets.resources import waiting_retries
from clinseek_assets.resources.instance import dagster_home
from clinseek_assets.resources.waiting_retries import waiting, waiting_between

AWAY = (
    DagsterUserCodeUnreachableError("away"),
    DagsterCodeLocationLoadError("away", load_error_infos=[]),
    OperationalError("", {}, Exception()),
)
IN_THE_DAEMON = """
import sys
import dagster._daemon.cli
from dagster import DagsterInstance
from dagster._daemon.auto_run_reexecution import auto_run_reexecution, event_log_consumer
with DagsterInstance.from_config(sys.argv[1]) as instance:
    print(auto_run_reexecution.retry_run.__name__, auto_run_reexecution.retry_run.waits_for_what_is_away)
    daemon = event_log_consumer.EventLogConsumerDaemon()
    print([function.waits_for_what_is_away for function in daemon.handle_updated_runs_fns])
    print("SCHEDULER" in instance.get_required_daemon_types())
"""


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting_retries, "BETWEEN_TRIES", 0.0)


def test_a_daemon_over_a_home_waits_from_its_start(tmp_path: Path):
    folder = dagster_home(Layout(tmp_path))
    command = [sys.executable, "-c", IN_THE_DAEMON, str(folder)]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert told.split() == ["retry_run", "True", "[True]", "True"]


@pytest.mark.parametrize("away", AWAY, ids=lambda away: type(away).__name__)
def test_a_retry_is_tried_until_all_is_there(away: Exception):
    faults = [away, away]
    tried: list[tuple[object, ...]] = []

    def retry(*arguments: object) -> None:
        tried.append(arguments)
        if faults:
            raise faults.pop()

    waiting(retry)("a run", "a workspace")
    assert tried == [("a run", "a workspace")] * 3


def test_after_its_patience_and_at_any_other_error_a_retry_raises_what_came(monkeypatch: pytest.MonkeyPatch):
    def fails(error: Exception) -> None:
        raise error

    with pytest.raises(ZeroDivisionError):
        waiting(fails)(ZeroDivisionError())
    monkeypatch.setattr(waiting_retries, "PATIENCE_SECONDS", 0.01)
    with pytest.raises(DagsterUserCodeUnreachableError):
        waiting(fails)(AWAY[0])


def test_events_are_gone_through_again_where_the_store_was_away():
    faults = [AWAY[2]]
    seen: list[str] = []

    def consume(*runs: str):
        for run in runs:
            seen.append(run)
            yield
            if faults:
                raise faults.pop()

    list(waiting_between(consume)("one", "two"))
    assert seen == ["one", "one", "two"]
