"""Minimum detectable differences and Wilson's interval, against published figures and SciPy's."""

from __future__ import annotations

import math

import numpy
import pytest
from scipy import stats

from clinseek_assets.scoring.statistics import minimum_detectable
from clinseek_assets.scoring.statistics.proportions import effective_size, wilson


@pytest.mark.parametrize(("questions", "points"), [(1_800, 2.6), (989, 3.6), (40, 17.7)])
def test_minimum_detectable_differences_at_80_percent_power(questions, points):
    assert 100 * minimum_detectable(0.40 / math.sqrt(questions)) == pytest.approx(points, abs=0.05)


def test_without_any_spread_nothing_is_known_of_power():
    assert numpy.isnan(minimum_detectable(0.0))


@pytest.mark.parametrize(("right", "questions"), [(0, 40), (1, 40), (20, 40), (39, 40), (40, 40)])
def test_wilson_is_scipys(right, questions):
    theirs = stats.binomtest(right, questions).proportion_ci(method="wilson")
    low, high = wilson(numpy.array([right / questions]), numpy.array([questions]))
    assert (low[0], high[0]) == pytest.approx((theirs.low, theirs.high), abs=1e-12)


def test_questions_that_come_in_equal_pairs_are_worth_about_half():
    # 20 patients with two questions each, both right or both wrong: the clustered variance is that of 20 questions.
    share, error = numpy.array([0.5]), numpy.array([math.sqrt(0.25 / 19)])
    found = effective_size(share, error, numpy.array([40]), numpy.array([20]))
    assert found[0] == pytest.approx(40 * 19 / 39)


def test_without_repeated_patients_every_question_counts():
    share, error = numpy.array([0.25]), numpy.array([math.sqrt(0.25 * 0.75 / 39)])
    assert effective_size(share, error, numpy.array([40]), numpy.array([40]))[0] == 40


def test_where_all_answers_are_right_each_patient_counts_once():
    assert effective_size(numpy.array([1.0]), numpy.array([0.0]), numpy.array([40]), numpy.array([30]))[0] == 30
