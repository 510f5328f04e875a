"""Run a step or a command in a process of its own: its seconds, its peak memory with all its children."""

from __future__ import annotations

import json
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import psutil

SAMPLE_SECONDS = 0.01
SPARSE_SAMPLE_SECONDS = 0.1
PATIENCE_SECONDS = 20


@dataclass(frozen=True)
class Measured:
    """What a step took.

    Attributes:
        seconds: by the step's own clock, imports not counted.
        peak_mb: the largest sum of resident memory over the process and its children, sampled every 10 ms.
        answer: what the step returned.
    """

    seconds: float
    peak_mb: float
    answer: dict[str, Any]


def measure(step: str, *arguments: str) -> Measured:
    """Run `python -m benchmarks.steps STEP ARGUMENTS` and watch it.

    Raises:
        RuntimeError: the step failed.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.steps", step, *arguments], stdout=subprocess.PIPE, text=True
    )
    with watched(process.pid, SAMPLE_SECONDS) as peak:
        out, _ = process.communicate()
    if process.returncode:
        raise RuntimeError(f"The step {step} failed.")
    answer = json.loads(out)
    return Measured(answer.pop("seconds"), peak[0] / 1e6, answer)


@dataclass(frozen=True)
class Ran:
    """What a command took.

    Attributes:
        code: its exit code.
        seconds: from start to end.
        processor_seconds: of it and all that it started and waited for.
        peak_mb: as `Measured.peak_mb`, sampled ten times a second; memory that processes share counts for each.
        out: what it printed.
    """

    code: int
    seconds: float
    processor_seconds: float
    peak_mb: float
    out: str


def run(command: Sequence[str], environment: Mapping[str, str]) -> Ran:
    """Run a command and watch it; what it writes on its error stream is passed on."""
    before, started = _processor_seconds(), time.monotonic()
    process = subprocess.Popen(command, env=dict(environment), stdout=subprocess.PIPE, text=True)
    try:
        with watched(process.pid, SPARSE_SAMPLE_SECONDS) as peak:
            out, _ = process.communicate()
    except BaseException:
        _end(process)
        raise
    seconds, worked = time.monotonic() - started, _processor_seconds() - before
    return Ran(process.returncode, seconds, worked, peak[0] / 1e6, out)


def _end(process: subprocess.Popen[str]) -> None:
    """Wait for a process that the terminal has interrupted with us; interrupt it where it was not."""
    try:
        process.wait(PATIENCE_SECONDS)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGINT)
        process.wait()


def _processor_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@contextmanager
def watched(pid: int, every: float) -> Iterator[list[int]]:
    """Watch a process and its children inside the block; the one number is the most memory so far, in bytes."""
    peak = [0]
    done = threading.Event()
    watcher = threading.Thread(target=_watch, args=(pid, every, peak, done))
    watcher.start()
    try:
        yield peak
    finally:
        done.set()
        watcher.join()


def _watch(pid: int, every: float, peak: list[int], done: threading.Event) -> None:
    while not done.wait(every):
        with suppress(psutil.Error):
            tree = psutil.Process(pid)
            peak[0] = max(peak[0], sum(map(_resident, [tree, *tree.children(recursive=True)])))


def _resident(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.Error:  # it has just ended
        return 0
