"""The leaderboards as tables on the terminal, in the published layouts: one a policy of time."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence
from typing import Any

import pandas
from rich import box
from rich.console import Console
from rich.table import Table

from clinseek_assets.locations.layout import Layout
from clinseek_assets.scoring.leaderboard import (
    ARM_OF,
    BOARDS,
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
    read_tables,
    yes_prevalence,
)

LEAST_WIDTH, MOST_WIDTH = 128, 200
HEADING_WIDTH = 11
HALF_WIDTH = "F1 in percentage points; ± is half of the 95% interval of Overall, clustered by patient."


def leaderboard_tables(layout: Layout, mode: str, split: str = "text") -> list[Table]:
    """The tables of a split, one a policy of time; none where no model was run in it.

    Raises:
        ResultsFault: nothing was scored yet.
    """
    tables = read_tables(layout, BOARDS[split])
    of_mode = tables.figures[tables.figures["mode"] == mode]
    return [
        LAYOUTS[split](tables.board, title_of(split, mode, policy), rows, of_mode)
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


def settings_across(board: Board, title: str, rows: Sequence[dict[str, Any]], figures: pandas.DataFrame) -> Table:
    """A line a model, each column three times: seeking | curated | Δ; the interval beside Overall."""
    table = empty_table(title, HALF_WIDTH)
    for heading in board.columns.values():
        words = heading.split()
        for place, setting in enumerate(SETTINGS.values()):
            table.add_column(f"{words[place] if place < len(words) else ''}\n{setting}", justify="right")
    table.add_column("\n±", justify="right")
    table.add_column("\ncovered", justify="right")
    for row in rows:
        cells = [figure_of(row, name, setting) for name in board.wide.values() for setting in SETTINGS]
        style = "dim" if row["kind"] == "floor" else None
        spread = half_width(figures, row, "seeking" if pandas.notna(row["overall_seeking"]) else "curated")
        table.add_row(rank_of(row), row["model"], *cells, spread, coverage_of(row), style=style)
    return table


def settings_below(board: Board, title: str, rows: Sequence[dict[str, Any]], figures: pandas.DataFrame) -> Table:
    """Three lines a model: seeking, curated and Δ; those that were not run are left out."""
    caption = (
        f"{HALF_WIDTH} {board.what_is_overall}\nThe last column: Overall if every missing answer were wrong, or right."
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
            cells = [figure_of(row, name, setting) for name in board.wide.values()]
            if any(cells):
                model = row["model"] if setting == "seeking" or pandas.isna(row["overall_seeking"]) else ""
                around = last_cells(figures, row, setting)
                rank = "" if setting == "delta" else rank_in(row, setting)
                table.add_row(rank, model, SETTINGS[setting], *cells, *around, style=style)
    shares = yes_prevalence(board, list(rows))
    table.add_section()
    table.add_row("", "share of «yes», %", "", *(shares.get(column, "") for column in board.columns), style="dim")
    return table


def last_cells(figures: pandas.DataFrame, row: dict[str, Any], setting: str) -> tuple[str, str, str]:
    """Half of the interval, coverage, and bounds where any is missing, of one setting; a difference has none."""
    if setting == "delta":
        return "", "", ""
    coverage = row[f"{setting}_coverage"]
    return half_width(figures, row, setting), percent(coverage), bounds_of(row, setting) if coverage < 1 else ""


LAYOUTS: dict[str, Callable[[Board, str, Sequence[dict[str, Any]], pandas.DataFrame], Table]] = {
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


def half_width(figures: pandas.DataFrame, row: dict[str, Any], setting: str) -> str:
    """Half of the interval of a row's overall figure in a setting."""
    cell = figures[
        (figures["model"] == row["model"])
        & (figures["arm"] == ARM_OF[row["policy"], setting])
        & (figures["column"] == "overall")
    ]
    if cell.empty or cell["low"].isna().all():
        return ""
    return percent((cell["high"].iloc[0] - cell["low"].iloc[0]) / 2)
