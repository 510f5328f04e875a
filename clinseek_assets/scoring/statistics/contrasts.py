"""Paired differences between the arms of a model, for every column of the tables."""

from __future__ import annotations

from collections.abc import Sequence

import numpy
import pandas

from clinseek_assets.benchmark.subtasks import DECISION, RISK
from clinseek_assets.scoring.statistics.bootstrap import bootstrap_intervals
from clinseek_assets.scoring.statistics.clustered import estimates, minimum_detectable
from clinseek_assets.scoring.statistics.columns import Column, columns_of
from clinseek_assets.scoring.statistics.one_thread import one_thread
from clinseek_assets.scoring.statistics.panel import Panel, panel
from clinseek_assets.scoring.statistics.partition import Partition, partition
from clinseek_assets.scoring.statistics.resamples import Resamples, resamples
from clinseek_assets.scoring.statistics.sign_flip import sign_flip

# Fixed before the first run: the headline, the published comparison, and what the policy of time does to each setting.
CONTRASTS = {
    "seeking-curated_strict": ("seeking", "curated_strict"),
    "seeking_compat-curated": ("seeking_compat", "curated"),
    "curated-curated_strict": ("curated", "curated_strict"),
    "seeking_compat-seeking": ("seeking_compat", "seeking"),
}
_TYPES = {"model": "str", "mode": "str", "contrast": "str", "column": "str", "level": "str", "weighting": "str"}
_TYPES |= dict.fromkeys(("delta", "low", "high", "boot_low", "boot_high", "p"), "float64")
_TYPES |= {"n": "int64", "patients": "int64", "small": "bool", "mde": "float64"}


@one_thread
def contrasts(scores: pandas.DataFrame, task_types: Sequence[str] = (RISK, DECISION)) -> pandas.DataFrame:
    """The four contrasts of every model that was run in both arms, on the questions that both arms have a score of.

    Args:
        scores: rows of `score_predictions` of one split; the runs of a question are averaged.
        task_types: the task types that are columns of the tables; none in the multimodal split.

    Returns:
        One row a model, mode, contrast, column and weighting, in fractions: `delta` (the first arm − the second),
        `low` and `high` (t, clustered by patient), `boot_low` and `boot_high` (bootstrap over patients), `p` (sign
        flip), `n` questions, `patients`, `small` (fewer than 30 patients) and `mde` (minimum detectable difference).
        `level` says whether the column is a subtask, category, task type or overall. A single patient has no interval.

    Raises:
        ResultsFault: the scores cannot be taken as they are.
    """
    table = panel(scores)
    pairs, differences = _differences(table)
    if not len(pairs):
        return pandas.DataFrame(columns=list(_TYPES)).astype(_TYPES)
    cells = partition(differences, table.questions["subject_id"].to_numpy(), table.questions["subtask"].to_numpy(str))
    columns = columns_of(table.task_type_of, task_types)
    draws = resamples(cells.patients)
    low, high = bootstrap_intervals(cells, columns, draws)
    frames = [
        _of_column(pairs, cells, column, draws, low[number], high[number]) for number, column in enumerate(columns)
    ]
    rows = pandas.concat(frames, ignore_index=True)
    return rows[rows["n"] > 0].reset_index(drop=True).astype(_TYPES)


def _differences(table: Panel) -> tuple[pandas.DataFrame, numpy.ndarray]:
    """The model, mode and contrast of each series of differences, and the series as questions × series."""
    found = {
        tuple(row): number for number, row in enumerate(table.series[["model", "mode", "arm"]].itertuples(index=False))
    }
    pairs = [
        ((model, mode, name), found[model, mode, first], found[model, mode, second])
        for model, mode in dict.fromkeys((model, mode) for model, mode, _ in found)
        for name, (first, second) in CONTRASTS.items()
        if (model, mode, first) in found and (model, mode, second) in found
    ]
    names = pandas.DataFrame([name for name, _, _ in pairs], columns=["model", "mode", "contrast"])
    of_first = table.values[:, [first for _, first, _ in pairs]]
    of_second = table.values[:, [second for _, _, second in pairs]]
    return names, of_first - of_second


def _of_column(
    pairs: pandas.DataFrame, cells: Partition, column: Column, draws: Resamples, low: numpy.ndarray, high: numpy.ndarray
) -> pandas.DataFrame:
    made = estimates(cells, column)
    several = made.patients > 1
    return pairs.assign(
        column=column.name,
        level=column.level,
        weighting=column.weighting,
        delta=made.mean,
        low=made.low,
        high=made.high,
        boot_low=numpy.where(several, low, numpy.nan),
        boot_high=numpy.where(several, high, numpy.nan),
        p=sign_flip(cells, column, draws),
        n=made.n,
        patients=made.patients,
        small=made.small,
        mde=minimum_detectable(made.error),
    )[list(_TYPES)]
