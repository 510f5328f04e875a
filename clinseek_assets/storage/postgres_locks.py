"""Locks that several machines share: session advisory locks of a Postgres server.

A lock is two numbers of 32 bits: what it is about, and which of it. The server gives it back when the connection ends,
however it ends. Nothing is stored in the database. A pool that hands one connection to several clients (PgBouncer in
transaction mode) breaks this: connect to the server itself.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from clinseek_assets.faults import Fault, SettingsFault

CONNECT_SECONDS = 10
# A peer that says nothing is taken for dead after about this long, by both sides.
SILENCE_SECONDS = 30
OPTIONS = {
    "connect_timeout": CONNECT_SECONDS,
    "application_name": "clinseek",
    "keepalives": 1,
    "keepalives_idle": SILENCE_SECONDS // 3,
    "keepalives_interval": SILENCE_SECONDS // 6,
    "keepalives_count": 4,
    "tcp_user_timeout": SILENCE_SECONDS * 1000,
}
SESSION = f"""
SET statement_timeout = '{CONNECT_SECONDS}s';
SET tcp_keepalives_idle = {SILENCE_SECONDS // 3};
SET tcp_keepalives_interval = {SILENCE_SECONDS // 6};
SET tcp_keepalives_count = 4;
"""
HELD = """
SELECT objid::bigint FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 2 AND granted
AND classid::bigint = %s AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
NUMBERS = 1 << 32


class PostgresLocks:
    """One connection and the locks that it holds. May be used by several threads.

    Args:
        url: of the server; it is shown nowhere.
        fault: what is raised where the server cannot be used.

    Raises:
        SettingsFault: the client is not installed.
        Fault: of that kind: the server cannot be reached.
    """

    def __init__(self, url: str, fault: type[Fault]) -> None:
        self._fault = fault
        try:
            import psycopg2
        except ImportError:
            raise SettingsFault(
                "CLINSEEK_LEASES names a Postgres server, and nothing that is installed speaks to one.",
                mend='Install it: pip install "clinseek-assets[cluster]".',
            ) from None
        self._error: type[Exception] = psycopg2.Error
        self._lock = threading.Lock()
        try:
            self._connection: Any = psycopg2.connect(url, **OPTIONS)
            self._connection.autocommit = True
            self._ask(SESSION, (), rows=False)
        except psycopg2.Error as error:
            raise self._unusable(error) from None

    def held(self, about: int) -> set[int]:
        """Which locks about something are held, by whomever."""
        return {int(number) for (number,) in self._ask(HELD, (about,))}

    def take(self, about: int, number: int) -> bool:
        """Whether a lock could be had; it is ours then. One that this connection holds already must not be asked for.

        Raises:
            Fault: the server cannot be used: whatever was held is given back by then.
        """
        ((had,),) = self._ask("SELECT pg_try_advisory_lock(%s, %s)", (_signed(about), _signed(number)))
        return bool(had)

    def give_back(self, about: int, number: int) -> None:
        """Give a lock back; raises as `take` does."""
        self._ask("SELECT pg_advisory_unlock(%s, %s)", (_signed(about), _signed(number)))

    def close(self) -> None:
        """Give back everything, now: a server notices some time later that a connection was closed."""
        with suppress(Fault):
            self._ask("SELECT pg_advisory_unlock_all()", (), rows=False)
        self._connection.close()

    def _ask(self, query: str, values: Sequence[Any], *, rows: bool = True) -> list[tuple[Any, ...]]:
        try:
            with self._lock, self._connection.cursor() as cursor:
                cursor.execute(query, values or None)
                return list(cursor.fetchall()) if rows else []
        except self._error as error:
            raise self._unusable(error) from None

    def _unusable(self, error: Exception) -> Fault:
        """The server's own words may hold addresses and names, so that only the kind of error is told."""
        return self._fault(
            f"The server of leases, which CLINSEEK_LEASES names, cannot be used ({type(error).__name__}).",
            mend="See that it runs and lets this machine in, then run this again: what is finished is kept. To work on "
            "one machine alone, unset CLINSEEK_LEASES everywhere.",
        )


def number_of(text: str) -> int:
    """A number of 32 bits for a hash in hex."""
    return int(text[:8], 16)


def _signed(number: int) -> int:
    """As Postgres has it: its numbers of 32 bits have a sign."""
    return number - NUMBERS if number >= NUMBERS // 2 else number
