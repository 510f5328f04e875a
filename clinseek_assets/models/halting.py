"""Ending from another thread what threads have under way: their event loops are cancelled, as an interrupt would.

A thread that works inside `Halt.watched` runs its event loops through `run_to_end` (`arm_run.py`), which makes them
known here. What an interrupt does to the loop of a main thread, `Halt.now` does to all of these: requests under way are
given up, and what was finished is written before the loop ends.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any


class Halted(BaseException):
    """The work of this thread was to end; like an interrupt it is no error that anybody handles."""


class Halt:
    """One order to end, for all threads that watch it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._given = False
        self._under_way: dict[asyncio.AbstractEventLoop, asyncio.Task[Any]] = {}

    @property
    def given(self) -> bool:
        """Whether the order was given."""
        return self._given

    def now(self) -> None:
        """Give it: what is under way is cancelled, and nothing further begins."""
        with self._lock:
            self._given = True
            for loop, task in self._under_way.items():
                loop.call_soon_threadsafe(task.cancel)

    def heed(self) -> None:
        """Between two pieces of work.

        Raises:
            Halted: the order was given.
        """
        if self._given:
            raise Halted

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Inside, this thread's event loops end when the order is given."""
        token = _OF_THIS_THREAD.set(self)
        try:
            yield
        finally:
            _OF_THIS_THREAD.reset(token)

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Run to the end, or to the order.

        Raises:
            Halted: the order was given.
        """
        try:
            return asyncio.run(self._known(work))
        except asyncio.CancelledError:
            self.heed()
            raise

    async def _known(self, work: Coroutine[Any, Any, Any]) -> Any:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task is not None
        with self._lock:
            if self._given:
                work.close()
                raise Halted
            self._under_way[loop] = task
        try:
            return await work
        finally:
            with self._lock:
                del self._under_way[loop]


_OF_THIS_THREAD: ContextVar[Halt | None] = ContextVar("halt", default=None)


def heed() -> None:
    """Between two looks at something that this thread waits for; does nothing where it watches no order.

    Raises:
        Halted: the order was given.
    """
    if (halt := _OF_THIS_THREAD.get()) is not None:
        halt.heed()


def halt_of_this_thread() -> Halt | None:
    """The order that this thread watches, or None."""
    return _OF_THIS_THREAD.get()
