"""What files proved to be, kept by their identity, so that only what changed is decoded again.

One private SQLite file. A file counts as the same while its path, size, time of change and inode are; results of an
older version of the rules are not taken.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import astuple, dataclass
from functools import cache
from pathlib import Path

from clinseek_assets.imaging import verification
from clinseek_assets.imaging.verification import Verified
from clinseek_assets.storage.atomic import private_database
from clinseek_assets.storage.fingerprint import of_code

BUSY_SECONDS = 60.0
SCHEMA = """
CREATE TABLE IF NOT EXISTS verified (
    path TEXT PRIMARY KEY, size INTEGER NOT NULL, changed_ns INTEGER NOT NULL, inode INTEGER NOT NULL,
    rules TEXT NOT NULL,
    status TEXT NOT NULL, width INTEGER, height INTEGER, mode TEXT, bytes INTEGER, sha256 TEXT
) STRICT
"""
KNOWN = "SELECT path, size, changed_ns, inode, status, width, height, mode, bytes, sha256 FROM verified WHERE rules = ?"
INTO = f"INSERT OR REPLACE INTO verified VALUES ({', '.join('?' * 11)})"
NOT_KEPT = ("missing", "unreadable")  # a file system that fails now may not fail the next time


@dataclass(frozen=True)
class Identity:
    """By what a file counts as the same: its size, its time of change, its inode."""

    size: int
    changed_ns: int
    inode: int

    @classmethod
    def of(cls, path: Path) -> Identity | None:
        """Of a file; None where there is none."""
        try:
            found = path.stat()
        except OSError:
            return None
        return cls(found.st_size, found.st_mtime_ns, found.st_ino)


@dataclass(frozen=True)
class Seen:
    """A file, its identity before it was read, and what it proved to be."""

    path: Path
    identity: Identity | None
    verified: Verified


class VerificationReceipts:
    """The receipts in one file, which is made where it is not there. Any number of processes may use it.

    Args:
        path: the file. One that is no database is replaced: it only costs a decoding.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self.of({})
        except sqlite3.DatabaseError:
            path.unlink()

    def of(self, files: Mapping[Path, Identity | None]) -> dict[Path, Verified]:
        """What is known of these files as they are now."""
        with self._opened() as db:
            rows = db.execute(KNOWN, (_rules(),)).fetchall()
        known = {(row[0], Identity(*row[1:4])): Verified(*row[4:]) for row in rows}
        keys = {path: (os.fspath(path), which) for path, which in files.items() if which is not None}
        return {path: known[key] for path, key in keys.items() if key in known}

    def keep(self, seen: Iterable[Seen]) -> None:
        """Keep what files proved to be."""
        rows = [
            (os.fspath(one.path), *astuple(one.identity), _rules(), *astuple(one.verified))
            for one in seen
            if one.identity is not None and one.verified.status not in NOT_KEPT
        ]
        with self._opened() as db, db:
            db.executemany(INTO, rows)

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(private_database(self._path), timeout=BUSY_SECONDS)) as db:
            db.execute(SCHEMA)
            yield db


@cache
def _rules() -> str:
    """The version of the rules by which files are verified."""
    return of_code(verification)
