"""Run a step in a process of its own: its seconds without imports, its peak memory with all its children."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from dataclasses import dataclass
from typing import Any

import psutil

SAMPLE_SECONDS = 0.01


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
    peak = [0]
    done = threading.Event()
    watcher = threading.Thread(target=_watch, args=(process.pid, peak, done))
    watcher.start()
    out, _ = process.communicate()
    done.set()
    watcher.join()
    if process.returncode:
        raise RuntimeError(f"The step {step} failed.")
    answer = json.loads(out)
    return Measured(answer.pop("seconds"), peak[0] / 1e6, answer)


def _watch(pid: int, peak: list[int], done: threading.Event) -> None:
    while not done.wait(SAMPLE_SECONDS):
        try:
            tree = psutil.Process(pid)
            peak[0] = max(peak[0], sum(one.memory_info().rss for one in [tree, *tree.children(recursive=True)]))
        except psutil.Error:
            continue
