"""What an endpoint answered, kept by what it was asked: what is replayed reads the same and is not paid for again."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from clinseek_assets.storage.atomic import private_database

BUSY_SECONDS = 30.0
SCHEMA = "CREATE TABLE IF NOT EXISTS answers (asked TEXT PRIMARY KEY, answer TEXT NOT NULL) STRICT"


class KeptAnswers:
    """Answers in one private file. May be used by many threads and processes.

    Args:
        path: the file; made with its folder where it is not there.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        with self._opened() as db:
            db.execute(SCHEMA)

    def recalled(self, asked: str) -> str | None:
        """The answer to what was asked (a hash), or None."""
        with self._opened() as db:
            row = db.execute("SELECT answer FROM answers WHERE asked = ?", (asked,)).fetchone()
        return None if row is None else str(row[0])

    def keep(self, asked: str, answer: str) -> None:
        """Keep an answer; the first one stands."""
        with self._opened() as db, db:
            db.execute("INSERT OR IGNORE INTO answers VALUES (?, ?)", (asked, answer))

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        """A connection of one's own for each use."""
        with closing(sqlite3.connect(private_database(self._path), timeout=BUSY_SECONDS)) as db:
            yield db
