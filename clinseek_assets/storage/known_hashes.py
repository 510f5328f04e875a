"""Hashes of files, remembered with the size and time of change that they were taken at.

A large file, or a folder of thousands, is compared with what it was without reading a byte of what nobody has touched.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

from clinseek_assets.storage.atomic import private_folder
from clinseek_assets.storage.fingerprint import of_file

BUSY_SECONDS = 30.0
SCHEMA = """
CREATE TABLE IF NOT EXISTS hashes (
    path TEXT PRIMARY KEY, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, sha256 TEXT NOT NULL
) STRICT
"""
Stamp = tuple[int, int]
"""A file's size in bytes and the time of its last change in nanoseconds."""


Known = dict[str, tuple[Stamp, str]]
"""A file's name -> its stamp and hash."""


class KnownHashes:
    """Hashes of files below one folder. Losing what it remembers costs reading the files once.

    Args:
        memory: the SQLite file in which hashes are remembered; made with its folder where it is not there.
        folder: below which the files lie.
    """

    def __init__(self, memory: Path, folder: Path) -> None:
        self._memory = memory
        self._folder = folder

    def of(self, paths: Sequence[Path]) -> dict[Path, str]:
        """The SHA-256 of each of these files that is there; one that is changed meanwhile is read again the next time.

        Raises:
            sqlite3.OperationalError: the memory cannot be used.
        """
        database, known = self._opened()
        with closing(database):
            found: dict[Path, str] = {}
            fresh: list[tuple[str, int, int, str]] = []
            for path, stamp, sha in self._compared(known, paths):
                found[path] = sha or of_file(path)
                if not sha:
                    fresh.append((self._name(path), *stamp, found[path]))
            if fresh:
                with database:
                    database.executemany("INSERT OR REPLACE INTO hashes VALUES (?, ?, ?, ?)", fresh)
        return found

    def unread(self, paths: Sequence[Path]) -> int:
        """How many bytes `of` would have to read; raises as it does."""
        database, known = self._opened()
        database.close()
        return sum(size for _, (size, _), sha in self._compared(known, paths) if not sha)

    def _compared(self, known: Known, paths: Sequence[Path]) -> Iterator[tuple[Path, Stamp, str | None]]:
        """Each file that is there, with its hash where that is known still."""
        for path in paths:
            if (stamp := _stamp_of(path)) is not None:
                remembered, sha = known.get(self._name(path), (None, None))
                yield path, stamp, sha if remembered == stamp else None

    def _opened(self) -> tuple[sqlite3.Connection, Known]:
        """The memory and what is in it; one that is damaged is begun anew."""
        private_folder(self._memory.parent)
        try:
            return self._read()
        except sqlite3.OperationalError:
            raise  # it is busy, or the disk is full or may not be written
        except sqlite3.DatabaseError:
            for path in (self._memory.with_name(f"{self._memory.name}-journal"), self._memory):
                path.unlink(missing_ok=True)  # the journal first: it would be played back into the new file
            return self._read()

    def _read(self) -> tuple[sqlite3.Connection, Known]:
        database = sqlite3.connect(self._memory, timeout=BUSY_SECONDS)
        try:
            database.execute(SCHEMA)
            rows = database.execute("SELECT path, size, mtime_ns, sha256 FROM hashes")
            return database, {path: ((size, at), sha) for path, size, at, sha in rows}
        except BaseException:
            database.close()
            raise

    def _name(self, path: Path) -> str:
        return path.relative_to(self._folder).as_posix()


def _stamp_of(path: Path) -> Stamp | None:
    """None where there is no file."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns
