"""The journal: every finished model call is durable before the next step, so a killed run replays what it paid for.

One SQLite file in WAL mode with full synchronisation. A call's key is a hash of all that shapes it, so an answer is
never taken for a question, a prompt or an endpoint that it was not given to. Failed calls are never kept as answers.
Beside the answers lies a ledger of what left this machine: host, bytes and a hash of the qid, written before sending.
"""

from __future__ import annotations

import os
import sqlite3
import time
from dataclasses import asdict
from pathlib import Path
from types import TracebackType

from clinseek_assets.faults import EndpointFault
from clinseek_assets.models.completions import Completion
from clinseek_assets.storage.atomic import PRIVATE_FILE, private_folder

FORMAT = 1
SCHEMA = """
CREATE TABLE IF NOT EXISTS completions (
    call_key TEXT PRIMARY KEY,
    text TEXT NOT NULL,
    reasoning TEXT NOT NULL,
    finish_reason TEXT,
    refused INTEGER NOT NULL,
    prompt_tokens INTEGER,
    completion_tokens INTEGER,
    seconds REAL NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS ledger (
    sent_at REAL NOT NULL,
    host TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    qid_sha256 TEXT
) STRICT;
"""
FIELDS = ("text", "reasoning", "finish_reason", "refused", "prompt_tokens", "completion_tokens", "seconds")
BUSY_MILLISECONDS = 30_000


class Journal:
    """An open journal; use it as a context manager.

    Args:
        path: the file; made with its folder, readable by their owner only, if it is not there.

    Raises:
        EndpointFault: the file is no journal, or of another format, or cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        private_folder(path.parent)
        try:
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, PRIVATE_FILE))  # SQLite gives its side files the same mode
            self._db = sqlite3.connect(path, isolation_level=None, timeout=BUSY_MILLISECONDS / 1000)
            self._prepare()
        except (sqlite3.Error, OSError) as error:
            raise EndpointFault(
                f"The journal {path} cannot be used ({type(error).__name__}).",
                mend="Check that the folder can be written to; or move the file away to start anew.",
            ) from None

    def _prepare(self) -> None:
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        (version,) = self._db.execute("PRAGMA user_version").fetchone()
        if version not in (0, FORMAT):
            self._db.close()
            raise EndpointFault(
                f"The journal {self.path} has format {version}; this version reads format {FORMAT}.",
                mend="Use the version that wrote it, or move the file away to start anew.",
            )
        self._db.executescript(SCHEMA)
        self._db.execute(f"PRAGMA user_version = {FORMAT}")

    def recall(self, call_key: str) -> Completion | None:
        """The completion that was recorded under this key, or None."""
        row = self._db.execute(
            f"SELECT {', '.join(FIELDS)} FROM completions WHERE call_key = ?", (call_key,)
        ).fetchone()
        if row is None:
            return None
        recorded = dict(zip(FIELDS, row, strict=True))
        return Completion(**{**recorded, "refused": bool(recorded["refused"])})

    def record(self, call_key: str, completion: Completion) -> None:
        """Make one completion durable; returns when it is on the disk. The first one under a key stays."""
        values = asdict(completion)
        self._db.execute(
            f"INSERT OR IGNORE INTO completions (call_key, {', '.join(FIELDS)}) VALUES (?{', ?' * len(FIELDS)})",
            (call_key, *(values[field] for field in FIELDS)),
        )

    def note_call(self, host: str, size: int, qid_sha256: str | None) -> None:
        """Write into the ledger that `size` bytes are about to leave for `host`."""
        self._db.execute("INSERT INTO ledger VALUES (?, ?, ?, ?)", (time.time(), host, size, qid_sha256))

    def ledger(self) -> list[tuple[str, int, str | None]]:
        """All calls so far, in their order: host, bytes, hash of the qid (None for a list of models)."""
        return self._db.execute("SELECT host, bytes, qid_sha256 FROM ledger ORDER BY rowid").fetchall()

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._db.close()
