"""What a ledger tells of attempts, by endpoint and arm: when, how many failed and why, and what came of trying again.

The ledger is opened for reading alone, so that a record can be made while a run is going on.
"""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from clinseek_assets.models.group_commit import unusable

Place = tuple[str, str, str | None]
"""Kind of the endpoint, its name, and the arm."""
ATTEMPTS = """
SELECT kind, endpoint, arm, count(*), min(sent_at), max(sent_at),
    count(*) FILTER (WHERE outcome = 'settled'), count(*) FILTER (WHERE outcome = 'failed'),
    count(*) FILTER (WHERE outcome = 'lost'), count(*) FILTER (WHERE outcome IS NULL),
    count(DISTINCT qid_sha256), sum(coalesce(tokens, worst_tokens)), sum(coalesce(dollars, worst_dollars))
FROM calls LEFT JOIN endings USING (call) GROUP BY kind, endpoint, arm ORDER BY kind, endpoint, arm
"""
FAILURES = """
SELECT kind, endpoint, arm, failure, count(*) FROM calls JOIN endings USING (call)
WHERE outcome = 'failed' GROUP BY kind, endpoint, arm, failure ORDER BY count(*) DESC, failure
"""
TRIED_AGAIN = """
SELECT kind, endpoint, arm, count(*), sum(answered) FROM (
    SELECT kind, endpoint, arm, max(outcome IS 'settled') AS answered FROM calls LEFT JOIN endings USING (call)
    WHERE call_key NOT NULL GROUP BY kind, endpoint, arm, call_key HAVING max(outcome IN ('failed', 'lost')) = 1
) GROUP BY kind, endpoint, arm
"""
TROUBLED = """
SELECT DISTINCT kind, endpoint, arm, qid_sha256 FROM calls JOIN endings USING (call)
WHERE outcome IN ('failed', 'lost') AND qid_sha256 NOT NULL
"""


@dataclass(frozen=True)
class Attempts:
    """All calls to one endpoint for one arm.

    Attributes:
        calls: all of them; each is settled, failed, lost (its process was killed), or open.
        first, last: when the first and the last one was sent, in UTC.
        questions: different questions.
        tokens, dollars: charged in all, open calls at their worst case.
        failures: why calls failed -> how many.
        troubled: requests of which an attempt failed or was lost.
        recovered: how many of those were answered by another attempt.
        troubled_questions: hashes of the qids of such requests.
    """

    calls: int
    first: dt.datetime
    last: dt.datetime
    settled: int
    failed: int
    lost: int
    open: int
    questions: int
    tokens: int
    dollars: float
    failures: dict[str, int] = field(default_factory=dict)
    troubled: int = 0
    recovered: int = 0
    troubled_questions: frozenset[str] = frozenset()


def attempts(path: Path) -> dict[Place, Attempts]:
    """What the ledger in a file has of each endpoint and arm; nothing where there is no file.

    Raises:
        EndpointFault: the file is no ledger, or cannot be opened.
    """
    if not path.is_file():
        return {}
    try:
        with opened(path) as ledger:
            return dict(_attempts(ledger))
    except sqlite3.Error as error:
        raise unusable("ledger", path, error) from None


@contextmanager
def opened(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection that cannot write."""
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        yield connection


def _attempts(ledger: sqlite3.Connection) -> Iterator[tuple[Place, Attempts]]:
    failures: dict[Place, dict[str, int]] = {}
    for kind, endpoint, arm, failure, count in ledger.execute(FAILURES):
        failures.setdefault((kind, endpoint, arm), {})[failure or "unknown"] = count
    again = {(kind, endpoint, arm): counts for kind, endpoint, arm, *counts in ledger.execute(TRIED_AGAIN)}
    questions: dict[Place, set[str]] = {}
    for kind, endpoint, arm, qid_sha256 in ledger.execute(TROUBLED):
        questions.setdefault((kind, endpoint, arm), set()).add(qid_sha256)
    for (
        kind,
        endpoint,
        arm,
        calls,
        first,
        last,
        settled,
        failed,
        lost,
        still_open,
        about,
        tokens,
        dollars,
    ) in ledger.execute(ATTEMPTS):
        place = (kind, endpoint, arm)
        troubled, recovered = again.get(place, (0, 0))
        yield (
            place,
            Attempts(
                calls=calls,
                first=dt.datetime.fromtimestamp(first, dt.UTC),
                last=dt.datetime.fromtimestamp(last, dt.UTC),
                settled=settled,
                failed=failed,
                lost=lost,
                open=still_open,
                questions=about,
                tokens=tokens,
                dollars=dollars,
                failures=failures.get(place, {}),
                troubled=troubled,
                recovered=recovered,
                troubled_questions=frozenset(questions.get(place, ())),
            ),
        )
