"""The same work on many records, in several processes where that pays."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from typing import Any, TypeVar

Shared = TypeVar("Shared")
Task = TypeVar("Task")
Result = TypeVar("Result")

# Starting a process costs about as much time as working on this many ordinary patients.
TASKS_WORTH_A_PROCESS = 100
TASKS_AT_A_TIME = 8


def each(
    work: Callable[[Shared, Task], Result],
    tasks: Sequence[Task],
    shared: Shared,
    processes: int,
    *,
    worth: int = TASKS_WORTH_A_PROCESS,
) -> Iterator[Result]:
    """What the work gives for each task, in order.

    Args:
        work: a function of a module, so that a process can find it by name.
        tasks: one a record.
        shared: what all need; it is sent to a process once, not with each task.
        processes: how many may work at once; fewer are started for few tasks, and for very few none.
        worth: how many tasks are as much work as starting a process.
    """
    processes = min(processes, len(tasks) // worth)
    if processes < 2:
        yield from (work(shared, task) for task in tasks)
        return
    # Spawned, not forked: a caller's threads may hold locks that a copy of this process would wait for in vain.
    with ProcessPoolExecutor(processes, get_context("spawn"), _keep, (shared,)) as pool:
        yield from pool.map(partial(_with_what_is_kept, work), tasks, chunksize=min(TASKS_AT_A_TIME, worth))


_kept: Any


def _keep(shared: Any) -> None:
    global _kept
    _kept = shared


def _with_what_is_kept(work: Callable[[Any, Task], Result], task: Task) -> Result:
    return work(_kept, task)
