"""Intervals of mean scores: subtasks are fixed, patients are random, and one patient may answer for several questions.

With scores s_i, weights w_i (1/n micro; 1/(K n_k) macro over K subtasks of n_k questions) and z_i = w_i (s_i − mean of
i's subtask), SE = √( G/(G−1) · Σ_g (Σ_{i∈g} z_i)² ) over the G patients, and the interval is t with G−1 degrees of
freedom. This is the cluster-robust error of Miller (2024, arXiv 2411.00640) with the factor G/(G−1). Centring at the
subtask means, not at the grand mean, keeps the fixed differences between subtasks out of the error.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy
import pandas

from clinseek_assets.benchmark.subtasks import DECISION, RISK

CONFIDENCE = 0.95
OVERALL = "overall"
MICRO = "micro"
MACRO = "macro"


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
    _, subtask_of, sizes = numpy.unique(subtasks, return_inverse=True, return_counts=True)
    centres = numpy.bincount(subtask_of, scores) / sizes
    deviations = weights * (scores - centres[subtask_of])
    _, patient_of = numpy.unique(patients, return_inverse=True)
    sums = numpy.bincount(patient_of, deviations)
    mean, clusters = float(weights @ scores), len(sums)
    if clusters < 2:
        return Estimate(mean, None, None, len(scores), clusters)
    from scipy.special import stdtrit  # here: the graph is loaded far more often than intervals are computed

    error = float(numpy.sqrt(clusters / (clusters - 1) * (sums @ sums)))
    reach = float(stdtrit(clusters - 1, (1 + CONFIDENCE) / 2)) * error
    return Estimate(mean, max(0.0, mean - reach), min(1.0, mean + reach), len(scores), clusters)


def weights_of(subtasks: numpy.ndarray, weighting: str) -> numpy.ndarray:
    """One weight a question: `micro` counts questions alike, `macro` subtasks."""
    if weighting == MICRO:
        return numpy.full(len(subtasks), 1 / len(subtasks))
    _, subtask_of, sizes = numpy.unique(subtasks, return_inverse=True, return_counts=True)
    return (1 / (len(sizes) * sizes))[subtask_of]


def group_intervals(scores: pandas.DataFrame, task_types: Sequence[str] = (RISK, DECISION)) -> pandas.DataFrame:
    """The figures of every cell of the tables: each subtask, each task type that is a column, overall.

    Args:
        scores: rows of `score_predictions`; rows without a score are left out, the runs of a question are averaged.
        task_types: the task types that the tables have as columns; none in the multimodal split, whose columns are its
            groups.

    Returns:
        One row a model, arm, mode, column and weighting: `column` is a subtask, a task type or `overall`; `weighting`
        is `micro` or `macro` (a subtask alone has `micro` only, both being the same).
    """
    question = ["model", "arm", "mode", "task_type", "subtask", "subject_id", "qid"]
    of_questions = scores[scores["scored"]].groupby(question, sort=True, as_index=False)["f1"].mean()
    runs = ["model", "arm", "mode"]
    rows = [
        {**dict(zip(runs, run, strict=True)), "column": column, "weighting": weighting, **asdict(estimate)}
        for run, cell in of_questions.groupby(runs)
        for column, weighting, estimate in _columns(cell, task_types)
    ]
    types = {"model": "str", "arm": "str", "mode": "str", "column": "str", "weighting": "str", "f1": "float64"}
    types |= {"low": "float64", "high": "float64", "n": "int64", "patients": "int64"}
    return pandas.DataFrame(rows, columns=list(types)).astype(types)


def _columns(cell: Any, task_types: Sequence[str]) -> Iterator[tuple[str, str, Estimate]]:
    for subtask, rows in cell.groupby("subtask"):
        yield str(subtask), MICRO, _estimate(rows, MICRO)
    groups = {**{name: cell[cell["task_type"] == name] for name in task_types}, OVERALL: cell}
    for column, rows in groups.items():
        for weighting in (MICRO, MACRO) if len(rows) else ():
            yield column, weighting, _estimate(rows, weighting)


def _estimate(rows: pandas.DataFrame, weighting: str) -> Estimate:
    subtasks = rows["subtask"].to_numpy(dtype=str)
    patients = rows["subject_id"].to_numpy()
    return weighted_mean(rows["f1"].to_numpy(dtype=float), weights_of(subtasks, weighting), subtasks, patients)
