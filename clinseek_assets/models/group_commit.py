"""Group commit: what many callers write at about the same time goes to the disk in one transaction.

A thread of its own writes, so that no event loop waits for a disk. While one transaction is on its way, whatever
comes next gathers for the following one: under load a synchronisation of the disk is shared by dozens of records, and a
caller still gets an answer only when its own record is safe.
"""

from __future__ import annotations

import asyncio
import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Generic, Literal, TypeVar

from clinseek_assets.faults import EndpointFault, Fault, StoreFault
from clinseek_assets.storage.atomic import private_database
from clinseek_assets.storage.disk_trouble import disk_trouble

Item = TypeVar("Item")
Durability = Literal["FULL", "NORMAL"]
"""`FULL`: what is written outlives a loss of power. `NORMAL`: a killed process, but not always a loss of power."""
BUSY_SECONDS = 30.0
BETWEEN_TRIES_SECONDS = 0.01
MOST_TOGETHER = 2_000  # records of one transaction, so that other processes get their turn
ROWS_A_STATEMENT = 50
GATHER_SECONDS = 0.004  # a fast disk would else get a transaction a record, each of which costs the processor
GATHER_TO_GIVE_SECONDS = 0.05  # each transaction is an object of the store as well


class GroupCommit(Generic[Item]):
    """A writer of one SQLite file; close it at the end, which writes what still waits.

    Args:
        path: the file; it must be there.
        called: how faults call it.
        write: writes items inside a transaction.
        give: what is done after each transaction before its callers are told: gives the rows to other machines. As it
            takes time of its own, more is gathered for each transaction then.
    """

    def __init__(
        self,
        path: Path,
        called: str,
        write: Callable[[sqlite3.Connection, Sequence[Item]], None],
        give: Callable[[sqlite3.Connection], None] | None = None,
    ) -> None:
        self._path = path
        self._called = called
        self._write = write
        self._give = give
        self._gather_seconds = GATHER_SECONDS if give is None else GATHER_TO_GIVE_SECONDS
        self._waiting: queue.SimpleQueue[tuple[Item, _Answer | None] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()
        self._lost: Fault | None = None

    async def written(self, item: Item) -> None:
        """Write an item; returns when it is safe. A caller that is cancelled meanwhile does not undo it.

        Raises:
            EndpointFault: the file cannot be written.
            StoreFault: it is in the file, but could not be given to the store.
        """
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[None] = loop.create_future()
        self._submit(item, (loop, answer))
        await answer

    def write_soon(self, item: Item) -> None:
        """Write an item without waiting for it; `close` raises if that failed."""
        self._submit(item, None)

    def close(self) -> None:
        """Write what still waits and stop.

        Raises:
            EndpointFault, StoreFault: something could not be written or given away that nobody waited for.
        """
        if self._thread is not None:
            self._waiting.put(None)
            self._thread.join()
            self._thread = None
        if self._lost is not None:
            raise self._lost

    def _submit(self, item: Item, answer: _Answer | None) -> None:
        if self._thread is None:
            with self._starting:
                if self._thread is None:
                    self._thread = threading.Thread(
                        target=self._work, name=f"writer of the {self._called}", daemon=True
                    )
                    self._thread.start()
        self._waiting.put((item, answer))

    def _work(self) -> None:
        database: sqlite3.Connection | None = None
        going_on = True
        while going_on:
            batch, going_on = self._next_batch()
            fault: Fault | None = None
            try:
                database = database or open_database(self._path, "FULL")
                if batch:
                    with transaction(database):
                        self._write(database, [item for item, _ in batch])
                    if self._give is not None:
                        self._give(database)
            except Exception as error:  # any: a writer that ended over it would leave its callers waiting for ever
                fault = error if isinstance(error, StoreFault) else unusable(self._called, self._path, error)
                self._lost = self._lost or (fault if any(answer is None for _, answer in batch) else None)
            _tell([answer for _, answer in batch if answer is not None], fault)
        if database is not None:
            database.close()

    def _next_batch(self) -> tuple[list[tuple[Item, _Answer | None]], bool]:
        """Everything that waits, or comes within a moment, and whether there is more to come."""
        batch: list[tuple[Item, _Answer | None]] = []
        try:
            entry = self._waiting.get()
            if entry is not None:
                with suppress(OSError):  # a clock that is meddled with may refuse; this is nothing but thrift
                    time.sleep(self._gather_seconds)
            while entry is not None:
                batch.append(entry)
                if len(batch) == MOST_TOGETHER:
                    return batch, True
                entry = self._waiting.get_nowait()
        except queue.Empty:
            return batch, True
        return batch, False


_Answer = tuple[asyncio.AbstractEventLoop, "asyncio.Future[None]"]


def _tell(answers: Iterable[_Answer], fault: Fault | None) -> None:
    """Tell each waiting caller how it went; an event loop is woken once, however many of its callers wait."""
    of_loops: dict[asyncio.AbstractEventLoop, list[asyncio.Future[None]]] = {}
    for loop, answer in answers:
        of_loops.setdefault(loop, []).append(answer)
    for loop, waiting in of_loops.items():
        try:
            loop.call_soon_threadsafe(_resolve, waiting, fault)
        except RuntimeError:
            continue  # the loop was closed meanwhile: nobody waits any more


def _resolve(waiting: Iterable[asyncio.Future[None]], fault: Fault | None) -> None:
    for answer in waiting:
        if answer.done():
            continue  # cancelled
        if fault is None:
            answer.set_result(None)
        else:
            answer.set_exception(fault)


@contextmanager
def transaction(database: sqlite3.Connection) -> Iterator[None]:
    """Everything in the block, or nothing of it."""
    database.execute("BEGIN IMMEDIATE")
    try:
        yield
        database.execute("COMMIT")
    except BaseException:
        if database.in_transaction:
            database.execute("ROLLBACK")
        raise


def open_database(path: Path, durability: Durability) -> sqlite3.Connection:
    """A connection to a file in WAL mode, which may be used from any one thread at a time; makes a private file where
    there is none.

    Raises:
        sqlite3.Error, OSError: it cannot be opened.
    """
    database = sqlite3.connect(
        private_database(path), isolation_level=None, timeout=BUSY_SECONDS, check_same_thread=False
    )
    _enter_wal(database)
    database.execute(f"PRAGMA synchronous = {durability}")
    return database


def _enter_wal(database: sqlite3.Connection) -> None:
    """Switch to WAL mode. SQLite does not wait for a writer here, so of several that open a file at once some would
    fail: they try again for as long as any other statement would wait."""
    until = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            database.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(BETWEEN_TRIES_SECONDS)
        else:
            return


def insert_rows(database: sqlite3.Connection, into: str, rows: Sequence[Sequence[Any]]) -> None:
    """Insert rows, many a statement: each statement is a pass of Python's lock between threads.

    Args:
        database: the database.
        into: the statement up to `VALUES`, for example `INSERT INTO t (a, b)`.
        rows: values, all of one width.
    """
    for start in range(0, len(rows), ROWS_A_STATEMENT):
        some = rows[start : start + ROWS_A_STATEMENT]
        marks = ", ".join(["(" + ", ".join("?" * len(some[0])) + ")"] * len(some))
        database.execute(f"{into} VALUES {marks}", [value for row in some for value in row])


def unusable(called: str, path: Path, error: Exception) -> EndpointFault:
    """The fault of a file that cannot be read or written."""
    if trouble := disk_trouble(error):
        return EndpointFault(f"The {called} {path} cannot be used. {trouble.what}", mend=trouble.mend)
    return EndpointFault(
        f"The {called} {path} cannot be used ({type(error).__name__}).",
        mend="Check that the folder can be written to and the disk is not full; or move the file away to start anew.",
    )
