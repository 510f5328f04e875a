"""The daemon's automatic retries, made to wait for a code server or an event store that is away.

Dagster tries to run a killed run again once. Where it cannot reach the code server in that moment, which was killed as
well or has only just been started again, it marks the run as one that is not to be run again, and the backfill of which
it was a part ends as failed. There is no setting for it, so the two functions that do this are replaced in the daemon's
process, where Dagster makes the scheduler that the instance's settings name: it is made before anything else is done.
Either function may be called again for the same run: one that was already made from it is found
by Dagster, and not made twice.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from functools import wraps
from types import ModuleType
from typing import Any

from dagster._core.errors import DagsterCodeLocationLoadError, DagsterUserCodeUnreachableError
from dagster._core.scheduler import DagsterDaemonScheduler
from sqlalchemy.exc import DBAPIError

RETRYING = "dagster._daemon.auto_run_reexecution.auto_run_reexecution"
CONSUMING = "dagster._daemon.auto_run_reexecution.event_log_consumer"
SERVER_AWAY: tuple[type[Exception], ...] = (DagsterCodeLocationLoadError, DagsterUserCodeUnreachableError)
PATIENCE_SECONDS = 900.0  # a code server that is away for longer does not come back by itself
BETWEEN_TRIES = 2.0
_MARK = "waits_for_what_is_away"


class SchedulerOfWaitingRetries(DagsterDaemonScheduler):
    """Dagster's own scheduler; a daemon that has it waits with its retries."""

    @classmethod
    def from_config_value(cls, inst_data: Any, config_value: Any) -> SchedulerOfWaitingRetries:
        """The scheduler that the instance's settings name."""
        let_retries_wait()
        return cls(inst_data=inst_data, **config_value)


def let_retries_wait() -> None:
    """Replace the functions, if this is the daemon's process; a second call changes nothing.

    Raises:
        AttributeError: Dagster's version has no such functions.
    """
    if CONSUMING in sys.modules and RETRYING in sys.modules:
        _replace(sys.modules[RETRYING], "retry_run", waiting)
        _replace(sys.modules[CONSUMING], "consume_new_runs_for_automatic_reexecution", waiting_between)


def waiting(retry: Callable[..., None]) -> Callable[..., None]:
    """The same function, called again while what it needs is away; after `PATIENCE_SECONDS` it raises as it does."""

    @wraps(retry)
    def retry_once_all_is_there(*arguments: Any) -> None:
        until = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                return retry(*arguments)
            except SERVER_AWAY + store_away():
                if time.monotonic() > until:
                    raise
            time.sleep(BETWEEN_TRIES)

    return retry_once_all_is_there


def waiting_between(consume: Callable[..., Iterator[None]]) -> Callable[..., Iterator[None]]:
    """The same generator, begun again while the event store is away; raises as `waiting` does."""

    @wraps(consume)
    def consume_once_the_store_is_there(*arguments: Any) -> Iterator[None]:
        until = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                yield from consume(*arguments)
                return
            except store_away():
                if time.monotonic() > until:
                    raise
            yield  # the daemon's sign of life
            time.sleep(BETWEEN_TRIES)

    return consume_once_the_store_is_there


def store_away() -> tuple[type[Exception], ...]:
    """What is raised where the event store is away: by its driver, and by Dagster's own patience with Postgres."""
    postgres = sys.modules.get("dagster_postgres.utils")
    return (DBAPIError, *([postgres.DagsterPostgresException] if postgres else []))


def _replace(module: ModuleType, name: str, made: Callable[[Any], Any]) -> None:
    function = getattr(module, name)
    if not hasattr(function, _MARK):
        replacement = made(function)
        setattr(replacement, _MARK, True)
        setattr(module, name, replacement)
