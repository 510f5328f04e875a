"""The journal: every finished model call is durable before the next step, so a killed run replays what it paid for.

One SQLite file in WAL mode with full synchronisation, written by group commit. A call's key is a hash of all that
shapes it, so an answer is never taken for a question, a prompt or an endpoint that it was not given to. Failed calls
are never kept as answers. Beside the calls stand whole exchanges and what is known of answers' identities, by question
and run.
"""

from __future__ import annotations

import json
import sqlite3
import time
import zlib
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import orjson

from clinseek_assets.faults import EndpointFault
from clinseek_assets.models.completions import Completion, ToolCall
from clinseek_assets.models.group_commit import GroupCommit, insert_rows, open_database, unusable
from clinseek_assets.models.journal_reading import ReadableJournal
from clinseek_assets.storage.store.rows import RowStore

FORMAT = 2
SCHEMA = """
CREATE TABLE IF NOT EXISTS completions (
    call_key TEXT PRIMARY KEY,
    text TEXT NOT NULL,
    reasoning TEXT NOT NULL,
    finish_reason TEXT,
    refused INTEGER NOT NULL,
    prompt_tokens INTEGER,
    completion_tokens INTEGER,
    seconds REAL NOT NULL,
    tool_calls TEXT NOT NULL DEFAULT '[]',
    cached_tokens INTEGER,
    cache_write_tokens INTEGER,
    raw TEXT,
    qid_sha256 TEXT,
    answered_at REAL
) STRICT;
CREATE TABLE IF NOT EXISTS exchanges (
    qid_sha256 TEXT NOT NULL, run_index INTEGER NOT NULL, document BLOB NOT NULL,
    PRIMARY KEY (qid_sha256, run_index)
) STRICT;
CREATE TABLE IF NOT EXISTS identities (
    qid_sha256 TEXT NOT NULL, run_index INTEGER NOT NULL, document TEXT NOT NULL,
    PRIMARY KEY (qid_sha256, run_index)
) STRICT;
"""
# From format 1, whose table of calls ends with `seconds`. Its own table `ledger` stays as it is.
FROM_FORMAT_1 = (
    "ALTER TABLE completions ADD COLUMN tool_calls TEXT NOT NULL DEFAULT '[]'",
    "ALTER TABLE completions ADD COLUMN cached_tokens INTEGER",
    "ALTER TABLE completions ADD COLUMN cache_write_tokens INTEGER",
    "ALTER TABLE completions ADD COLUMN raw TEXT",
    "ALTER TABLE completions ADD COLUMN qid_sha256 TEXT",
    "ALTER TABLE completions ADD COLUMN answered_at REAL",
)
OF_A_COMPLETION = (
    "text, reasoning, finish_reason, refused, prompt_tokens, completion_tokens, seconds, tool_calls, cached_tokens, "
    "cache_write_tokens, raw"
)
RECALL = f"SELECT {OF_A_COMPLETION} FROM completions WHERE call_key = ?"
INSERTS = {
    "completions": f"INSERT OR IGNORE INTO completions (call_key, {OF_A_COMPLETION}, qid_sha256, answered_at)",
    "exchanges": "INSERT OR REPLACE INTO exchanges (qid_sha256, run_index, document)",
    "identities": "INSERT OR REPLACE INTO identities (qid_sha256, run_index, document)",
}
MAPPED_BYTES = 1 << 30  # read as memory: a no-op re-run asks for tens of thousands of answers

Record = tuple[str, tuple[Any, ...]]  # table, row


class Journal(ReadableJournal):
    """An open journal; use it as a context manager.

    Args:
        path: the file; made with its folder, readable by their owner only, if it is not there.
        shared: the store that other machines read; what they recorded is taken over first, and what is recorded here is
            durable only when it is there as well.

    Raises:
        EndpointFault: the file is no journal, or of another format, or cannot be opened.
        StoreFault: the store cannot be used.
    """

    def __init__(self, path: Path, shared: RowStore | None = None) -> None:
        self.path = path
        rows = None if shared is None else shared.of(path, INSERTS)
        try:
            super().__init__(open_database(path, "FULL"))
            self._prepare()
            if rows is not None:
                rows.take(self._db)
        except (sqlite3.Error, OSError) as error:
            raise unusable("journal", path, error) from None
        self._writer: GroupCommit[Record] = GroupCommit(
            path, "journal", _insert, rows.give if rows is not None else None
        )

    def _prepare(self) -> None:
        self._db.execute(f"PRAGMA mmap_size = {MAPPED_BYTES}")
        if self._format() == FORMAT:
            return
        self._db.execute("BEGIN IMMEDIATE")  # of several processes that start at once, one makes or migrates it
        version = self._format()
        if version not in (0, 1, FORMAT):
            self._db.close()
            raise EndpointFault(
                f"The journal {self.path} has format {version}; this version reads formats 1 and {FORMAT}.",
                mend="Use the version that wrote it, or move the file away to start anew.",
            )
        if version == 1:
            for statement in FROM_FORMAT_1:
                self._db.execute(statement)
        for statement in SCHEMA.split(";"):
            self._db.execute(statement)
        self._db.execute(f"PRAGMA user_version = {FORMAT}")
        self._db.execute("COMMIT")

    def _format(self) -> int:
        (version,) = self._db.execute("PRAGMA user_version").fetchone()
        return int(version)

    def recall(self, call_key: str) -> Completion | None:
        """The completion that was recorded under this key, or None."""
        row = self._db.execute(RECALL, (call_key,)).fetchone()
        return None if row is None else _completion(row)

    async def record(self, call_key: str, completion: Completion, *, qid_sha256: str | None = None) -> None:
        """Make one completion durable; returns when it is on the disk. The first one under a key stays.

        Raises:
            EndpointFault: the file cannot be written.
        """
        await self._writer.written(("completions", _row(call_key, completion, qid_sha256)))

    def put_exchange(self, qid_sha256: str, run_index: int, document: Any) -> None:
        """Keep a question's whole exchange (any JSON value); a later one takes its place.

        It is written at once but not waited for: whatever a kill takes, the calls give again. `close` raises where it
        could not be written.
        """
        self._writer.write_soon(("exchanges", (qid_sha256, run_index, orjson.dumps(document))))

    def put_identity(self, qid_sha256: str, run_index: int, document: Any) -> None:
        """Keep what is known of an answer's identity (any JSON value), as `put_exchange` does."""
        self._writer.write_soon(("identities", (qid_sha256, run_index, orjson.dumps(document).decode())))

    def close(self) -> None:
        """Write what still waits, and close the file.

        Raises:
            EndpointFault: it cannot be written.
        """
        try:
            self._writer.close()
        finally:
            self._db.close()

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


def _insert(database: sqlite3.Connection, records: Sequence[Record]) -> None:
    """Write records of any tables, in the order of the tables; compresses exchanges here, off the event loop."""
    for table, into in INSERTS.items():
        rows = [row for name, row in records if name == table]
        if table == "exchanges":
            rows = [(qid, run, zlib.compress(document)) for qid, run, document in rows]
        insert_rows(database, into, rows)


def _row(call_key: str, completion: Completion, qid_sha256: str | None) -> tuple[Any, ...]:
    calls = "[]"
    if completion.tool_calls:
        calls = json.dumps([[call.id, call.name, call.arguments] for call in completion.tool_calls], ensure_ascii=False)
    return (
        call_key,
        completion.text,
        completion.reasoning,
        completion.finish_reason,
        int(completion.refused),
        completion.prompt_tokens,
        completion.completion_tokens,
        completion.seconds,
        calls,
        completion.cached_tokens,
        completion.cache_write_tokens,
        completion.raw,
        qid_sha256,
        time.time(),
    )


def _completion(row: Sequence[Any]) -> Completion:
    text, reasoning, finish, refused, prompt, answer, seconds, calls, cached, written, raw = row
    return Completion(
        text=text,
        reasoning=reasoning,
        finish_reason=finish,
        refused=bool(refused),
        prompt_tokens=prompt,
        completion_tokens=answer,
        seconds=seconds,
        tool_calls=() if calls == "[]" else tuple(ToolCall(*call) for call in json.loads(calls)),
        cached_tokens=cached,
        cache_write_tokens=written,
        raw=raw,
    )
