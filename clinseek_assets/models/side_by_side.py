"""Lanes: pieces of work in threads, whose results are taken by one thread as they come.

Models wait for their endpoints most of the time, so that a thread a lane is enough to keep several endpoints busy; the
one who takes the results alone records them and tells of progress. When it stops taking, the lanes are ended.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from typing import Generic, TypeVar

from clinseek_assets.models.halting import Halt, Halted

Result = TypeVar("Result")
Lane = Callable[[Halt], Iterator[Result]]


class _Ended:
    """A lane has ended; with an error that it did not turn into a result itself, or without."""

    def __init__(self, error: BaseException | None) -> None:
        self.error = error


def side_by_side(
    lanes: Sequence[Lane[Result]], *, meanwhile: Callable[[], None], every_seconds: float
) -> Generator[Result, None, None]:
    """The results of all lanes, in the order in which they come.

    Args:
        lanes: given the order to end; each is run in a thread of its own.
        meanwhile: called in the calling thread, about as often as `every_seconds`, while the lanes are at work.
        every_seconds: how often.

    Raises:
        BaseException: what a lane raised, after the others were ended.
    """
    running, due = _Running(lanes), time.monotonic()
    try:
        while running.at_work:
            if time.monotonic() >= due:
                meanwhile()
                due = time.monotonic() + every_seconds
            try:
                told = running.results.get(timeout=max(0.0, due - time.monotonic()))
            except queue.Empty:
                continue
            if isinstance(told, _Ended):
                running.at_work -= 1
                if told.error is not None:
                    raise told.error
            else:
                yield told
    finally:
        running.end()


class _Running(Generic[Result]):
    """Threads at work."""

    def __init__(self, lanes: Sequence[Lane[Result]]) -> None:
        self.results: queue.SimpleQueue[Result | _Ended] = queue.SimpleQueue()
        self.at_work = len(lanes)
        self._halt = Halt()
        self._threads = [
            threading.Thread(target=self._work, args=(lane,), name=f"lane {number}")
            for number, lane in enumerate(lanes, start=1)
        ]
        for thread in self._threads:
            thread.start()

    def _work(self, lane: Lane[Result]) -> None:
        error: BaseException | None = None
        try:
            with self._halt.watched():
                for result in lane(self._halt):
                    self.results.put(result)
                    self._halt.heed()
        except Halted:
            pass
        except BaseException as raised:
            error = None if self._halt.given else raised
        self.results.put(_Ended(error))

    def end(self) -> None:
        """Order what is at work to end, and wait for it."""
        self._halt.now()
        for thread in self._threads:
            thread.join()
