"""Standard errors clustered by patient, their t intervals, and what difference they would let one detect.

With scores s_i, weights w_i (1/n micro; 1/(K n_k) macro over K subtasks of n_k questions) and z_i = w_i (s_i − mean of
i's subtask), SE = √( G/(G−1) · Σ_g (Σ_{i∈g} z_i)² ) over the G patients, and the interval is t with G−1 degrees of
freedom. Centring at the subtask means, not at the grand mean, keeps the fixed differences between subtasks out of the
error. For a contrast the scores are the differences of two arms on the same questions.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy

from clinseek_assets.scoring.statistics.columns import Column, subtask_weights
from clinseek_assets.scoring.statistics.partition import Partition, partition

CONFIDENCE = 0.95
POWER = 0.8
FEW_PATIENTS = 30


@dataclass(frozen=True)
class Estimate:
    """A mean score with its interval, in fractions.

    Attributes:
        f1: the weighted mean.
        low, high: ends of the 95% interval, held within 0 and 1; None for a single patient, whose spread is unknown.
        n: number of questions.
        patients: number of patients.
    """

    f1: float
    low: float | None
    high: float | None
    n: int
    patients: int


@dataclass(frozen=True)
class Estimates:
    """A column's figures, an entry a series.

    Attributes:
        mean: the weighted mean; NaN without a question.
        error: the standard error clustered by patient; NaN with fewer than two patients.
        n, patients: numbers of questions and of patients.
    """

    mean: numpy.ndarray
    error: numpy.ndarray
    n: numpy.ndarray
    patients: numpy.ndarray

    @property
    def low(self) -> numpy.ndarray:
        """The lower end of the 95% interval."""
        return self.mean - t_reach(self.error, self.patients)

    @property
    def high(self) -> numpy.ndarray:
        """The upper end of the 95% interval."""
        return self.mean + t_reach(self.error, self.patients)

    @property
    def small(self) -> numpy.ndarray:
        """Whether there are too few patients for the interval to be trusted."""
        return self.patients < FEW_PATIENTS


def estimates(cells: Partition, column: Column) -> Estimates:
    """The means of a column with their errors, for all series at once."""
    weights = subtask_weights(cells.sizes, column)
    of_column = cells.within(column.members)
    n = cells.sizes[column.members].sum(axis=0)
    mean = numpy.where(n > 0, (weights * cells.means).sum(axis=0), numpy.nan)
    subtask = of_column.subtask_of
    per_question = _per_question(weights, cells.sizes)[subtask]
    deviations = per_question * (of_column.sums - of_column.counts * cells.means[subtask])
    _, counts = of_column.by_patient(of_column.counts)
    patients = (counts > 0).sum(axis=0)
    return Estimates(mean, _error(of_column.by_patient(deviations)[1], patients), n.astype(int), patients)


def patient_sums(cells: Partition, column: Column) -> tuple[numpy.ndarray, numpy.ndarray]:
    """Each patient's sum of w_i·s_i in a column: the patients' positions, and the sums as patients × series."""
    of_column = cells.within(column.members)
    per_question = _per_question(subtask_weights(cells.sizes, column), cells.sizes)
    return of_column.by_patient(per_question[of_column.subtask_of] * of_column.sums)


def weighted_mean(
    scores: numpy.ndarray, weights: numpy.ndarray, subtasks: numpy.ndarray, patients: numpy.ndarray
) -> Estimate:
    """The weighted mean of scores with its interval clustered by patient, centred at the subtasks' means.

    Args:
        scores: one a question, in [0, 1].
        weights: one a question; they add up to 1.
        subtasks, patients: which subtask and patient each question belongs to.

    Raises:
        ValueError: there is no score.
    """
    if not len(scores):
        raise ValueError("no scores to average")
    cells = partition(numpy.asarray(scores, dtype=float)[:, None], patients, subtasks)
    _, subtask_of = numpy.unique(subtasks, return_inverse=True)
    deviations = weights * (scores - cells.means[subtask_of, 0])
    sums = partition(deviations[:, None], patients, subtasks)
    clusters = numpy.array([cells.patients])
    reach = float(t_reach(_error(sums.by_patient(sums.sums)[1], clusters), clusters)[0])
    mean = float(weights @ scores)
    if cells.patients < 2:
        return Estimate(mean, None, None, len(scores), cells.patients)
    return Estimate(mean, max(0.0, mean - reach), min(1.0, mean + reach), len(scores), cells.patients)


def t_reach(error: numpy.ndarray, patients: numpy.ndarray) -> numpy.ndarray:
    """Half the width of the 95% interval: t with one degree of freedom less than patients, times the error."""
    from scipy.special import stdtrit  # here: the graph is loaded far more often than intervals are computed

    return stdtrit(numpy.maximum(patients - 1.0, 1.0), (1 + CONFIDENCE) / 2) * error


def minimum_detectable(error: numpy.ndarray | float) -> numpy.ndarray:
    """The smallest true difference that a two-sided test at 5% finds with 80% power, given its standard error.

    NaN where the error is 0: no spread was seen, so nothing is known of it.
    """
    from scipy.special import ndtri

    factor = float(ndtri((1 + CONFIDENCE) / 2) + ndtri(POWER))
    return numpy.where(numpy.asarray(error) > 0, factor * numpy.asarray(error), numpy.nan)


def _per_question(weights: numpy.ndarray, sizes: numpy.ndarray) -> numpy.ndarray:
    """The weight of one question of each subtask: subtasks × series."""
    return weights / numpy.maximum(sizes, 1.0)


def _error(sums: numpy.ndarray, patients: numpy.ndarray) -> numpy.ndarray:
    """The clustered error from the patients' sums of weighted deviations (patients × series)."""
    spread = numpy.sqrt(patients / numpy.maximum(patients - 1, 1) * (sums**2).sum(axis=0))
    return numpy.where(patients > 1, spread, numpy.nan)
