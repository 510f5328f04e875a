"""Group commit: what many callers write at about the same time goes to the disk in one transaction.

A thread of its own writes, so that no event loop waits for a disk. While one transaction is on its way, whatever
comes next gathers for the following one: under load a synchronisation of the disk is shared by dozens of records, and a
caller still gets an answer only when its own record is safe.
"""

from __future__ import annotations

import asyncio
import os
import queue
import sqlite3
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any, Generic, Literal, TypeVar

from clinseek_assets.faults import EndpointFault
from clinseek_assets.storage.atomic import PRIVATE_FILE, private_folder

Item = TypeVar("Item")
Durability = Literal["FULL", "NORMAL"]
BUSY_SECONDS = 30.0
MOST_TOGETHER = 2_000  # records of one transaction, so that other processes get their turn
ROWS_A_STATEMENT = 50


class GroupCommit(Generic[Item]):
    """A writer of one SQLite file; close it at the end, which writes what still waits.

    Args:
        path: the file; it must be there.
        called: how faults call it (`journal`, `ledger`).
        durability: `FULL`: a record outlives a loss of power; `NORMAL`: a killed process, but the last moments before a
            loss of power may be missing.
        write: writes items inside a transaction; gives one answer an item, an exception where the item is refused.
    """

    def __init__(
        self,
        path: Path,
        called: str,
        durability: Durability,
        write: Callable[[sqlite3.Connection, Sequence[Item]], Sequence[Exception | None]],
    ) -> None:
        self._path = path
        self._called = called
        self._durability = durability
        self._write = write
        self._waiting: queue.SimpleQueue[tuple[Item, _Answer] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()
        self._lost: EndpointFault | None = None

    async def written(self, item: Item) -> None:
        """Write an item; returns when it is safe. A caller that is cancelled meanwhile does not undo it.

        Raises:
            EndpointFault: the file cannot be written.
            Exception: what `write` answered for this item.
        """
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[None] = loop.create_future()
        self._submit(item, (loop, answer))
        await answer

    def write_soon(self, item: Item) -> None:
        """Write an item without waiting for it; `close` raises if that failed."""
        self._submit(item, None)

    def write_now(self, item: Item) -> None:
        """As `written`, for a thread without an event loop; raises what that raises."""
        answer: Future[None] = Future()
        self._submit(item, answer)
        answer.result()

    def close(self) -> None:
        """Write what still waits and stop.

        Raises:
            EndpointFault: something could not be written that nobody waited for.
        """
        if self._thread is not None:
            self._waiting.put(None)
            self._thread.join()
            self._thread = None
        if self._lost is not None:
            raise self._lost

    def _submit(self, item: Item, answer: _Answer) -> None:
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
            items = [item for item, _ in batch]
            try:
                database = database or open_database(self._path, self._durability)
                outcomes = self._committed(database, items)
            except sqlite3.Error as error:
                fault = unusable(self._called, self._path, error)
                self._lost = self._lost or (fault if any(answer is None for _, answer in batch) else None)
                outcomes = [fault] * len(items)
            _tell([(answer, outcome) for (_, answer), outcome in zip(batch, outcomes, strict=True)])
        if database is not None:
            database.close()

    def _next_batch(self) -> tuple[list[tuple[Item, _Answer]], bool]:
        """Everything that waits now, and whether there is more to come; waits where nothing does."""
        batch = []
        try:
            entry = self._waiting.get()
            while entry is not None:
                batch.append(entry)
                if len(batch) == MOST_TOGETHER:
                    return batch, True
                entry = self._waiting.get_nowait()
        except queue.Empty:
            return batch, True
        return batch, False

    def _committed(self, database: sqlite3.Connection, items: Sequence[Item]) -> Sequence[Exception | None]:
        if not items:
            return []
        try:
            database.execute("BEGIN IMMEDIATE")
            outcomes = self._write(database, items)
            database.execute("COMMIT")
        except BaseException:
            if database.in_transaction:
                database.execute("ROLLBACK")
            raise
        return outcomes


_Answer = tuple[asyncio.AbstractEventLoop, "asyncio.Future[None]"] | Future[None] | None


def _tell(answers: Iterable[tuple[_Answer, Exception | None]]) -> None:
    """Give each waiting caller its outcome; an event loop is woken once, however many of its callers wait."""
    of_loops: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[None], Exception | None]]] = {}
    for answer, outcome in answers:
        if isinstance(answer, Future):
            answer.set_exception(outcome) if outcome else answer.set_result(None)
        elif answer is not None:
            of_loops.setdefault(answer[0], []).append((answer[1], outcome))
    for loop, pairs in of_loops.items():
        try:
            loop.call_soon_threadsafe(_resolve, pairs)
        except RuntimeError:
            continue  # the loop was closed meanwhile: nobody waits any more


def _resolve(pairs: Iterable[tuple[asyncio.Future[None], Exception | None]]) -> None:
    for future, outcome in pairs:
        if not future.done():
            future.set_exception(outcome) if outcome else future.set_result(None)


def open_database(path: Path, durability: Durability) -> sqlite3.Connection:
    """A connection to a file in WAL mode, which may be used from any one thread at a time; makes a private file where
    there is none.

    Raises:
        sqlite3.Error, OSError: it cannot be opened.
    """
    private_folder(path.parent)
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, PRIVATE_FILE))  # SQLite gives its side files the same mode
    database = sqlite3.connect(path, isolation_level=None, timeout=BUSY_SECONDS, check_same_thread=False)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute(f"PRAGMA synchronous = {durability}")
    return database


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
    return EndpointFault(
        f"The {called} {path} cannot be used ({type(error).__name__}).",
        mend="Check that the folder can be written to and the disk is not full; or move the file away to start anew.",
    )
