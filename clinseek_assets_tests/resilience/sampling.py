"""What processes take while they work: memory, open files, threads; and how large the event store grows."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy
import psutil

from clinseek_assets.locations.home_parts import files_below

FIGURES = ("megabytes", "open_files", "threads")


@dataclass(frozen=True)
class Sample:
    """What one process took at one moment.

    Attributes:
        seconds: since the first sample.
        process: what it is, with its number.
    """

    seconds: float
    process: str
    megabytes: float
    open_files: int
    threads: int


@dataclass(frozen=True)
class Trend:
    """How a figure moved after the warm-up: a straight line through the samples, at both of its ends."""

    first: float
    last: float
    most: float
    an_hour: float

    @property
    def grown(self) -> float:
        """By how much, along the line."""
        return self.last - self.first


def sample(started: float, processes: Mapping[str, list[psutil.Process]]) -> list[Sample]:
    """One sample of each process that is there."""
    found = []
    for name, alive in processes.items():
        for process in alive:
            try:
                with process.oneshot():
                    memory = process.memory_info().rss / 1e6
                    figures = (memory, process.num_fds(), process.num_threads())
            except psutil.Error:
                continue
            found.append(Sample(time.monotonic() - started, f"{name} {process.pid}", *figures))
    return found


def trends(samples: list[Sample], process: str, warm_up: float) -> dict[str, Trend]:
    """The trends of one process after so many seconds."""
    of_process = [each for each in samples if each.process == process and each.seconds >= warm_up]
    seconds = numpy.array([each.seconds for each in of_process])
    found = {}
    for figure in FIGURES:
        values = numpy.array([getattr(each, figure) for each in of_process], dtype=float)
        slope, level = numpy.polyfit(seconds, values, 1)
        ends = (slope * seconds[0] + level, slope * seconds[-1] + level)
        found[figure] = Trend(*(round(float(each), 2) for each in (*ends, values.max(), slope * 3600)))
    return found


def size_of(folder: Path) -> int:
    """Bytes that a folder takes on the disk."""
    return sum(size for _, size in files_below(folder))
