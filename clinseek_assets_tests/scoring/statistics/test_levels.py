"""Mean scores: intervals against the formulas by hand, Wilson's where it belongs, ties with the best, runs."""

from __future__ import annotations

import math

import numpy
import pandas
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from clinseek_assets.scoring.statistics import MACRO, MICRO, group_intervals, levels, weighted_mean, weights_of
from clinseek_assets_tests.scoring.statistics.cases import made_up, rows_of


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


def subtask_of(figures, **names):
    return rows_of([(f"q{i}", patient, "Inpatient_Mortality", f1) for i, (patient, f1) in enumerate(figures)], **names)


def test_right_or_wrong_scores_of_a_subtask_have_wilsons_interval_and_are_marked_small():
    found = levels(subtask_of([(i, float(i < 30)) for i in range(40)])).set_index(["column", "weighting"])
    alone, overall = found.loc[("Inpatient_Mortality", "micro")], found.loc[("overall", "micro")]
    theirs = stats.binomtest(30, 40).proportion_ci(method="wilson")
    assert (alone.interval, alone.small) == ("wilson", True)
    assert (alone.low, alone.high) == pytest.approx((theirs.low, theirs.high))
    assert (overall.interval, overall.small) == ("t", False)


def test_repeated_patients_widen_wilsons_interval():
    once = levels(subtask_of([(i, float(i % 2)) for i in range(40)])).iloc[0]
    twice = levels(subtask_of([(i // 2, float(i // 2 % 2)) for i in range(40)])).iloc[0]
    assert once.f1 == twice.f1
    assert twice.high - twice.low > 1.3 * (once.high - once.low)


def test_fewer_than_30_patients_are_marked_small():
    small = [levels(subtask_of([(i, 0.3 + i / 100) for i in range(n)]))["small"].all() for n in (29, 30)]
    assert small == [True, False]


def test_models_are_tied_with_the_best_unless_they_are_clearly_behind():
    random = numpy.random.default_rng(2)
    base = random.uniform(0.4, 0.6, 60)
    of_model = {"best": base + 0.02, "close": base + random.normal(0.018, 0.02, 60), "far": base - 0.2}
    frames = [subtask_of(list(enumerate(f1)), model=model) for model, f1 in of_model.items()]
    found = levels(pandas.concat(frames)).set_index(["column", "model"]).loc["Inpatient_Mortality"]
    assert found["tied_with_best"].to_dict() == {"best": True, "close": True, "far": False}
    assert numpy.isnan(found.loc["best", "p_best"])
    assert found.loc["far", "p_best_holm"] == pytest.approx(2 * found.loc["far", "p_best"])


def test_ties_are_sought_within_an_arm_only():
    random = numpy.random.default_rng(2)
    low, high = random.uniform(0.1, 0.2, 40), random.uniform(0.8, 0.9, 40)
    apart = pandas.concat([subtask_of(list(enumerate(low)), arm="curated"), subtask_of(list(enumerate(high)))])
    assert levels(apart)["tied_with_best"].all()


def test_the_spread_from_run_to_run_is_over_questions_that_every_run_answered():
    first = subtask_of([(1, 0.2), (2, 0.4), (3, 0.9)])
    second = subtask_of([(1, 0.4), (2, 0.6), (3, None)], run_index=2)
    found = levels(pandas.concat([first, second])).iloc[0]
    assert found.run_sd == pytest.approx(numpy.std([0.3, 0.5], ddof=1))
    assert found.f1 == pytest.approx((0.3 + 0.5 + 0.9) / 3)
    assert numpy.isnan(levels(first).iloc[0].run_sd)


def test_levels_have_the_means_and_t_intervals_of_the_tables():
    scores = made_up(missing=0.2)
    key = ["model", "arm", "mode", "column", "weighting"]
    tables, found = group_intervals(scores).set_index(key), levels(scores).set_index(key)
    assert (found.loc[found["interval"] == "t", ["boot_low", "boot_high"]].notna()).all(axis=None)
    pandas.testing.assert_frame_equal(found.loc[tables.index, list(tables.columns)], tables)
