"""The hashes of a home's files, remembered with the size and time of change that they were taken at.

A folder of thousands of databases is compared with a store without reading a byte of what has not been touched.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
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
        """The SHA-256 of each of these files that is there."""
        with closing(self._opened()) as database:
            known = {path: (size, at, sha) for path, size, at, sha in database.execute("SELECT * FROM hashes")}
            found: dict[Path, str] = {}
            fresh: list[tuple[str, int, int, str]] = []
            for path in paths:
                if not path.is_file():
                    continue
                status, name = path.stat(), self._name(path)
                size, at, sha = known.get(name, (None, None, ""))
                if (size, at) != (status.st_size, status.st_mtime_ns):
                    sha = of_file(path)
                    fresh.append((name, status.st_size, status.st_mtime_ns, sha))
                found[path] = sha
            if fresh:
                with database:
                    database.executemany("INSERT OR REPLACE INTO hashes VALUES (?, ?, ?, ?)", fresh)
        return found

    def _opened(self) -> sqlite3.Connection:
        private_folder(self._memory.parent)
        database = sqlite3.connect(self._memory, timeout=BUSY_SECONDS)
        database.execute(SCHEMA)
        return database

    def _name(self, path: Path) -> str:
        return path.relative_to(self._folder).as_posix()
