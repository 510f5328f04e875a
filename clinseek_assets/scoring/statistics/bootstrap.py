"""Percentile intervals of a bootstrap over patients.

A draw takes patients with replacement; its figure is the weighted mean of the subtasks' means in it, the weights being
those of the figure itself. A subtask of which a draw has no question is skipped in that draw, the other weights growing
in proportion; a draw that has no question of a column at all is left out of that column's interval.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy

from clinseek_assets.scoring.statistics.clustered import CONFIDENCE
from clinseek_assets.scoring.statistics.columns import Column, subtask_weights
from clinseek_assets.scoring.statistics.partition import Partition
from clinseek_assets.scoring.statistics.resamples import Resamples

_SERIES_AT_ONCE = 16  # of which all subtasks' draws are in memory: about 60 MB with 45 subtasks and 10,000 draws


def bootstrap_intervals(
    cells: Partition, columns: Sequence[Column], draws: Resamples
) -> tuple[numpy.ndarray, numpy.ndarray]:
    """The 95% percentile intervals of all columns and series.

    Returns:
        The lower and upper ends, each columns × series; NaN for a series without a question in the column.
    """
    series = cells.sums.shape[1]
    weights = numpy.array([subtask_weights(cells.sizes, column) for column in columns])
    low, high = numpy.full((2, len(columns), series), numpy.nan)
    for number, of_subtasks in enumerate(_subtask_means(cells, draws)):
        drawn = _averaged(weights[:, :, number], of_subtasks)
        low[:, number], high[:, number] = _ends(drawn)
    return low, high


def _subtask_means(cells: Partition, draws: Resamples) -> Iterator[numpy.ndarray]:
    """For each series in turn the subtasks' means in every draw (subtasks × draws); NaN where one is empty."""
    of_subtask = [numpy.flatnonzero(cells.subtask_of == subtask) for subtask in range(len(cells.subtasks))]
    total = draws.counts.shape[1]
    for start in range(0, cells.sums.shape[1], _SERIES_AT_ONCE):
        some = cells.of_series(slice(start, start + _SERIES_AT_ONCE))
        means = numpy.empty((some.sums.shape[1], len(of_subtask), total))
        for subtask, rows in enumerate(of_subtask):
            times = draws.counts[some.patient_of[rows]].astype(float)
            means[:, subtask] = _ratio(some.sums[rows].T @ times, _sizes(some.counts[rows], times))
        yield from means


def _sizes(counts: numpy.ndarray, times: numpy.ndarray) -> numpy.ndarray:
    """Numbers of questions in the draws; where all series have the same questions, one row for all."""
    alike = bool((counts == counts[:, :1]).all())
    return (counts[:, :1] if alike else counts).T @ times


def _ratio(sums: numpy.ndarray, sizes: numpy.ndarray) -> numpy.ndarray:
    return numpy.divide(
        sums, sizes, out=numpy.full_like(sums, numpy.nan), where=numpy.broadcast_to(sizes > 0, sums.shape)
    )


def _averaged(weights: numpy.ndarray, means: numpy.ndarray) -> numpy.ndarray:
    """Columns × draws out of weights (columns × subtasks) and means (subtasks × draws), empty subtasks skipped."""
    there = ~numpy.isnan(means)
    if there.all():
        return weights @ means
    return _ratio(weights @ numpy.where(there, means, 0.0), weights @ there.astype(float))


def _ends(drawn: numpy.ndarray) -> tuple[numpy.ndarray, numpy.ndarray]:
    """The ends of the interval of each row, its NaN left out: order statistics as far from the one end as the other."""
    valid = drawn.shape[1] - numpy.isnan(drawn).sum(axis=1)
    low, high = numpy.full((2, len(drawn)), numpy.nan)
    for number in numpy.unique(valid[valid > 0]):
        rows = drawn[valid == number]
        beyond = max(0, int(numpy.ceil((1 - CONFIDENCE) / 2 * number - 1e-9)) - 1)
        # NaN sort last. Two selections of one rank each are far faster than one selection of two ranks.
        low[valid == number] = numpy.partition(rows, beyond, axis=1)[:, beyond]
        high[valid == number] = numpy.partition(rows, number - 1 - beyond, axis=1)[:, number - 1 - beyond]
    return low, high
