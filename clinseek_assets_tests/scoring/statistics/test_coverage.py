"""Simulated proof: nominal 95% intervals cover the truth in 93 to 97% of draws, tests at 5% err in 4.4 to 5.6%.

Sizes n_k are fixed, patients are drawn anew in every simulated data set, and shift all of their questions alike. One
data set is one series, so thousands of them go through the very functions that make the tables.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy
import pytest

from clinseek_assets.scoring.statistics.bootstrap import bootstrap_intervals
from clinseek_assets.scoring.statistics.clustered import estimates
from clinseek_assets.scoring.statistics.columns import MACRO, MICRO, Column
from clinseek_assets.scoring.statistics.partition import partition
from clinseek_assets.scoring.statistics.resamples import resamples
from clinseek_assets.scoring.statistics.sign_flip import sign_flip

SHARES = numpy.array([0.35, 0.5, 0.65])  # with shifts of 0.15 at most, p stays within 0.2 to 0.8
SHIFT = 0.15
GAIN = numpy.array([0.0, 0.05, 0.1])
COLUMNS = [
    Column("first", "subtask", MICRO, numpy.array([0])),
    Column("overall", "overall", MICRO, numpy.arange(3)),
    Column("overall", "overall", MACRO, numpy.arange(3)),
]


@dataclass(frozen=True)
class Layout:
    """Which patient and subtask each question belongs to, the same in every simulated data set."""

    patients: numpy.ndarray
    subtasks: numpy.ndarray

    def truths(self, means):
        sizes = numpy.bincount(self.subtasks)
        return [means[0], float(sizes @ means / sizes.sum()), float(means.mean())]


def layout(patients, questions_a_patient):
    """Subtasks of unequal sizes (3 : 2 : 1); every patient has at least one question."""
    questions = int(patients * questions_a_patient)
    random = numpy.random.default_rng(5)
    of_patient = numpy.concatenate([numpy.arange(patients), random.integers(0, patients, questions - patients)])
    return Layout(random.permutation(of_patient), numpy.arange(questions) % 6 % 5 % 3)


def simulated(of, draws, random, *, paired):
    """Questions × draws: right or wrong; `paired` gives the difference of two arms that share the patient's shift."""
    shift = random.choice([-SHIFT, 0.0, SHIFT], size=(of.patients.max() + 1, draws))[of.patients]
    right = random.random((len(of.patients), draws)) < SHARES[of.subtasks][:, None] + shift
    if not paired:
        return right.astype(float)
    gains = GAIN[of.subtasks][:, None] * (1 + random.choice([-1.0, 1.0], size=shift.shape))
    other = random.random(right.shape) < SHARES[of.subtasks][:, None] + shift - gains
    return right.astype(float) - other


def covered(low, high, truth):
    return float(((low <= truth) & (truth <= high)).mean())


CASES = pytest.mark.parametrize(
    ("questions_a_patient", "paired"), [(1.5, False), (1.5, True), (12, False), (12, True)], ids=str
)


def shares_covered(questions_a_patient, paired, draws, *, bootstrapped):
    of = layout(240, questions_a_patient)
    values = simulated(of, draws, numpy.random.default_rng(11), paired=paired)
    cells = partition(values, of.patients, of.subtasks)
    truths = of.truths(GAIN if paired else SHARES)
    if bootstrapped:
        intervals = zip(*bootstrap_intervals(cells, COLUMNS, resamples(cells.patients)), strict=True)
    else:
        intervals = ((made.low, made.high) for made in (estimates(cells, column) for column in COLUMNS))
    return [covered(low, high, truth) for (low, high), truth in zip(intervals, truths, strict=True)]


@CASES
def test_t_intervals_cover_the_truth(questions_a_patient, paired):
    found = shares_covered(questions_a_patient, paired, 2_000, bootstrapped=False)
    assert all(0.93 <= share <= 0.97 for share in found), found


@pytest.mark.slow
@CASES
def test_bootstrap_intervals_cover_the_truth(questions_a_patient, paired):
    found = shares_covered(questions_a_patient, paired, 2_000, bootstrapped=True)
    assert all(0.93 <= share <= 0.97 for share in found), found


def test_errors_around_the_grand_mean_would_cover_too_often():
    """The control: the proof sees the fault that centring at the subtasks' means avoids."""
    of = layout(240, 1.5)
    means = numpy.array([0.05, 0.5, 0.95])[of.subtasks][:, None]
    values = (numpy.random.default_rng(11).random((len(of.patients), 2_000)) < means).astype(float)
    of_one = partition(values, of.patients, numpy.zeros(len(of.patients), int))
    made = estimates(of_one, COLUMNS[0])
    assert covered(made.low, made.high, float(means.mean())) > 0.97


def type_one_error(tests, questions_a_patient):
    of = layout(120, questions_a_patient)
    random = numpy.random.default_rng(17)
    first, second = (simulated_null(of, tests, random) for _ in range(2))
    cells = partition(first - second, of.patients, of.subtasks)
    draws = resamples(cells.patients)
    return [float((sign_flip(cells, column, draws) < 0.05).mean()) for column in COLUMNS]


def simulated_null(of, draws, random):
    """One arm: both arms' patients shift alike in distribution, so that no arm is better."""
    shift = random.uniform(-SHIFT, SHIFT, size=(of.patients.max() + 1, draws))[of.patients]
    return numpy.clip(SHARES[of.subtasks][:, None] + shift + random.normal(0, 0.2, shift.shape), 0, 1)


def test_the_sign_flip_test_holds_its_level():
    found = type_one_error(1_000, 1.5)
    assert all(0.03 <= share <= 0.07 for share in found), found


@pytest.mark.slow
@pytest.mark.parametrize("questions_a_patient", [1.5, 12])
def test_the_sign_flip_test_holds_its_level_over_10000_data_sets(questions_a_patient):
    found = type_one_error(10_000, questions_a_patient)
    assert all(0.044 <= share <= 0.056 for share in found), found
