"""What the report is made of: the aggregates of one split, read once, small cells already taken out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy
import pandas

from clinseek_assets.locations.layout import Layout
from clinseek_assets.scoring.leaderboard import Board, Tables, read_mart, read_tables
from clinseek_assets.scoring.report.answered import PARTS, read_answered
from clinseek_assets.scoring.report.contrasts import read_contrasts
from clinseek_assets.scoring.report.small_cells import (
    contrasts_without_small,
    leaderboard_without_small,
    small_cells,
    without_small,
)

HEADLINE = "strict"
# Split -> the leak audit's file, and its part that has a figure a subtask.
AUDITS = {"text": ("leak_audit.json", "subtasks"), "multimodal": ("multimodal_leak_audit.json", "groups")}
HIDDEN = ("hidden_rows", "hidden_values")


@dataclass(frozen=True)
class Material:
    """The aggregates of one split.

    Attributes:
        tables: the leaderboard and its figures.
        subtasks: the mart `subtask_scores` of this split, strict scores.
        contrasts: as `read_contrasts` gives them.
        answered: as `read_answered` gives it.
        hidden: subtask, rows and values a question that the strict policy hides (`HIDDEN`).
        compared: the mart `published_comparison` of this split, where there are figures of ours.
        suppressed: how many figures are not shown, for they are of too few patients.
        fewest_patients: how many a figure must at least be of.
    """

    tables: Tables
    subtasks: pandas.DataFrame
    contrasts: pandas.DataFrame
    answered: pandas.DataFrame
    hidden: pandas.DataFrame
    compared: pandas.DataFrame
    suppressed: int
    fewest_patients: int

    @property
    def board(self) -> Board:
        """Which table this is the material of."""
        return self.tables.board

    @property
    def models(self) -> list[str]:
        """The models that were run, best first: the headline's order, and floor rows last."""
        return list(dict.fromkeys(self.tables.leaderboard["model"]))

    @property
    def participants(self) -> list[str]:
        """As `models`, without floor rows."""
        floor = self.tables.leaderboard.loc[self.tables.leaderboard["kind"] == "floor", "model"]
        return [model for model in self.models if model not in set(floor)]


def read_material(layout: Layout, board: Board, intervals: Path, fewest_patients: int) -> Material:
    """Read what the report shows of a split.

    Args:
        layout: the home's.
        board: the split's table.
        intervals: the file of the split's figures with their numbers of patients.
        fewest_patients: figures of fewer patients are taken out.

    Raises:
        ResultsFault: the marts were not built yet.
    """
    tables = read_tables(layout, board)
    of_all = fewest_patients <= 1 or tables.figures.empty
    small = frozenset() if of_all else small_cells(pandas.read_parquet(intervals), board.split, fewest_patients)
    subtasks = _of_split(read_mart(layout, "subtask_scores"), board)
    shown = Tables(
        board,
        leaderboard_without_small(board, tables.leaderboard, small),
        without_small(tables.figures, small),
    )
    return Material(
        tables=shown,
        subtasks=without_small(subtasks[subtasks["mode"] == HEADLINE], small, "subtask"),
        contrasts=contrasts_without_small(read_contrasts(layout, board), small),
        answered=read_answered(layout, board.split, dict.fromkeys(tables.leaderboard["model"]), fewest_patients),
        hidden=read_hidden(layout, board.split),
        compared=_compared(_of_split(read_mart(layout, "published_comparison"), board), shown),
        suppressed=len(small),
        fewest_patients=fewest_patients,
    )


def read_hidden(layout: Layout, split: str) -> pandas.DataFrame:
    """Rows and values a question that the strict policy hides from what the published rule shows, by subtask.

    Returns:
        `subtask` and the columns `HIDDEN`, in the benchmark's order; empty where there was no audit, without subtasks
        that the audit does not tell of.
    """
    name, part = AUDITS[split]
    path = layout.reports / name
    told: Mapping[str, Mapping[str, Any]] = json.loads(path.read_text(encoding="utf-8"))[part] if path.is_file() else {}
    rows = [
        {"subtask": subtask, **{column: told[subtask][column] / told[subtask]["questions"] for column in HIDDEN}}
        for subtask in PARTS[split]
        if subtask in told and all(column in told[subtask] for column in HIDDEN)
    ]
    return pandas.DataFrame(rows, columns=["subtask", *HIDDEN])


def _of_split(mart: pandas.DataFrame, board: Board) -> pandas.DataFrame:
    return mart[mart["split"] == board.split].reset_index(drop=True)


def _compared(comparison: pandas.DataFrame, shown: Tables) -> pandas.DataFrame:
    """Ours beside the published figures: published settings, published scorer, of figures that are shown."""
    figures = shown.figures[shown.figures["mode"] == "compat"]
    arms = {"seeking": "seeking_compat", "curated": "curated"}
    cells = set(zip(figures["model"].str.lower(), figures["arm"], figures["column"], strict=True))
    asked = zip(comparison["model"].str.lower(), comparison["setting"].map(arms), comparison["column"], strict=True)
    kept = numpy.fromiter((cell in cells for cell in asked), dtype=bool, count=len(comparison))
    return comparison[kept].dropna(subset="ours").reset_index(drop=True)
