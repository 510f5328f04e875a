"""What a step tells of its faults, and which of them are worth another try."""

from __future__ import annotations

import errno
import os
import sqlite3

import dagster as dg
import pytest
from sqlalchemy.exc import OperationalError

from clinseek_assets.assets import shown_faults
from clinseek_assets.assets.contexts import ARTIFACTS
from clinseek_assets.assets.shown_faults import faults_shown
from clinseek_assets.faults import Fault

ROW = "subject 10000032 said"


def failure(error: Exception) -> dg.Failure:
    with pytest.raises((dg.Failure, dg.RetryRequested)) as told, faults_shown():
        raise error
    shown = told.value.__cause__ if isinstance(told.value, dg.RetryRequested) else told.value
    assert isinstance(shown, dg.Failure) and shown.__cause__ is None
    assert shown.__suppress_context__ or shown.__context__ is None
    assert ROW not in str(shown.description)
    assert shown.allow_retries is isinstance(told.value, dg.RetryRequested)
    return shown


@pytest.mark.parametrize(("tries", "succeeds"), [(2, True), (9, False)])
def test_a_step_is_begun_again_until_the_event_store_answers(tries: int, succeeds: bool, monkeypatch):
    monkeypatch.setattr(shown_faults, "RETRY_SECONDS", 0)
    begun = []

    @dg.asset
    def made() -> None:
        begun.append(1)
        with faults_shown():
            if len(begun) < tries:
                raise OperationalError(f"INSERT '{ROW}'", {}, Exception("server closed the connection unexpectedly"))

    result = dg.materialize([made], raise_on_error=False)
    assert result.success is succeeds
    assert len(begun) == (tries if succeeds else 1 + shown_faults.MOST_RETRIES)
    told = str(result.all_events)
    assert ROW not in told and ("its text is withheld" in told)


def test_a_step_that_somebody_stops_is_not_begun_again():
    begun = []

    @dg.asset
    def made() -> None:
        begun.append(1)
        with faults_shown():
            raise KeyboardInterrupt

    assert not dg.materialize([made], raise_on_error=False).success
    assert len(begun) == 1
    assert all(artifact.definition.op.retry_policy is None for artifact in ARTIFACTS)


def test_only_what_the_event_store_failed_is_tried_again():
    gone = OperationalError(f"INSERT '{ROW}'", {}, Exception("server closed the connection unexpectedly"))
    assert failure(gone).allow_retries
    for error in (Fault("broken", mend="mend it"), ValueError(ROW), RuntimeError(ROW)):
        assert not failure(error).allow_retries


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), f"{ROW}.db"),
        sqlite3.OperationalError("database or disk is full"),
        sqlite3.OperationalError("disk I/O error"),
        OperationalError(f"INSERT '{ROW}'", {}, sqlite3.OperationalError("database or disk is full")),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_full_disk_is_told_as_such_whoever_met_it(error: Exception):
    assert "disk is full" in str(failure(error).description)
    assert "clinseek clean" in str(failure(error).description)


def test_what_an_error_was_raised_from_counts():
    try:
        try:
            raise OSError(errno.EROFS, os.strerror(errno.EROFS))
        except OSError as error:
            raise RuntimeError(ROW) from error
    except RuntimeError as error:
        assert "read-only" in str(failure(error).description)
