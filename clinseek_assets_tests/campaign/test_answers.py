"""Aggregates of one model in one arm: outcomes, what they do to the figures, effort."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pandas
import pytest

from clinseek_assets.campaign.answers import COLUMNS, Cell, told_of
from clinseek_assets.campaign.small_cells import LEFT_OUT
from clinseek_assets.models.ledger_figures import Attempts
from clinseek_assets.storage.fingerprint import of_text

# Outcome and strict F1 of twenty patients' questions, one each.
OUTCOMES = [
    *[("finished", 1.0)] * 10,
    *[("salvaged", 0.5)] * 4,
    *[("truncated", 0.0)] * 4,
    *[("endpoint_failed", None)] * 2,
]
ATTEMPTS = Attempts(
    calls=44,
    first=dt.datetime(2026, 1, 1, 8, tzinfo=dt.UTC),
    last=dt.datetime(2026, 1, 2, 9, tzinfo=dt.UTC),
    settled=40,
    failed=4,
    lost=0,
    open=0,
    questions=20,
    tokens=20_000,
    dollars=5.0,
    failures={"timeout": 4},
    troubled=3,
    recovered=1,
    troubled_questions=frozenset(of_text(f"q{place}") for place in (0, 18, 19)),
)


def cell(fewest: int = 1, attempts: Attempts | None = ATTEMPTS) -> Cell:
    places = range(len(OUTCOMES))
    outcomes = [outcome for outcome, _ in OUTCOMES]
    alike = {"qid": [f"q{place}" for place in places], "subject_id": places, "run_index": 1, "outcome": outcomes}
    answers = pandas.DataFrame(alike).reindex(columns=COLUMNS)
    answers = answers.assign(
        forced=["window" if outcome == "truncated" else None for outcome in outcomes],
        notices=pandas.array([2, *[0] * 19], dtype="Int64"),
        error_kind=["timeout" if outcome == "endpoint_failed" else None for outcome in outcomes],
        rounds=pandas.array([3] * 18 + [None] * 2, dtype="Int64"),
        dollars=[0.5] * 18 + [float("nan")] * 2,
    )
    scores = pandas.DataFrame({**alike, "arm": "seeking", "mode": "strict", "f1": [f1 for _, f1 in OUTCOMES]})
    scores = scores.assign(scored=scores["f1"].notna(), decided=pandas.array([None] * 20, dtype="boolean"))
    return Cell(answers, scores, attempts, fewest)


def test_outcomes_and_what_they_do_to_the_figure() -> None:
    told = told_of(cell())
    assert told["outcomes"] == {"finished": 10, "salvaged": 4, "truncated": 4, "endpoint_failed": 2}
    assert told["errors"] == {"timeout": 2}
    assert told["effect"] == pytest.approx(
        {
            "f1": 12 / 18,
            "of answers alone": 12 / 14,
            "missing as wrong": 12 / 20,
            "missing as right": 14 / 20,
            "without troubled calls": 11 / 17,
        }
    )


def test_limits_of_length_effort_and_calls() -> None:
    told = told_of(cell())
    assert told["window"] == {
        "answers truncated": 0.2,
        "evidence shortened": 0.05,
        "last turn forced by window": 0.2,
    }
    assert (told["a_question"]["rounds"], told["a_question"]["dollars"]) == (3.0, 0.5)
    assert told["a_question"]["prompt_tokens"] is None
    calls = told["attempts"]
    assert (calls["calls a question"], calls["tokens a question"], calls["dollars a question"]) == (2.2, 1000.0, 0.25)
    assert (calls["requests tried again or given up"], calls["of these answered in the end"]) == (3, 1)
    assert (calls["first call"], calls["last call"]) == ("2026-01-01T08:00:00+00:00", "2026-01-02T09:00:00+00:00")


def test_what_few_patients_did_is_left_out_and_cannot_be_computed_back() -> None:
    told = told_of(cell(fewest=11))
    assert set(told["outcomes"].values()) == {LEFT_OUT}
    assert told["effect"]["f1"] == pytest.approx(12 / 18)
    assert {name for name, value in told["effect"].items() if value == LEFT_OUT} == {
        "of answers alone",
        "missing as wrong",
        "missing as right",
        "without troubled calls",
    }
    assert set(told["window"].values()) == {LEFT_OUT}


def test_runs_of_a_question_are_averaged_first() -> None:
    once = cell()
    again = once.scores.iloc[:1].assign(run_index=2, f1=0.0)
    told = told_of(replace(once, scores=pandas.concat([once.scores, again])))
    assert told["effect"]["f1"] == pytest.approx((12 - 0.5) / 18)


def test_who_runs_here_calls_nobody() -> None:
    told = told_of(cell(attempts=None))
    assert told["attempts"] is None
    assert told["effect"]["without troubled calls"] == told["effect"]["f1"]
