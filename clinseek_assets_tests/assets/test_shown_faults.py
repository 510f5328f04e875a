"""What a step tells of its faults, and which of them are worth another try."""

from __future__ import annotations

import errno
import os
import sqlite3

import dagster as dg
import pytest
from sqlalchemy.exc import OperationalError

from clinseek_assets.assets.shown_faults import faults_shown
from clinseek_assets.faults import Fault

ROW = "subject 10000032 said"


def failure(error: Exception) -> dg.Failure:
    with pytest.raises(dg.Failure) as told, faults_shown():
        raise error
    assert ROW not in str(told.value.description)
    return told.value


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
