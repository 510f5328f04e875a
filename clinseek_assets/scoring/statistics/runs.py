"""How far the mean of a column moves from run to run of the same questions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy
import pandas

from clinseek_assets.scoring.statistics.clustered import estimates
from clinseek_assets.scoring.statistics.columns import Column
from clinseek_assets.scoring.statistics.panel import SERIES, panel
from clinseek_assets.scoring.statistics.partition import partition


def run_spread(scores: pandas.DataFrame, columns: Sequence[Column]) -> numpy.ndarray:
    """The standard deviation of columns' means over runs, on the questions that every run of a series answered.

    Returns:
        columns × series, the series sorted as `panel` sorts them; NaN with one run, or where no question has them all.
    """
    table = panel(scores, (*SERIES, "run_index"))
    series_of = table.series.groupby(list(SERIES), sort=True).ngroup().to_numpy()
    series, runs = numpy.unique(series_of, return_counts=True)
    spread = numpy.full((len(columns), len(series)), numpy.nan)
    repeated = numpy.flatnonzero(runs > 1)
    questions = table.questions
    for one in repeated:
        values = table.values[:, series_of == one]
        complete = numpy.where(numpy.isnan(values).any(axis=1)[:, None], numpy.nan, values)
        cells = partition(complete, questions["subject_id"].to_numpy(), questions["subtask"].to_numpy(str))
        spread[:, one] = [estimates(cells, column).mean.std(ddof=1) for column in columns]
    return spread
