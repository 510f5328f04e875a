"""The ledger of a home: every call of every endpoint before its first byte leaves, and afterwards how it ended.

One SQLite file for all models, arms and processes. Nothing in it is ever changed: a call is a row, its ending another
one. A call without an ending is under way, or its process was killed; it is charged at its worst case, until its answer
is found to be kept (`found_answered`) or the same call is sent again and answered: then both are charged alike
(`lost`). So the caps of a campaign hold over all processes, and what a kill repeats is counted.

It outlives a killed process, not a loss of power: the last moments before one may be missing. So no disk is waited for,
and rows are written where they arise, those of one turn of the event loop in one transaction.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import secrets
import sqlite3
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

from clinseek_assets.faults import EndpointFault
from clinseek_assets.models.budget import Caps, Cost
from clinseek_assets.models.endpoints.failures import CallError
from clinseek_assets.models.group_commit import insert_rows, open_database, transaction, unusable
from clinseek_assets.models.ledger_exchange import LedgerExchange
from clinseek_assets.storage.store.rows import RowStore

FORMAT = 1
SCHEMA = """
CREATE TABLE IF NOT EXISTS calls (
    call TEXT PRIMARY KEY, sent_at REAL NOT NULL, kind TEXT NOT NULL, endpoint TEXT NOT NULL, host TEXT NOT NULL,
    bytes INTEGER NOT NULL, qid_sha256 TEXT, arm TEXT, call_key TEXT,
    worst_tokens INTEGER NOT NULL, worst_dollars REAL NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS endings (
    call TEXT PRIMARY KEY REFERENCES calls (call), ended_at REAL NOT NULL, outcome TEXT NOT NULL, failure TEXT,
    prompt_tokens INTEGER, completion_tokens INTEGER, cached_tokens INTEGER, cache_write_tokens INTEGER,
    tokens INTEGER NOT NULL, dollars REAL NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS spent (
    one INTEGER PRIMARY KEY CHECK (one = 1), tokens INTEGER NOT NULL, dollars REAL NOT NULL
) STRICT;
INSERT OR IGNORE INTO spent VALUES (1, 0, 0.0);
CREATE TRIGGER IF NOT EXISTS reserve AFTER INSERT ON calls WHEN NEW.worst_tokens > 0 OR NEW.worst_dollars > 0 BEGIN
    UPDATE spent SET tokens = tokens + NEW.worst_tokens, dollars = dollars + NEW.worst_dollars;
END;
CREATE TRIGGER IF NOT EXISTS charge AFTER INSERT ON endings BEGIN
    UPDATE spent SET
        tokens = tokens + NEW.tokens - (SELECT worst_tokens FROM calls WHERE call = NEW.call),
        dollars = dollars + NEW.dollars - (SELECT worst_dollars FROM calls WHERE call = NEW.call);
END;
CREATE INDEX IF NOT EXISTS calls_by_key ON calls (call_key) WHERE call_key IS NOT NULL;
PRAGMA user_version = 1;
"""
Kind = Literal["model", "judge", "search", "mcp_client", "image_tool"]
Outcome = Literal["settled", "failed", "lost", "noted"]
NOTHING = Cost()
SOON = 0.02
TURNS_A_CHECKPOINT = 2_000
INTO_CALLS = (
    "INSERT INTO calls (call, sent_at, kind, endpoint, host, bytes, qid_sha256, arm, call_key, worst_tokens, "
    "worst_dollars)"
)
INTO_ENDINGS = (
    "INSERT OR IGNORE INTO endings (call, ended_at, outcome, failure, prompt_tokens, completion_tokens, cached_tokens, "
    "cache_write_tokens, tokens, dollars)"
)
# As another machine's rows are taken over: they may come twice.
TAKEN_OVER = {"calls": INTO_CALLS.replace("INSERT INTO", "INSERT OR IGNORE INTO"), "endings": INTO_ENDINGS}
UNENDED = (
    "SELECT call_key, call, bytes FROM calls LEFT JOIN endings USING (call) "
    "WHERE outcome IS NULL AND call_key NOT NULL ORDER BY sent_at, calls.rowid"
)
TOTALS = """
SELECT kind, endpoint, arm, count(*), count(*) FILTER (WHERE outcome = 'settled'),
    count(*) FILTER (WHERE outcome = 'failed'), count(*) FILTER (WHERE outcome = 'lost'),
    count(*) FILTER (WHERE outcome IS NULL), count(DISTINCT qid_sha256), sum(bytes), coalesce(sum(prompt_tokens), 0),
    coalesce(sum(completion_tokens), 0), coalesce(sum(cached_tokens), 0), sum(coalesce(tokens, worst_tokens)),
    sum(coalesce(dollars, worst_dollars))
FROM calls LEFT JOIN endings USING (call) GROUP BY kind, endpoint, arm ORDER BY kind, endpoint, arm
"""


@dataclass(frozen=True)
class Sending:
    """A call that is about to be sent.

    Attributes:
        kind, endpoint: what it goes to, by kind and by its name in the registry.
        host: host and port.
        size: bytes of its body.
        qid_sha256: the question that it is about, or None.
        arm: for which arm, or None.
        call_key: what is asked; the same for every attempt. None where a call is never repeated.
        worst: the most that it may cost.
    """

    kind: Kind
    endpoint: str
    host: str
    size: int
    qid_sha256: str | None = None
    arm: str | None = None
    call_key: str | None = None
    worst: Cost = NOTHING


@dataclass(frozen=True)
class Usage:
    """Tokens as an endpoint counts them; None where it does not."""

    prompt: int | None = None
    completion: int | None = None
    cached: int | None = None
    cache_write: int | None = None


@dataclass(frozen=True)
class Totals:
    """What went to one endpoint for one arm.

    Attributes:
        calls: all calls; each is settled, failed, lost (its process was killed, and the call was repeated), open (under
            way, or killed and never repeated), or only noted.
        questions: different questions.
        size: bytes sent.
        prompt_tokens, completion_tokens, cached_tokens: as counted for settled calls.
        tokens, dollars: charged in all, open calls at their worst case.
    """

    kind: str
    endpoint: str
    arm: str | None
    calls: int
    settled: int
    failed: int
    lost: int
    open: int
    questions: int
    size: int
    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int
    tokens: int
    dollars: float


@dataclass(frozen=True, eq=False)
class _Opening:
    """A call that waits to be written down, and who waits for it."""

    sending: Sending
    call: str
    answer: asyncio.Future[None]


class Ledger:
    """An open ledger; use it as a context manager.

    Args:
        path: the file; made with its folder, readable by their owner only, if it is not there.
        caps: what the campaign may cost, all that stands in the ledger included.
        shared: the store by which the ledgers of several machines learn of each other.

    Raises:
        EndpointFault: the file is no ledger, or of another format, or cannot be opened.
        StoreFault: the store cannot be used.
    """

    def __init__(self, path: Path, caps: Caps | None = None, shared: RowStore | None = None) -> None:
        self.path = path
        rows = None if shared is None else shared.of(path, TAKEN_OVER)
        self._caps = caps or Caps()
        try:
            self._db = open_database(path, "NORMAL")
            self._db.execute("PRAGMA wal_autocheckpoint = 0")  # see _tidy
            self._prepare()
            if rows is not None:
                rows.take(self._db)
            # Calls whose processes were killed, or are at work elsewhere; one that is asked again here is lost there.
            self._unended, self._sizes = self._unended_calls()
        except (sqlite3.Error, OSError) as error:
            raise unusable("ledger", path, error) from None
        self._openings: list[_Opening] = []
        self._endings: list[tuple[Any, ...]] = []
        self._writing: asyncio.Handle | None = None
        self._fault: EndpointFault | None = None
        self._turns = 0
        self._lock = threading.Lock()  # tools note their queries in threads of their own
        self._numbers = itertools.count(1)
        self._process = f"{os.getpid():x}.{secrets.token_hex(6)}"
        self._repeated: dict[str, str] = {}  # call under way here -> call_key, of those among them
        self._under_way = 0
        self._ended = 0
        self._freed = asyncio.Event()
        self._exchange = None if rows is None else LedgerExchange(path, rows)

    def _prepare(self) -> None:
        (version,) = self._db.execute("PRAGMA user_version").fetchone()
        if version == FORMAT:
            return
        if version != 0:
            self._db.close()
            raise EndpointFault(
                f"The ledger {self.path} has format {version}; this version reads format {FORMAT}.",
                mend="Use the version that wrote it, or move the file away to start anew.",
            )
        self._db.executescript(f"BEGIN IMMEDIATE; {SCHEMA} COMMIT;")

    def _unended_calls(self) -> tuple[dict[str, list[str]], dict[str, int]]:
        """The calls of each call_key in their order, and the bytes of each."""
        found: dict[str, list[str]] = {}
        sizes: dict[str, int] = {}
        for key, call, size in self._db.execute(UNENDED):
            found.setdefault(key, []).append(call)
            sizes[key] = size
        return found, sizes

    def unended(self) -> dict[str, int]:
        """The call_keys of calls that had not ended when the ledger was opened, and the bytes that were sent."""
        return {key: self._sizes[key] for key in self._unended}

    def found_answered(self, call_key: str, usage: Usage, cost: Cost) -> None:
        """Write down that an unended call was answered: a kill came between its answer and its ending.

        Of several under one key the last one was answered, the ones before it were lost.
        """
        *lost, answered = self._unended.pop(call_key)
        self._endings += [_ending(call, "lost", None, usage, cost) for call in lost]
        self._endings.append(_ending(answered, "settled", None, usage, cost))

    async def opened(self, sending: Sending) -> str:
        """Write down a call that is about to be sent, and reserve its worst case; returns its name in the ledger.

        Where the caps leave no room, calls of this process that are under way are waited for: they usually cost less
        than was reserved for them.

        Raises:
            CallError: `over_budget`: the caps do not allow the call.
            EndpointFault: the ledger cannot be written.
            StoreFault: other machines can no longer be told: their caps would not know of the call.
        """
        loop = asyncio.get_running_loop()
        while True:
            if self._exchange is not None and self._exchange.fault is not None:
                raise self._exchange.fault
            ended = self._ended
            self._freed.clear()
            opening = _Opening(sending, self._next_call(), loop.create_future())
            self._openings.append(opening)
            self._write_next(loop)
            try:
                await opening.answer
                return opening.call
            except CallError:
                if ended == self._ended:
                    if self._under_way == 0:
                        raise
                    await self._freed.wait()
            except asyncio.CancelledError:
                if opening.answer.done() and not opening.answer.cancelled():  # written down, but never sent
                    self.failed(opening.call, "cancelled", NOTHING)
                raise

    def settled(self, call: str, usage: Usage, cost: Cost) -> None:
        """Write down that a call was answered: with the next calls, or soon."""
        self._end(call, "settled", None, usage, cost)
        for lost in self._unended.pop(self._repeated.pop(call, ""), ()):
            self._endings.append(_ending(lost, "lost", None, usage, cost))

    def failed(self, call: str, kind: str, cost: Cost) -> None:
        """Write down that a call was not answered, why in one word, and what it is charged all the same."""
        self._repeated.pop(call, None)
        self._end(call, "failed", kind, Usage(), cost)

    def _end(self, call: str, outcome: Outcome, failure: str | None, usage: Usage, cost: Cost) -> None:
        self._endings.append(_ending(call, outcome, failure, usage, cost))
        self._under_way -= 1
        self._ended += 1
        self._freed.set()
        if self._writing is None:
            self._writing = asyncio.get_running_loop().call_later(SOON, self._write)

    def note(self, kind: Kind, endpoint: str, host: str, size: int, qid_sha256: str | None) -> None:
        """Write down what is about to leave for an endpoint that tells nothing of costs; returns when it is written.

        May be called from any thread.

        Raises:
            EndpointFault: the ledger cannot be written.
        """
        call = self._next_call()
        try:
            with self._lock, transaction(self._db):
                insert_rows(self._db, INTO_CALLS, [_row(call, Sending(kind, endpoint, host, size, qid_sha256))])
                insert_rows(self._db, INTO_ENDINGS, [_ending(call, "noted", None, Usage(), NOTHING)])
        except sqlite3.Error as error:
            raise unusable("ledger", self.path, error) from None

    def spent(self) -> Cost:
        """What has been charged so far by all processes, calls under way at their worst case."""
        with self._lock:
            return _spent(self._db)

    def totals(self) -> list[Totals]:
        """What went where, by kind, endpoint and arm."""
        with self._lock:
            return [Totals(*row) for row in self._db.execute(TOTALS)]

    def close(self) -> None:
        """Write what still waits, and close the file.

        Raises:
            EndpointFault: it cannot be written.
            StoreFault: it could not be given to the store.
        """
        self._write()
        self._db.close()
        try:
            if self._exchange is not None:
                self._exchange.close()
        finally:
            if self._fault is not None:
                raise self._fault

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _next_call(self) -> str:
        return f"{self._process}.{next(self._numbers)}"

    def _write_next(self, loop: asyncio.AbstractEventLoop) -> None:
        """Write when what is ready in this turn of the loop has had its say."""
        if isinstance(self._writing, asyncio.TimerHandle):
            self._writing.cancel()
            self._writing = None
        if self._writing is None:
            self._writing = loop.call_soon(self._write)

    def _write(self) -> None:
        """Write endings, then those calls that the caps allow beside everything that is charged by then."""
        if self._writing is not None:
            self._writing.cancel()
            self._writing = None
        endings, self._endings = self._endings, []
        openings, self._openings = [opening for opening in self._openings if not opening.answer.done()], []
        if not endings and not openings:
            return
        try:
            with self._lock, transaction(self._db):
                insert_rows(self._db, INTO_ENDINGS, endings)
                allowed = self._allowed(openings)
                insert_rows(self._db, INTO_CALLS, [_row(opening.call, opening.sending) for opening in allowed])
        except sqlite3.Error as error:
            self._fault = unusable("ledger", self.path, error)
            for opening in openings:
                opening.answer.set_exception(self._fault)
            return
        for opening in openings:
            if opening in allowed:
                self._begin(opening)
            else:
                opening.answer.set_exception(CallError("over_budget", again=False))
        self._tidy()

    def _begin(self, opening: _Opening) -> None:
        self._under_way += 1
        key = opening.sending.call_key
        if key in self._unended:
            self._repeated[opening.call] = str(key)
        opening.answer.set_result(None)

    def _allowed(self, openings: list[_Opening]) -> list[_Opening]:
        """The calls that the caps allow."""
        if self._caps == Caps():
            return openings
        spent, allowed = _spent(self._db), []
        for opening in openings:
            if opening.sending.worst == NOTHING or self._caps.allow(spent + opening.sending.worst):
                spent += opening.sending.worst
                allowed.append(opening)
        return allowed

    def _tidy(self) -> None:
        """Now and then move what is written into the file itself, in a thread: this does wait for the disk."""
        self._turns += 1
        if self._turns % TURNS_A_CHECKPOINT == 0:
            threading.Thread(target=_checkpoint, args=(self.path,), name="checkpoint of the ledger").start()


def _checkpoint(path: Path) -> None:
    with contextlib.suppress(sqlite3.Error), contextlib.closing(open_database(path, "NORMAL")) as database:
        database.execute("PRAGMA wal_checkpoint(PASSIVE)")


def _row(call: str, sending: Sending) -> tuple[Any, ...]:
    """A row of `calls`."""
    worst = sending.worst
    about = (sending.qid_sha256, sending.arm, sending.call_key)
    return (
        call,
        time.time(),
        sending.kind,
        sending.endpoint,
        sending.host,
        sending.size,
        *about,
        worst.tokens,
        worst.dollars,
    )


def _spent(database: sqlite3.Connection) -> Cost:
    tokens, dollars = database.execute("SELECT tokens, dollars FROM spent").fetchone()
    return Cost(tokens, dollars)


def _ending(call: str, outcome: Outcome, failure: str | None, usage: Usage, cost: Cost) -> tuple[Any, ...]:
    counted = (usage.prompt, usage.completion, usage.cached, usage.cache_write)
    return (call, time.time(), outcome, failure, *counted, cost.tokens, cost.dollars)
