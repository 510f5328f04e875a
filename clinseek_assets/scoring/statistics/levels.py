"""Mean scores of every model and arm by column of the tables: their intervals, and who is tied with the best."""

from __future__ import annotations

from collections.abc import Sequence

import numpy
import pandas

from clinseek_assets.benchmark.subtasks import DECISION, RISK
from clinseek_assets.scoring.statistics.bootstrap import bootstrap_intervals
from clinseek_assets.scoring.statistics.clustered import Estimates, estimates
from clinseek_assets.scoring.statistics.columns import Column, columns_of
from clinseek_assets.scoring.statistics.one_thread import one_thread
from clinseek_assets.scoring.statistics.panel import SERIES, Panel, panel
from clinseek_assets.scoring.statistics.partition import Partition, partition
from clinseek_assets.scoring.statistics.proportions import effective_size, wilson
from clinseek_assets.scoring.statistics.resamples import resamples
from clinseek_assets.scoring.statistics.runs import run_spread
from clinseek_assets.scoring.statistics.ties import against_the_best

_FIGURES = {"f1": "float64", "low": "float64", "high": "float64", "n": "int64", "patients": "int64"}
_INTERVALS = {**dict.fromkeys((*SERIES, "column", "weighting"), "str"), **_FIGURES}
_LEVELS = {**dict.fromkeys((*SERIES, "column", "level", "weighting"), "str"), **_FIGURES, "interval": "str"}
_LEVELS |= {"boot_low": "float64", "boot_high": "float64", "small": "bool", "run_sd": "float64"}
_LEVELS |= {"p_best": "float64", "p_best_holm": "float64", "tied_with_best": "bool"}


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
    table = panel(scores)
    cells = _partition(table)
    columns = [column for column in columns_of(table.task_type_of, task_types) if column.level != "category"]
    rows = [_figures(table.series, column, estimates(cells, column)) for column in columns]
    return _sorted(rows, _INTERVALS)


@one_thread
def levels(scores: pandas.DataFrame, task_types: Sequence[str] = (RISK, DECISION)) -> pandas.DataFrame:
    """The figures of `group_intervals` and of the categories, with all that is known of how far they can be trusted.

    Args:
        scores, task_types: as `group_intervals` takes them, with `run_index`; models are compared with one another, so
            all of a split's models belong in the frame.

    Returns:
        One row a model, arm, mode, column and weighting, with further columns: `level` (subtask, category, task_type,
        overall); `interval` (`wilson` for a subtask of 0/1 scores, its n divided by the design effect where patients
        repeat; else `t`); `boot_low` and `boot_high`; `small` (fewer than 30 patients, or a Wilson interval); `run_sd`
        (spread of the mean from run to run; NaN with one run); `p_best` (sign flip against the best model of the same
        arm, mode, column and weighting; NaN for the best), `p_best_holm` (over the models so compared) and
        `tied_with_best` (the best itself, or p_best_holm of at least 0.05).
    """
    table = panel(scores)
    cells = _partition(table)
    columns = columns_of(table.task_type_of, task_types)
    draws = resamples(cells.patients)
    low, high = bootstrap_intervals(cells, columns, draws)
    spreads = run_spread(scores, columns)
    rows = []
    for number, column in enumerate(columns):
        made = estimates(cells, column)
        several = made.patients > 1
        rows.append(
            _with_wilson(_figures(table.series, column, made), made, _zero_or_one(table, column)).assign(
                level=column.level,
                boot_low=numpy.where(several, low[number], numpy.nan),
                boot_high=numpy.where(several, high[number], numpy.nan),
                run_sd=spreads[number],
                **against_the_best(table, column, made.mean, draws),
            )
        )
    return _sorted(rows, _LEVELS)


def _partition(table: Panel) -> Partition:
    questions = table.questions
    return partition(table.values, questions["subject_id"].to_numpy(), questions["subtask"].to_numpy(str))


def _figures(series: pandas.DataFrame, column: Column, made: Estimates) -> pandas.DataFrame:
    return series.assign(
        column=column.name,
        weighting=column.weighting,
        f1=made.mean,
        low=numpy.maximum(made.low, 0.0),
        high=numpy.minimum(made.high, 1.0),
        n=made.n,
        patients=made.patients,
        small=made.small,
    )


def _zero_or_one(table: Panel, column: Column) -> numpy.ndarray:
    """Which series have scores of 0 and 1 only in a column that is a subtask; none in other columns."""
    if column.level != "subtask":
        return numpy.zeros(len(table.series), dtype=bool)
    values = table.values[(table.questions["subtask"] == column.name).to_numpy()]
    return ((values == 0) | (values == 1) | numpy.isnan(values)).all(axis=0)


def _with_wilson(figures: pandas.DataFrame, made: Estimates, zero_or_one: numpy.ndarray) -> pandas.DataFrame:
    """The figures with Wilson's interval, which can be trusted with few questions, where scores are 0 or 1."""
    low, high = wilson(made.mean, numpy.maximum(effective_size(made.mean, made.error, made.n, made.patients), 1.0))
    return figures.assign(
        low=numpy.where(zero_or_one, low, figures["low"]),
        high=numpy.where(zero_or_one, high, figures["high"]),
        interval=numpy.where(zero_or_one, "wilson", "t"),
        small=figures["small"] | zero_or_one,
    )


def _sorted(rows: Sequence[pandas.DataFrame], types: dict[str, str]) -> pandas.DataFrame:
    """The rows that have a question, by series, the columns of each in the given order."""
    if not rows:
        return pandas.DataFrame(columns=list(types)).astype(types)
    together = pandas.concat(rows, ignore_index=True)
    kept = together[together["n"] > 0].sort_values(list(SERIES), kind="stable", ignore_index=True)
    return kept[list(types)].astype(types)
