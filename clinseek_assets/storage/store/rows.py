"""Files of rows (journals, the ledger, verdicts) over several homes: what one adds, the others learn.

Each home has an SQLite file of its own. What is added to it goes to the store as a segment: one small object, never
changed, named by the time, who wrote it and its hash. Who opens a file first takes over the segments that it does not
have. Rows are only ever added or replaced as a whole, so that a segment may be taken over twice without harm; so a
writer puts its last few segments together into one, and removes them when that one is there.

How far a file has been given away stands in the file itself: the highest row of each table that a segment holds. A
process that is killed in between leaves rows above that mark, and whoever opens the file next gives them away.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
import time
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgpack

from clinseek_assets.faults import StoreFault
from clinseek_assets.storage.fingerprint import of_bytes, of_text
from clinseek_assets.storage.store.objects import Objects, shown, side_by_side

ROWS = "rows"
HASH_SHOWN = 16
LOOKS = 3
MERGED_FROM = 16  # segments of one writer that become one
SCHEMA = (
    "CREATE TABLE IF NOT EXISTS shared_upto (store TEXT, name TEXT, row INTEGER NOT NULL, PRIMARY KEY (store, name))",
    "CREATE TABLE IF NOT EXISTS shared_segments (store TEXT, segment TEXT, PRIMARY KEY (store, segment))",
)

Added = dict[str, list[tuple[Any, ...]]]
"""Table -> rows, in the order in which they were added."""


class SharedRows:
    """One file of rows in a store.

    Args:
        objects: the store.
        name: the file's name there: its path below the home.
        inserts: table -> the statement that adds a row, up to `VALUES`, with the columns in parentheses. It says what
            becomes of a row that is there already. In this order rows are taken over.
    """

    def __init__(self, objects: Objects, name: str, inserts: Mapping[str, str]) -> None:
        self._objects = objects
        self._prefix = f"{ROWS}/{name}"
        self._store = of_text(objects.url)
        self._inserts = inserts
        self._columns = {table: into[into.rindex("(") + 1 : into.rindex(")")] for table, into in inserts.items()}
        self._writer = f"{os.getpid():x}.{secrets.token_hex(4)}"
        self._last: dict[str, Added] = {}  # this writer's segments since it put some together

    def give(self, database: sqlite3.Connection) -> None:
        """Give to the store what was added to the file; returns when it is there.

        Raises:
            StoreFault: the store cannot be written; the rows stay in the file and are given the next time.
            sqlite3.Error: the file cannot be used.
        """
        self._prepare(database)
        upto, added = self._added(database)
        if not any(added.values()):
            return
        segment = self._written(added)
        with _transaction(database):
            self._mark(database, upto, [segment])
        self._last[segment] = added
        if len(self._last) == MERGED_FROM:
            self._merge(database)

    def take(self, database: sqlite3.Connection) -> int:
        """Take over what others have added, after giving away what this home has; returns the number of segments.

        Raises:
            StoreFault: the store cannot be used, or a segment is missing or was changed.
            sqlite3.Error: the file cannot be used.
        """
        self._prepare(database)
        known = {
            name for (name,) in database.execute("SELECT segment FROM shared_segments WHERE store = ?", (self._store,))
        }
        fresh = self._fresh(known)
        read = [self._read(name, content) for name, content in fresh.items()]
        with _transaction(database):  # nobody else adds a row meanwhile, so that all new ones are others'
            _, own = self._added(database)
            segments = [*fresh, self._written(own)] if any(own.values()) else list(fresh)
            for table in self._inserts:
                for added in read:
                    self._insert(database, table, added.get(table, []))
            self._mark(database, self._highest(database), segments)
        return len(fresh)

    def _fresh(self, known: set[str]) -> dict[str, bytes | None]:
        """The segments that are not known, in the order of their times. One that its writer has put together with
        others in the meantime is found there at a second look.
        """
        fresh: dict[str, bytes | None] = {}
        for _ in range(LOOKS):
            names = sorted(set(self._objects.listing(self._prefix)) - known)
            read = self._objects.read_all([name for name in names if fresh.get(name) is None])
            fresh = {name: fresh.get(name) or read[name] for name in names}
            if all(content is not None for content in fresh.values()):
                break
        return fresh

    def _merge(self, database: sqlite3.Connection) -> None:
        together: Added = {table: [] for table in self._inserts}
        for added in self._last.values():
            for table, rows in added.items():
                together[table] += rows
        segment = self._written(together)
        with _transaction(database):
            self._mark(database, {}, [segment])
        side_by_side(self._objects.remove, list(self._last))
        self._last.clear()

    def _prepare(self, database: sqlite3.Connection) -> None:
        for statement in SCHEMA:
            database.execute(statement)

    def _added(self, database: sqlite3.Connection) -> tuple[dict[str, int], Added]:
        """The rows above the marks, and the highest of them."""
        marks = dict(database.execute("SELECT name, row FROM shared_upto WHERE store = ?", (self._store,)))
        upto, added = {}, {}
        for table, columns in self._columns.items():
            query = f"SELECT rowid, {columns} FROM {table} WHERE rowid > ? ORDER BY rowid"
            rows = database.execute(query, (marks.get(table, 0),)).fetchall()
            added[table] = [tuple(row[1:]) for row in rows]
            if rows:
                upto[table] = int(rows[-1][0])
        return upto, added

    def _highest(self, database: sqlite3.Connection) -> dict[str, int]:
        return {
            table: int(database.execute(f"SELECT coalesce(max(rowid), 0) FROM {table}").fetchone()[0])
            for table in self._inserts
        }

    def _mark(self, database: sqlite3.Connection, upto: Mapping[str, int], segments: Iterable[str]) -> None:
        database.executemany(
            "INSERT INTO shared_upto VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET row = max(row, excluded.row)",
            [(self._store, table, row) for table, row in upto.items()],
        )
        database.executemany(
            "INSERT OR IGNORE INTO shared_segments VALUES (?, ?)", [(self._store, segment) for segment in segments]
        )

    def _insert(self, database: sqlite3.Connection, table: str, rows: Sequence[Sequence[Any]]) -> None:
        marks = ", ".join("?" * len(self._columns[table].split(",")))
        database.executemany(f"{self._inserts[table]} VALUES ({marks})", rows)

    def _written(self, added: Added) -> str:
        content = zlib.compress(msgpack.packb({"columns": self._columns, "rows": added}))
        segment = f"{self._prefix}/{time.time_ns():020d}-{self._writer}-{of_bytes(content)[:HASH_SHOWN]}"
        self._objects.write(segment, content)
        return segment

    def _read(self, segment: str, content: bytes | None) -> Added:
        if content is None or not segment.endswith(of_bytes(content)[:HASH_SHOWN]):
            how = "is missing" if content is None else "is not what was put there (its hash differs)"
            raise StoreFault(
                f"The object {segment} of the store {shown(self._objects.url)} {how}.",
                mend="Put it back from a copy of the store. Without one, remove it: a home that has its rows keeps "
                "them, the others ask anew.",
            )
        told = msgpack.unpackb(zlib.decompress(content))
        if told["columns"] != self._columns:
            raise StoreFault(
                f"The object {segment} of the store {shown(self._objects.url)} has other columns than this version.",
                mend="Use the same version of this package on all machines.",
            )
        added: Added = told["rows"]
        return added


@dataclass(frozen=True)
class RowStore:
    """The rows of one home's files in a store.

    Attributes:
        objects: the store.
        home: below which the files lie.
    """

    objects: Objects
    home: Path

    def of(self, path: Path, inserts: Mapping[str, str]) -> SharedRows:
        """The rows of a file; `inserts` as for `SharedRows`."""
        return SharedRows(self.objects, path.relative_to(self.home).as_posix(), inserts)


@contextmanager
def _transaction(database: sqlite3.Connection) -> Iterator[None]:
    """Everything in the block, or nothing of it; the file is locked against other writers from the start."""
    database.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        database.execute("ROLLBACK")
        raise
    database.execute("COMMIT")
