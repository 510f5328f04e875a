"""Who is tied with the best: every model against the best one of the same arm, on the questions that both have."""

from __future__ import annotations

import numpy

from clinseek_assets.scoring.statistics.columns import Column
from clinseek_assets.scoring.statistics.families import LEVEL, holm
from clinseek_assets.scoring.statistics.panel import Panel
from clinseek_assets.scoring.statistics.partition import partition
from clinseek_assets.scoring.statistics.resamples import Resamples
from clinseek_assets.scoring.statistics.sign_flip import sign_flip


def against_the_best(table: Panel, column: Column, means: numpy.ndarray, draws: Resamples) -> dict[str, numpy.ndarray]:
    """Test every series of a column against the best of its arm and mode.

    Args:
        means: the column's mean of each series; NaN where it has none.

    Returns:
        `p_best`, `p_best_holm` and `tied_with_best`, an entry a series. Equal means at the top: the first is the best,
        and the others are compared with it.
    """
    rivals = table.series.groupby(["arm", "mode"], sort=False).ngroup().to_numpy()
    best = numpy.arange(len(means))
    for group in numpy.unique(rivals[~numpy.isnan(means)]):
        members = numpy.flatnonzero(rivals == group)
        best[members] = members[numpy.nanargmax(means[members])]
    p = numpy.where(best == numpy.arange(len(means)), numpy.nan, _paired_p(table, column, best, draws))
    p_holm = numpy.full(len(means), numpy.nan)
    for group in numpy.unique(rivals):
        p_holm[rivals == group] = holm(p[rivals == group])
    return {"p_best": p, "p_best_holm": p_holm, "tied_with_best": numpy.isnan(p) | (p_holm >= LEVEL)}


def _paired_p(table: Panel, column: Column, best: numpy.ndarray, draws: Resamples) -> numpy.ndarray:
    patients, subtasks = table.questions["subject_id"].to_numpy(), table.questions["subtask"].to_numpy(str)
    return sign_flip(partition(table.values[:, best] - table.values, patients, subtasks), column, draws)
