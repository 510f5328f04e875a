"""Worker processes that do stages side by side; each builds the graph once and records into the same event log.

A worker has a process group of its own, so that an interrupt from the terminal reaches it once, from here, and only
when it is at work: its step then ends as an interrupted step of this process would. If this process is killed, its
workers end themselves with all that they started; what they had finished is kept, as after any kill.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any

from clinseek_assets.automation.code_location import CodeLocation
from clinseek_assets.automation.stage_work import Outcome, Work, do
from clinseek_assets.locations.settings import Settings
from clinseek_assets.resources.instance import open_instance

Build = Callable[[Settings, Mapping[str, Any]], CodeLocation]
BETWEEN_TWO_TELLINGS = 0.1  # seconds
PATIENCE_AT_THE_END = 10.0  # seconds


@dataclass(frozen=True)
class Moved:
    """How far a piece of work inside a stage is."""

    stage: str
    work: str
    done: int
    total: int


@dataclass(frozen=True)
class Loaded:
    """A worker has loaded the graph."""


class Crew:
    """Workers for stages, started when they are first needed.

    Args:
        build: assembles the code location in a worker: `build` of `clinseek_assets.build`.
        settings: what to build it over.
        most: how many workers there may be.
    """

    def __init__(self, build: Build, settings: Settings, most: int) -> None:
        self.most = most
        self._build = build
        self._settings = settings
        self._idle: list[_Worker] = []
        self._busy: dict[str, _Worker] = {}

    def __enter__(self) -> Crew:
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    @property
    def free(self) -> int:
        """How many more stages could be begun now."""
        return self.most - len(self._busy)

    @property
    def started(self) -> bool:
        """Whether there are workers already."""
        return bool(self._idle or self._busy)

    @property
    def loading(self) -> bool:
        """Whether there are workers, all of which still load the graph."""
        return self.started and not any(worker.loaded for worker in [*self._idle, *self._busy.values()])

    def start(self) -> None:
        """Start all workers, so that they load the graph while there is other work."""
        while len(self._idle) + len(self._busy) < self.most:
            self._idle.append(_Worker(self._build, self._settings))

    def begin(self, work: Work) -> None:
        """Give a stage to a worker; `free` says whether one may be had."""
        worker = self._idle.pop() if self._idle else _Worker(self._build, self._settings)
        self._busy[work.stage] = worker
        with suppress(OSError):  # it is gone: `results` finds out
            worker.connection.send(work)

    def results(self, moved: Callable[[Moved], None]) -> Iterator[Outcome]:
        """Wait until at least one stage has ended; what is told of others meanwhile goes to `moved`."""
        ended = False
        while self._busy and not ended:
            there = wait([worker.connection for worker in self._busy.values()])
            for stage, worker in list(self._busy.items()):
                if worker.connection in there:
                    told = worker.told()
                    if isinstance(told, Loaded):
                        continue
                    if isinstance(told, Moved):
                        moved(told)
                        continue
                    ended = True
                    del self._busy[stage]
                    if told is not None:
                        self._idle.append(worker)
                    yield told or Outcome(stage, faults=[f"{stage}: {worker.ending()}"])

    def interrupt(self) -> None:
        """Break off what is at work, and wait until its steps have told so."""
        for worker in self._busy.values():
            worker.interrupt()
        while self._busy:
            for _ in self.results(lambda _: None):
                pass

    def _close(self) -> None:
        for worker in self._idle:
            worker.dismiss()
        end = time.monotonic() + PATIENCE_AT_THE_END
        for worker in self._idle:
            worker.process.join(max(0.0, end - time.monotonic()))
        for worker in [*self._idle, *self._busy.values()]:
            worker.kill()
        self._idle, self._busy = [], {}


class _Worker:
    """A worker as its starter sees it."""

    def __init__(self, build: Build, settings: Settings) -> None:
        context = multiprocessing.get_context("spawn")  # a copy of this process would wait for its threads' locks
        self.connection, its_end = context.Pipe()
        self.process: BaseProcess = context.Process(target=serve, args=(its_end, build, settings), name="stages")
        with _interrupts_held_back():  # until it has a group of its own
            self.process.start()
        its_end.close()
        self._loaded = False

    @property
    def loaded(self) -> bool:
        """Whether it has loaded the graph, or has ended over it."""
        if not self._loaded and self.connection.poll():
            self.told()
        return self._loaded

    def told(self) -> Loaded | Moved | Outcome | None:
        """The next thing that it tells; None if it is gone."""
        self._loaded = True  # that is the first thing
        try:
            told: Loaded | Moved | Outcome = self.connection.recv()
        except (EOFError, OSError):
            return None
        return told

    def ending(self) -> str:
        """How it ended; what it started is ended too."""
        self.process.join(PATIENCE_AT_THE_END)
        with suppress(ProcessLookupError):
            os.killpg(self._pid, signal.SIGKILL)
        return f"its worker process ended unexpectedly (exit code {self.process.exitcode})"

    def interrupt(self) -> None:
        """Send an interrupt to it and to what it started."""
        try:
            os.killpg(self._pid, signal.SIGINT)
        except ProcessLookupError:  # it has no group yet, so it has begun nothing
            self.process.kill()

    def dismiss(self) -> None:
        """Let it end when it is ready to."""
        with suppress(OSError):
            self.connection.send(None)

    def kill(self) -> None:
        """End it, and what it started, if it is still there."""
        if self.process.is_alive():
            with suppress(ProcessLookupError):
                os.killpg(self._pid, signal.SIGKILL)
            self.process.kill()
        self.process.join()
        self.connection.close()

    @property
    def _pid(self) -> int:
        return self.process.pid or 0


@contextmanager
def _interrupts_held_back() -> Iterator[None]:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class SentProgress:
    """Progress inside a stage, sent to who started this worker, at most one message in a while."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._told = 0.0
        self.stage = ""

    def __call__(self, work: str, done: int, total: int) -> None:
        """Tell that `done` of `total` parts of `work` are finished."""
        if time.monotonic() - self._told >= BETWEEN_TWO_TELLINGS:
            self._told = time.monotonic()
            self._connection.send(Moved(self.stage, work, done, total))


class Interrupts:
    """Interrupts of a worker: at work they are raised, before it they are remembered."""

    def __init__(self) -> None:
        self._at_work = False
        self._came = False
        signal.signal(signal.SIGINT, self._come)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})

    def _come(self, *_: object) -> None:
        self._came = True
        if self._at_work:
            raise KeyboardInterrupt

    @contextmanager
    def raised(self) -> Iterator[None]:
        """Inside, an interrupt is raised; so is one that came before.

        Raises:
            KeyboardInterrupt: an interrupt came.
        """
        self._at_work = True
        try:
            if self._came:
                raise KeyboardInterrupt
            yield
        finally:
            self._at_work = False


def serve(connection: Connection, build: Build, settings: Settings) -> None:
    """A worker's whole life: load the graph, do what comes, end when None comes."""
    os.setpgrp()
    interrupts = Interrupts()
    threading.Thread(target=end_with_parent, daemon=True).start()
    progress = SentProgress(connection)
    location = build(settings, {"progress": progress})
    with open_instance(settings.layout) as instance:
        connection.send(Loaded())
        while (work := connection.recv()) is not None:
            progress.stage = work.stage
            try:
                with interrupts.raised():
                    outcome = do(work, location, instance)
            except KeyboardInterrupt:
                outcome = Outcome(work.stage, interrupted=True)
            connection.send(outcome)
    connection.close()
    os._exit(0)  # without taking the interpreter apart: engines complain then of what they still hold


def end_with_parent() -> None:
    """Wait for the parent's end, however it comes; then end this process and all that it started."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os.killpg(os.getpgrp(), signal.SIGKILL)
