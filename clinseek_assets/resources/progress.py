"""How far a long step is: told to the run's log, or to a bar on the terminal."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

from dagster import get_dagster_logger


class Progress(Protocol):
    """Takes `done of total` of a named piece of work."""

    def __call__(self, work: str, done: int, total: int) -> None:
        """Tell that `done` of `total` parts of `work` are finished."""


class LoggedProgress:
    """Progress in the run's log, at most one line in `seconds`: the page that follows a run shows it."""

    def __init__(self, seconds: float = 10.0) -> None:
        self._seconds = seconds
        self._told = 0.0

    def __call__(self, work: str, done: int, total: int) -> None:
        """Log the figures if the last line is old enough."""
        if time.monotonic() - self._told >= self._seconds:
            self._told = time.monotonic()
            get_dagster_logger().info(f"{work}: {done} of {total}")


def of_work(progress: Progress, work: str) -> Callable[[int, int], None]:
    """The callback `(done, total)` that the layers below take, for one named piece of work."""
    return lambda done, total: progress(work, done, total)
