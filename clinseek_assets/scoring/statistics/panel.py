"""Scores as a matrix, a row a question and a column a series (one model, arm and mode), runs averaged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy
import pandas

from clinseek_assets.faults import ResultsFault

SERIES = ("model", "arm", "mode")
_READ = ("qid", "subject_id", "subtask", "task_type", "scored", "f1")


@dataclass(frozen=True)
class Panel:
    """The scores of one split.

    Attributes:
        questions: a row a question that any series has a score of, by qid: subject_id, subtask, task_type.
        series: a row a series, sorted: the columns that name it.
        values: questions × series: the mean F1 over the question's runs; NaN where there is none.
    """

    questions: pandas.DataFrame
    series: pandas.DataFrame
    values: numpy.ndarray

    @property
    def task_type_of(self) -> dict[str, str]:
        """Subtask -> its task type, in the subtasks' order."""
        pairs = self.questions[["subtask", "task_type"]].drop_duplicates().sort_values("subtask")
        return dict(zip(pairs["subtask"], pairs["task_type"], strict=True))


def panel(scores: pandas.DataFrame, series: Sequence[str] = SERIES) -> Panel:
    """The matrix of the rows that have a score.

    Args:
        scores: rows of `score_predictions` of one split.
        series: the columns that tell series apart; with `run_index` among them nothing is averaged.

    Raises:
        ResultsFault: a column is missing, a scored row has no figure, or a question has two patients or subtasks.
    """
    missing = sorted({*_READ, *series} - set(scores.columns))
    if missing:
        raise ResultsFault(
            f"The scores have no column {', '.join(missing)}.", mend="Materialize the scores of the split anew."
        )
    scored = scores[scores["scored"]]
    question_of, qids = pandas.factorize(scored["qid"], sort=True)
    keys = scored.groupby(list(series), sort=True)
    series_of, names = keys.ngroup().to_numpy(), keys.size().index.to_frame(index=False)
    shape = (len(qids), len(names))
    place = question_of * shape[1] + series_of
    figures = scored["f1"].to_numpy(dtype=float)
    if numpy.isnan(figures).any():
        raise ResultsFault(
            f"{int(numpy.isnan(figures).sum()):,} scored rows have no F1.", mend="Materialize the scores anew."
        )
    size = shape[0] * shape[1]
    counts = numpy.bincount(place, minlength=size)
    sums = numpy.bincount(place, figures, minlength=size)
    values = numpy.divide(sums, counts, out=numpy.full(size, numpy.nan), where=counts > 0)
    return Panel(_questions(scored, question_of, len(qids)), names, values.reshape(shape))


def _questions(scored: pandas.DataFrame, question_of: numpy.ndarray, questions: int) -> pandas.DataFrame:
    """Each question's patient, subtask and task type, which all of its rows agree on."""
    first = numpy.empty(questions, dtype=numpy.intp)
    first[question_of[::-1]] = numpy.arange(len(scored))[::-1]
    columns = {}
    for name in ("subject_id", "subtask", "task_type"):
        codes, words = pandas.factorize(scored[name], sort=True)
        if (codes[first][question_of] != codes).any():
            raise ResultsFault(
                f"Rows of the same question differ in {name}: the scores are of different manifests.",
                mend="Materialize the scores of the split anew.",
            )
        columns[name] = words[codes[first]]
    return pandas.DataFrame(columns)
