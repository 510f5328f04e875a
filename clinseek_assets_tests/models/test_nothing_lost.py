"""Seeking against a server that fails in every way, killed again and again, ends as a run that was left alone."""

from __future__ import annotations

import json
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from clinseek_assets.benchmark.questions import Question
from clinseek_assets.models.answered import COLUMNS
from clinseek_assets.models.endpoints import patience
from clinseek_assets.models.ledger import Ledger, Totals
from clinseek_assets.models.registry import Model
from clinseek_assets.models.seeking_arm import answer_seeking
from clinseek_assets_tests.models.cases import chat_model, keeping_in, question
from clinseek_assets_tests.models.faulty_server import FaultyServer, Script, called, rounds, serving_faults
from clinseek_assets_tests.models.test_seeking_arm import LABS, LOAD, tools_in, write_record
from clinseek_assets_tests.records.pinned.lives import OWN, PATIENT, T

SEED = 20_260
MOST_FAULTS, ATTEMPTS = 2, 8
ATTEMPT_SECONDS, HANG_SECONDS = 2.0, 3.0
AT_A_TIME = 16
MOST_ROUNDS = 9
# Most faults take no time; waits and hangs are rarer, so that the proof ends today.
KINDS = (
    *("500", "cut stream", "broken JSON", "no choices", "hung up") * 8,
    *("429", "503", "529", "429 with a wait", "hangs"),
)
TABLES = ("ehr_run_sql_query", {"subject_id": str(PATIENT), "sql_query": "SELECT count(*) FROM admissions"})
LOOKUPS = (LOAD, LABS, TABLES, LABS)
FINISHED = "finished"
# outcome -> what the model says once it has looked; all but the last of these end an exchange after five rounds.
ENDINGS: dict[str, dict[str, Any]] = {
    "salvaged": {"role": "assistant", "content": "<answer>\nno\n</answer>"},
    "truncated": {"role": "assistant", "content": "I think that", "finish_reason": "length"},
    "refused": {"role": "assistant", "content": None, "finish_reason": "content_filter"},
    "unparsable": {"role": "assistant", "content": "It cannot be told."},
    "out_of_rounds": called(0, LOAD[0], json.dumps(LOAD[1])),
}
OUTCOMES = (FINISHED,) * 5 + tuple(ENDINGS)


def script() -> Script:
    """Four rounds of lookups, some of them wrong, then the ending that the question's text names."""
    looking = rounds(LOOKUPS, ("yes", "no"), wrong=0.2)

    def say(body: dict[str, Any], chance: random.Random) -> dict[str, Any]:
        looked = sum(message["role"] == "assistant" for message in body["messages"]) >= len(LOOKUPS)
        asked = next(message["content"] for message in body["messages"] if message["role"] == "user")
        ending = next((dict(said) for name, said in ENDINGS.items() if f"({name})" in asked), None)
        return ending if looked and ending is not None else looking(body, chance)

    return say


def questions_of(count: int) -> list[Question]:
    about = {"subject_id": PATIENT, "hadm_id": OWN, "prediction_time": T}
    return [
        question(
            f"q{number}",
            row_number=number,
            instruction=f"Will event {number} happen? ({OUTCOMES[number % len(OUTCOMES)]})",
            **about,
        )
        for number in range(1, count + 1)
    ]


def model_at(url: str) -> Model:
    limits = {"attempt_seconds": ATTEMPT_SECONDS, "total_seconds": 300.0, "attempts": ATTEMPTS}
    return chat_model(url, patience=limits, max_concurrency=AT_A_TIME, max_rounds=MOST_ROUNDS)


def run(url: str, record: Path, folder: Path, count: int) -> pd.DataFrame:
    """All questions, as far as they are not answered yet."""
    patience.FIRST_PAUSE = 0.01
    return answer_seeking(
        model_at(url),
        questions_of(count),
        arm="seeking",
        tools=tools_in(record),
        keeping=keeping_in(folder),
        priors=None,
        data_class="open",
    )


RUN = """
import sys
from pathlib import Path
from clinseek_assets_tests.models.test_nothing_lost import run
run(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4]))
"""


@contextmanager
def process(server: FaultyServer, record: Path, folder: Path, count: int) -> Iterator[subprocess.Popen[bytes]]:
    started = subprocess.Popen([sys.executable, "-c", RUN, server.url, str(record), str(folder), str(count)])
    try:
        yield started
    finally:
        started.kill()
        started.wait()


@dataclass(frozen=True)
class AfterKill:
    """What a killed run left: keys that the journal answers, the ledger's calls in flight and number of calls."""

    answered: frozenset[str]
    in_flight: frozenset[str]
    calls: int


def killed_at(request: int, pause: float, server: FaultyServer, record: Path, folder: Path, count: int) -> AfterKill:
    """Run until the server has had so many requests and a moment longer, then kill."""
    with process(server, record, folder, count) as running:
        while server.asked.total() < request:
            assert running.poll() is None, "the run ended before it could be killed"
            time.sleep(0.001)
        time.sleep(pause)
        assert running.poll() is None, "the run ended before it could be killed"
        running.send_signal(signal.SIGKILL)
    answered = frozenset(key for (key,) in rows(keeping_in(folder).journal, "SELECT call_key FROM completions"))
    unended = rows(
        keeping_in(folder).ledger,
        "SELECT call, call_key FROM calls LEFT JOIN endings USING (call) WHERE outcome IS NULL",
    )
    (calls,) = rows(keeping_in(folder).ledger, "SELECT count(*) FROM calls")[0]
    return AfterKill(answered, frozenset(call for call, key in unended if key not in answered), calls)


def rows(file: Path, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(file)) as database:
        return database.execute(query).fetchall()


def moments(kills: int, count: int) -> list[tuple[int, float]]:
    """When to kill: a number of requests, below what all questions need, and some milliseconds after it."""
    chance = random.Random(SEED + kills)
    requests = sorted(chance.sample(range(1, count * (len(LOOKUPS) + 1) - kills * AT_A_TIME), kills))
    return [(request, chance.uniform(0, 0.03)) for request in requests]


@pytest.mark.parametrize(
    ("count", "kills"), [pytest.param(40, 2, id="few"), pytest.param(500, 20, marks=pytest.mark.slow, id="many")]
)
def test_nothing_is_lost_and_nothing_is_paid_for_twice(count: int, kills: int, tmp_path: Path) -> None:
    record, folder = tmp_path / "record", tmp_path / "kept"
    write_record(record)
    faults = {"most_faults": MOST_FAULTS, "kinds": KINDS, "hang_seconds": HANG_SECONDS, "seconds": 0.005}
    with serving_faults(SEED, script=script(), **faults) as server:
        left = [killed_at(*moment, server, record, folder, count) for moment in moments(kills, count)]
        with process(server, record, folder, count) as running:
            assert running.wait() == 0
        requests, answered, played = server.asked.total(), Counter(server.answered), Counter(server.faults)
        frame = run(server.url, record, folder, count)
        assert server.asked.total() == requests, "all was kept, but something was asked again"
        undisturbed = run(server.url, record, tmp_path / "undisturbed", count)
        assert server.faults == played, "the second run was to be undisturbed"

    asked = questions_of(count)
    assert frame["outcome"].tolist() == [outcome_of(each) for each in asked]
    assert set(OUTCOMES) <= set(frame["outcome"])
    assert set(played) == set(KINDS)
    same = [name for name in COLUMNS if name != "seconds"]
    pd.testing.assert_frame_equal(frame[same], undisturbed[same])

    total = totals_of(folder)
    sent = [key for (key,) in rows(keeping_in(folder).ledger, "SELECT call_key FROM calls ORDER BY rowid")]
    for kill in left:
        assert not kill.answered & set(sent[kill.calls :]), "sent again although its answer was kept"
    in_flight = frozenset[str]().union(*(kill.in_flight for kill in left))
    kept = rows(keeping_in(folder).journal, "SELECT count(*) FROM completions")[0][0]
    assert kept == len(answered) == total.settled
    assert total.lost == len(in_flight) and total.open == 0
    assert total.calls == total.settled + total.failed + total.lost >= requests
    repeats = answered.total() - len(answered)
    assert repeats <= total.lost + late_answers(folder, played)


def outcome_of(asked: Question) -> str:
    """What the question's text says."""
    return asked.instruction.rpartition("(")[2].rstrip(")")


def totals_of(folder: Path) -> Totals:
    with Ledger(keeping_in(folder).ledger) as ledger:
        (total,) = ledger.totals()
    return total


def late_answers(folder: Path, played: Counter[str]) -> int:
    """Attempts that ran out of time although the server did not hang: on a busy machine it answers them too late."""
    timeouts = rows(keeping_in(folder).ledger, "SELECT count(*) FROM endings WHERE failure = 'timeout'")[0][0]
    return max(0, timeouts - played["hangs"])
