"""Intervals of mean scores, against the formulas by hand and against simulated truth."""

from __future__ import annotations

import math

import numpy
import pandas
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from clinseek_assets.scoring.statistics import MACRO, MICRO, group_intervals, weighted_mean, weights_of


def micro(scores, subtasks, patients):
    subtasks = numpy.array(subtasks, dtype=str)
    return weighted_mean(numpy.array(scores, float), weights_of(subtasks, MICRO), subtasks, numpy.array(patients))


def test_one_subtask_and_one_question_a_patient_is_the_textbook_interval():
    scores = [1.0, 0.0, 0.5, 1.0, 0.25]
    found = micro(scores, ["a"] * 5, range(5))
    textbook = stats.t.interval(0.95, 4, loc=numpy.mean(scores), scale=numpy.std(scores, ddof=1) / math.sqrt(5))
    assert found.f1 == pytest.approx(numpy.mean(scores))
    assert (found.low, found.high) == pytest.approx((max(0, textbook[0]), min(1, textbook[1])))


def test_questions_of_one_patient_count_as_one_draw():
    # By hand: mean 1/2; the patients' sums of deviations are +1, +1/2, -1/2, -1 over n = 8.
    scores = [1, 1, 1, 0.5, 0.5, 0, 0, 0]
    found = micro(scores, ["a"] * 8, [1, 1, 2, 2, 3, 3, 4, 4])
    error = math.sqrt(4 / 3 * (1 + 0.25 + 0.25 + 1) / 64)
    reach = stats.t.ppf(0.975, 3) * error
    assert (found.low, found.high) == pytest.approx((max(0.0, 0.5 - reach), min(1.0, 0.5 + reach)))
    assert (found.n, found.patients) == (8, 4)


def test_differences_between_subtasks_are_no_error():
    # Two subtasks that differ widely, each without any spread: the mean is known exactly.
    found = micro([1, 1, 1, 0, 0, 0], ["easy"] * 3 + ["hard"] * 3, range(6))
    assert (found.low, found.f1, found.high) == pytest.approx((0.5, 0.5, 0.5))


def test_one_patient_alone_has_no_interval():
    found = micro([1, 0], ["a", "a"], [7, 7])
    assert (found.f1, found.low, found.high) == (0.5, None, None)


def test_macro_counts_subtasks_alike():
    subtasks = numpy.array(["a", "a", "a", "b"])
    assert weights_of(subtasks, MACRO) == pytest.approx([1 / 6, 1 / 6, 1 / 6, 1 / 2])


@given(st.lists(st.tuples(st.floats(0, 1), st.sampled_from("abc"), st.integers(0, 5)), min_size=1, max_size=40))
@settings(max_examples=50)
def test_the_interval_holds_its_mean_and_ignores_the_order(rows):
    found = micro(*zip(*rows, strict=True))
    again = micro(*zip(*reversed(rows), strict=True))
    assert found.f1 == pytest.approx(again.f1)
    if found.low is not None:
        assert 0 <= found.low <= found.f1 + 1e-12
        assert found.f1 - 1e-12 <= found.high <= 1
        assert (found.low, found.high) == pytest.approx((again.low, again.high))


@pytest.mark.parametrize("questions_a_patient", [1, 4])
def test_95_percent_intervals_cover_the_truth(questions_a_patient):
    # Three subtasks of fixed size with different means; patients shift all of their questions alike.
    random = numpy.random.default_rng(20260101)
    patients = numpy.repeat(numpy.arange(240 // questions_a_patient), questions_a_patient)
    subtasks = numpy.tile(["a", "b", "c"], 80)
    means = numpy.tile([0.3, 0.5, 0.7], 80)
    weights = weights_of(subtasks, MICRO)
    covered = 0
    draws = 1500
    for _ in range(draws):
        shift = random.normal(0, 0.1, len(set(patients)))[patients]
        found = weighted_mean(means + shift + random.normal(0, 0.1, 240), weights, subtasks, patients)
        covered += found.low <= 0.5 <= found.high
    assert 0.93 <= covered / draws <= 0.97


def test_the_frame_has_every_column_of_the_tables_and_leaves_missing_answers_out():
    scores = pandas.DataFrame(
        {
            "model": "m",
            "arm": "curated",
            "mode": "strict",
            "task_type": ["risk_prediction", "risk_prediction", "decision_making", "decision_making"],
            "subtask": ["Inpatient_Mortality", "Inpatient_Mortality", "labevents", "labevents"],
            "subject_id": [1, 2, 3, 4],
            "qid": ["q1", "q2", "q3", "q4"],
            "scored": [True, True, True, False],
            "f1": [1.0, 0.0, 0.5, None],
        }
    )
    found = group_intervals(scores).set_index(["column", "weighting"])
    assert found.loc[("risk_prediction", "micro"), "f1"] == 0.5
    assert found.loc[("overall", "micro"), "f1"] == 0.5
    assert found.loc[("overall", "micro"), "n"] == 3
    assert found.loc[("labevents", "micro"), "n"] == 1
    assert set(found.index.get_level_values("column")) == {
        "Inpatient_Mortality",
        "labevents",
        "risk_prediction",
        "decision_making",
        "overall",
    }
