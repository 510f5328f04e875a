"""The leaderboards as tables on the terminal, in the published layouts: one a policy of time."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pandas
from rich import box
from rich.console import Console
from rich.table import Table

from clinseek_assets.locations.layout import Layout
from clinseek_assets.scoring.leaderboard import (
    ARM_OF,
    BOARDS,
    CONTRAST_OF,
    POLICIES,
    SETTINGS,
    Board,
    bounds_of,
    by_policy,
    coverage_of,
    figure_of,
    percent,
    rank_in,
    rank_of,
    read_deltas,
    read_tables,
    yes_prevalence,
)
from clinseek_assets.scoring.statistics import OVERALL

LEAST_WIDTH, MOST_WIDTH = 128, 200
HEADING_WIDTH = 11
NOT_TOLD_APART = "≈"
CAPTION = (
    "F1 in percentage points; ± is half of the 95% interval of Overall or of its Δ, clustered by patient. "
    f"{NOT_TOLD_APART}: not told apart\n"
    "(Holm-adjusted p of the paired test 0.05 or more), an Overall from others at the top of its arm, its Δ from 0."
)


@dataclass(frozen=True)
class Estimates:
    """What is known of the Overall figures of one mode beside their means.

    Attributes:
        figures: rows of the split's mart of figures.
        deltas: as `read_deltas` gives them.
    """

    figures: pandas.DataFrame
    deltas: pandas.DataFrame

    def half_width(self, row: dict[str, Any], setting: str) -> str:
        """Half of the interval of a row's Overall in a setting (`seeking`, `curated`, `delta`)."""
        cell = self._cell(row, setting)
        if cell.empty or cell["low"].isna().all():
            return ""
        return percent((cell["high"].iloc[0] - cell["low"].iloc[0]) / 2)

    def mark(self, row: dict[str, Any], setting: str) -> str:
        """The sign that an Overall is one of several at the top that are not told apart, or its difference from 0."""
        cell = self._cell(row, setting)
        if setting == "delta":
            return NOT_TOLD_APART if cell["tied"].eq(True).any() else ""
        at_the_top = self.figures[self.figures["tied_with_best"].eq(True) & self.figures["column"].eq(OVERALL)]
        several = at_the_top["arm"].eq(ARM_OF[row["policy"], setting]).sum() > 1
        return NOT_TOLD_APART if several and cell["tied_with_best"].eq(True).any() else ""

    def _cell(self, row: dict[str, Any], setting: str) -> pandas.DataFrame:
        """The one row of an Overall; none where it was not run."""
        if setting == "delta":
            of_column, names = self.deltas, self.deltas["contrast"] == CONTRAST_OF[row["policy"]]
        else:
            of_column, names = self.figures, self.figures["arm"] == ARM_OF[row["policy"], setting]
        return of_column[names & (of_column["model"] == row["model"]) & (of_column["column"] == OVERALL)]


def leaderboard_tables(layout: Layout, mode: str, split: str = "text") -> list[Table]:
    """The tables of a split, one a policy of time; none where no model was run in it.

    Raises:
        ResultsFault: nothing was scored yet.
    """
    tables = read_tables(layout, BOARDS[split])
    estimates = Estimates(tables.figures[tables.figures["mode"] == mode], read_deltas(layout, BOARDS[split], mode))
    return [
        LAYOUTS[split](tables.board, title_of(split, mode, policy), rows, estimates)
        for policy, rows in by_policy(tables.leaderboard, mode).items()
    ]


def title_of(split: str, mode: str, policy: str) -> str:
    """What a table is of, in two lines."""
    return f"ClinSeek-Bench, {split} split, {mode} scores\n{POLICIES[policy]}"


def empty_table(title: str, caption: str) -> Table:
    """A table with the two columns that all have."""
    table = Table(title=title, caption=caption, caption_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("rank", justify="right", no_wrap=True)
    table.add_column("model", no_wrap=True)
    return table


def settings_across(board: Board, title: str, rows: Sequence[dict[str, Any]], estimates: Estimates) -> Table:
    """A line a model, each column three times: seeking | curated | Δ; the intervals beside Overall."""
    table = empty_table(title, CAPTION)
    for heading in board.columns.values():
        words = heading.split()
        for place, setting in enumerate(SETTINGS.values()):
            table.add_column(f"{words[place] if place < len(words) else ''}\n{setting}", justify="right")
    table.add_column("\n±", justify="right")
    table.add_column("Δ\n±", justify="right")
    table.add_column("\ncovered", justify="right")
    for row in rows:
        cells = [cell_of(row, name, setting, estimates) for name in board.wide.values() for setting in SETTINGS]
        style = "dim" if row["kind"] == "floor" else None
        spread = estimates.half_width(row, "seeking" if pandas.notna(row["overall_seeking"]) else "curated")
        spreads = (spread, estimates.half_width(row, "delta"))
        table.add_row(rank_of(row), row["model"], *cells, *spreads, coverage_of(row), style=style)
    return table


def settings_below(board: Board, title: str, rows: Sequence[dict[str, Any]], estimates: Estimates) -> Table:
    """Three lines a model: seeking, curated and Δ; those that were not run are left out."""
    caption = (
        f"{CAPTION} {board.what_is_overall}\nThe last column: Overall if every missing answer were wrong, or right."
    )
    table = empty_table(title, caption)
    table.add_column("")
    for heading in board.columns.values():
        table.add_column("\n".join(textwrap.wrap(heading, HEADING_WIDTH)), justify="right", no_wrap=True)
    for heading in ("±", "covered", "wrong to right"):
        table.add_column(heading, justify="right", no_wrap=True)
    for row in rows:
        style = "dim" if row["kind"] == "floor" else None
        for setting in SETTINGS:
            cells = [cell_of(row, name, setting, estimates) for name in board.wide.values()]
            if any(cells):
                model = row["model"] if setting == "seeking" or pandas.isna(row["overall_seeking"]) else ""
                around = last_cells(estimates, row, setting)
                rank = "" if setting == "delta" else rank_in(row, setting)
                table.add_row(rank, model, SETTINGS[setting], *cells, *around, style=style)
    shares = yes_prevalence(board, list(rows))
    table.add_section()
    table.add_row("", "share of «yes», %", "", *(shares.get(column, "") for column in board.columns), style="dim")
    return table


def cell_of(row: dict[str, Any], name: str, setting: str, estimates: Estimates) -> str:
    """A figure as it is shown; that of Overall with its mark."""
    return figure_of(row, name, setting) + (estimates.mark(row, setting) if name == OVERALL else "")


def last_cells(estimates: Estimates, row: dict[str, Any], setting: str) -> tuple[str, str, str]:
    """Half of the interval; of a setting also its coverage, and the bounds where any answer is missing."""
    if setting == "delta":
        return estimates.half_width(row, setting), "", ""
    coverage = row[f"{setting}_coverage"]
    bounds = bounds_of(row, setting) if coverage < 1 else ""
    return estimates.half_width(row, setting), percent(coverage), bounds


LAYOUTS: dict[str, Callable[[Board, str, Sequence[dict[str, Any]], Estimates], Table]] = {
    "text": settings_across,
    "multimodal": settings_below,
}


def show(tables: Sequence[Table]) -> None:
    """Print them at their own width: where a terminal is narrower, whole lines wrap, not every cell."""
    console = Console()
    for table in tables:
        wanted = console.measure(table, options=console.options.update(max_width=MOST_WIDTH)).maximum
        console.width = max(console.width, LEAST_WIDTH, wanted)
        console.print(table)
