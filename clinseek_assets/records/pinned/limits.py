"""What one statement may take: rows and bytes of an answer, seconds, memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock
from time import perf_counter

import apsw

# SQLite's limits on values and statements. They are what bounds the time between two looks at the clock: none is taken
# inside a function call.
CONNECTION_LIMITS = {
    apsw.SQLITE_LIMIT_LENGTH: 200_000,
    apsw.SQLITE_LIMIT_SQL_LENGTH: 200_000,
    apsw.SQLITE_LIMIT_COLUMN: 200,
    apsw.SQLITE_LIMIT_EXPR_DEPTH: 200,
    apsw.SQLITE_LIMIT_COMPOUND_SELECT: 50,
    apsw.SQLITE_LIMIT_VDBE_OP: 500_000,
    apsw.SQLITE_LIMIT_FUNCTION_ARG: 100,
    apsw.SQLITE_LIMIT_ATTACHED: 0,
    apsw.SQLITE_LIMIT_LIKE_PATTERN_LENGTH: 500,
    apsw.SQLITE_LIMIT_VARIABLE_NUMBER: 1_000,
    apsw.SQLITE_LIMIT_TRIGGER_DEPTH: 0,
    apsw.SQLITE_LIMIT_WORKER_THREADS: 0,
}
STEPS_BETWEEN_LOOKS = 1_000


@dataclass(frozen=True)
class Limits:
    """What a statement may take; None is no limit, for what this project itself asks.

    Attributes:
        rows: of an answer; more are cut off with a notice.
        bytes: of an answer's values as text; the rows that exceed it are cut off with a notice.
        seconds: until the statement is stopped.
        memory: bytes that SQLite may take for it.
    """

    rows: int | None = 1_000
    bytes: int | None = 1_000_000
    seconds: float | None = 5.0
    memory: int | None = 64 << 20

    def stopper(self) -> Callable[[], bool]:
        """A function that says whether the time from now on is over."""
        if self.seconds is None:
            return lambda: False
        end = perf_counter() + self.seconds
        return lambda: perf_counter() > end


# SQLite's heap limit is one for the whole process (not for Python's own `sqlite3`, which is another copy). So all that
# records do, they do one at a time: nobody else's work fails at one statement's limit.
_HEAP = Lock()


@contextmanager
def heap_of(memory: int | None) -> Iterator[None]:
    """Have SQLite's heap alone, and take at most `memory` bytes more than it holds now; None is no limit."""
    with _HEAP:
        if memory is not None:
            apsw.hard_heap_limit(apsw.memory_used() + memory)
        try:
            yield
        finally:
            apsw.hard_heap_limit(0)
