"""Verdicts on disk: each is safe before it counts, and no case is judged twice by the same judge.

One private SQLite file for all judges, models and arms, written by group commit. A failure is no verdict and is never
kept as one; how often a judge's reply could not be read is counted, so that its next try is a new one.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import Any

from clinseek_assets.faults import EndpointFault
from clinseek_assets.models.group_commit import GroupCommit, insert_rows, open_database, transaction, unusable
from clinseek_assets.models.judges.prompt import Verdict
from clinseek_assets.storage.store.rows import RowStore

FORMAT = 1
SCHEMA = """
CREATE TABLE IF NOT EXISTS verdicts (
    case_key TEXT PRIMARY KEY, matches INTEGER NOT NULL CHECK (matches IN (0, 1)), reason TEXT NOT NULL,
    judge TEXT NOT NULL, judged_at REAL NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS unread (reply_key TEXT PRIMARY KEY, case_key TEXT NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS unread_by_case ON unread (case_key);
"""
INSERTS = {
    "verdicts": "INSERT OR IGNORE INTO verdicts (case_key, matches, reason, judge, judged_at)",
    "unread": "INSERT OR IGNORE INTO unread (reply_key, case_key)",
}
Record = tuple[str, tuple[Any, ...]]


class Verdicts:
    """An open file of verdicts; use it as a context manager.

    Args:
        path: the file; made, private, if it is not there.
        shared: the store that other machines read, as for a journal.

    Raises:
        EndpointFault: the file is none of verdicts, of another format, or cannot be opened.
        StoreFault: the store cannot be used.
    """

    def __init__(self, path: Path, shared: RowStore | None = None) -> None:
        rows = None if shared is None else shared.of(path, INSERTS)
        try:
            self._db = open_database(path, "FULL")
            (version,) = self._db.execute("PRAGMA user_version").fetchone()
            if version not in (0, FORMAT):
                self._db.close()
                raise EndpointFault(
                    f"The verdicts {path} have format {version}; this version reads format {FORMAT}.",
                    mend="Use the version that wrote them, or move the file away to judge anew.",
                )
            with transaction(self._db):
                for statement in SCHEMA.split(";"):
                    self._db.execute(statement)
                self._db.execute(f"PRAGMA user_version = {FORMAT}")
            if rows is not None:
                rows.take(self._db)
        except (sqlite3.Error, OSError) as error:
            raise unusable("file of verdicts", path, error) from None
        self._writer: GroupCommit[Record] = GroupCommit(
            path, "file of verdicts", _insert, rows.give if rows is not None else None
        )

    def recall(self, case_key: str) -> bool | None:
        """The verdict on a case, or None."""
        row = self._db.execute("SELECT matches FROM verdicts WHERE case_key = ?", (case_key,)).fetchone()
        return None if row is None else bool(row[0])

    def unread(self, case_key: str) -> int:
        """How many replies to a case could not be read so far."""
        (count,) = self._db.execute("SELECT count(*) FROM unread WHERE case_key = ?", (case_key,)).fetchone()
        return int(count)

    async def keep(self, case_key: str, verdict: Verdict, judge: str) -> None:
        """Make a verdict durable; the first one on a case stays.

        Raises:
            EndpointFault: the file cannot be written.
        """
        row = (case_key, int(verdict.matches), verdict.reason, judge, time.time())
        await self._writer.written(("verdicts", row))

    async def count_unread(self, reply_key: str, case_key: str) -> None:
        """Remember that a reply to a case could not be read; raises as `keep` does."""
        await self._writer.written(("unread", (reply_key, case_key)))

    def close(self) -> None:
        """Close the file."""
        with closing(self._db):
            self._writer.close()

    def __enter__(self) -> Verdicts:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


def _insert(database: sqlite3.Connection, records: Sequence[Record]) -> None:
    for table, into in INSERTS.items():
        insert_rows(database, into, [row for name, row in records if name == table])
