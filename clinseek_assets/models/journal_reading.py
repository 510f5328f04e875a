"""What is read out of a journal: exchanges and identities, by question and run; of a closed journal or a live one.

`reading` opens a journal for reading alone: nothing is made, migrated or written beside it, and a run that writes to
it meanwhile is not held up.
"""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import orjson

from clinseek_assets.models.group_commit import BUSY_SECONDS, unusable


class ReadableJournal:
    """The reading half of a journal.

    Args:
        database: a connection to its file.
    """

    def __init__(self, database: sqlite3.Connection) -> None:
        self._db = database

    def exchange(self, qid_sha256: str, run_index: int) -> Any | None:
        """The exchange of a question and run, or None."""
        row = self._db.execute(
            "SELECT document FROM exchanges WHERE qid_sha256 = ? AND run_index = ?", (qid_sha256, run_index)
        ).fetchone()
        return None if row is None else orjson.loads(zlib.decompress(row[0]))

    def runs_of(self, qid_sha256: str) -> list[int]:
        """The runs whose exchange of a question is kept."""
        rows = self._db.execute(
            "SELECT run_index FROM exchanges WHERE qid_sha256 = ? ORDER BY run_index", (qid_sha256,)
        )
        return [run for (run,) in rows]

    def identity(self, qid_sha256: str, run_index: int) -> Any | None:
        """What is kept of one answer's identity, or None."""
        row = self._db.execute(
            "SELECT document FROM identities WHERE qid_sha256 = ? AND run_index = ?", (qid_sha256, run_index)
        ).fetchone()
        return None if row is None else orjson.loads(row[0])

    def identities(self) -> Iterator[tuple[tuple[str, int], Any]]:
        """What is kept of all answers' identities, one after the other, each with its question and run."""
        for qid, run, document in self._db.execute("SELECT qid_sha256, run_index, document FROM identities"):
            yield (qid, run), orjson.loads(document)

    def places(self) -> set[tuple[str, int]]:
        """The questions and runs whose answers are kept."""
        return set(self._db.execute("SELECT qid_sha256, run_index FROM identities"))


@contextmanager
def reading(path: Path) -> Iterator[ReadableJournal]:
    """The journal at `path`, open for reading; empty where there is none, or one from before exchanges were kept.

    Raises:
        EndpointFault: the file is no journal.
    """
    try:
        with closing(_opened(path)) as database:
            yield ReadableJournal(database)
    except sqlite3.Error as error:
        raise unusable("journal", path, error) from None


def _opened(path: Path) -> sqlite3.Connection:
    """A read-only connection. A journal that nobody has open is read as a file that does not change: SQLite would
    make the side files of its write-ahead log anew, even for a reader."""
    live = path.with_name(f"{path.name}-wal").is_file()
    if not path.is_file():
        return _empty()
    address = f"file:{quote(str(path.absolute()))}?mode=ro{'' if live else '&immutable=1'}"
    database = sqlite3.connect(address, uri=True, timeout=BUSY_SECONDS, check_same_thread=False)
    (tables,) = database.execute(
        "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name IN ('exchanges', 'identities')"
    ).fetchone()
    if tables == len(_TABLES):
        return database
    database.close()
    return _empty()


_TABLES = {
    "exchanges": "CREATE TABLE exchanges (qid_sha256 TEXT, run_index INTEGER, document BLOB)",
    "identities": "CREATE TABLE identities (qid_sha256 TEXT, run_index INTEGER, document TEXT)",
}


def _empty() -> sqlite3.Connection:
    database = sqlite3.connect(":memory:")
    for statement in _TABLES.values():
        database.execute(statement)
    return database
