"""Figures of few patients are taken out before anything is drawn or written, since they may single out somebody.

A whole of which just one part is taken out goes with it: the part could be worked out of the rest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy
import pandas

from clinseek_assets.benchmark.groups import GROUPS
from clinseek_assets.benchmark.subtasks import DECISION, RISK, SUBTASKS
from clinseek_assets.scoring.leaderboard import ARM_OF, Board
from clinseek_assets.scoring.report.contrasts import CONTRASTS
from clinseek_assets.scoring.statistics import OVERALL

# (model, arm, mode, column or subtask)
Cell = tuple[str, str, str, str]
KEY = ["model", "arm", "mode"]
# Split -> each whole with its parts, the smallest wholes first.
PARTS: Mapping[str, Mapping[str, Sequence[str]]] = {
    "text": {
        **{kind: [name for name, each in SUBTASKS.items() if each.task_type == kind] for kind in (RISK, DECISION)},
        OVERALL: [RISK, DECISION],
    },
    "multimodal": {OVERALL: list(GROUPS)},
}


def small_cells(intervals: pandas.DataFrame, split: str, fewest: int) -> frozenset[Cell]:
    """The cells that are not shown.

    Args:
        intervals: the split's figures with their numbers of `patients`, by model, arm, mode and column.
        split: whose cells these are.
        fewest: a cell of fewer patients is not shown.
    """
    hidden: set[Cell] = set()
    for (model, arm, mode), rows in intervals.groupby(KEY):
        patients = dict(zip(rows["column"], rows["patients"], strict=True))
        few = {column for column, count in patients.items() if count < fewest}
        for whole, parts in PARTS[split].items():
            if len(few.intersection(parts)) == 1:
                few.add(whole)
        hidden |= {(str(model), str(arm), str(mode), column) for column in few}
    return frozenset(hidden)


def without_small(frame: pandas.DataFrame, hidden: frozenset[Cell], column: str = "column") -> pandas.DataFrame:
    """The rows of a frame of cells that are shown; `column` names the cell's column or subtask."""
    cells = zip(*(frame[name] for name in (*KEY, column)), strict=True)
    shown = numpy.fromiter((cell not in hidden for cell in cells), dtype=bool, count=len(frame))
    return frame[shown].reset_index(drop=True)


def contrasts_without_small(contrasts: pandas.DataFrame, hidden: frozenset[Cell]) -> pandas.DataFrame:
    """The contrasts both of whose arms are shown."""
    rows = contrasts[["model", "contrast", "mode", "column"]].itertuples(index=False)
    shown = (
        not any((model, arm, mode, column) in hidden for arm in CONTRASTS[contrast])
        for model, contrast, mode, column in rows
    )
    return contrasts[numpy.fromiter(shown, dtype=bool, count=len(contrasts))].reset_index(drop=True)


def leaderboard_without_small(board: Board, leaderboard: pandas.DataFrame, hidden: frozenset[Cell]) -> pandas.DataFrame:
    """The leaderboard's mart with what is not shown left empty: the figure, its Δ, and whatever stands beside it."""
    rows = leaderboard.to_dict(orient="records")
    for row in rows:
        for (policy, setting), arm in ARM_OF.items():
            for column in board.columns if policy == row["policy"] else ():
                if (row["model"], arm, row["mode"], column) in hidden:
                    _blank(row, board, column, setting)
    return pandas.DataFrame(rows, columns=leaderboard.columns)


def _blank(row: dict[Any, Any], board: Board, column: str, setting: str) -> None:
    name = board.wide[column]
    of_all = (f"{setting}_coverage", f"{setting}_rank") if column == OVERALL else ()
    beside = [other for other in row if str(other).startswith(f"{name}_{setting}")]
    for other in (*beside, *of_all, f"{name}_delta", f"{name}_yes_prevalence"):
        if other in row:
            row[other] = float("nan")
