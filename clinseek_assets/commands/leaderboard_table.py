"""The leaderboard as a table on the terminal, in the published layout."""

from __future__ import annotations

from typing import Any

import pandas
from rich import box
from rich.console import Console
from rich.table import Table

from clinseek_assets.locations.layout import Layout
from clinseek_assets.scoring.leaderboard import COLUMNS, WIDE, coverage_of, percent, rank_of, read_mart, rows_of

LEAST_WIDTH = 116


def leaderboard_table(layout: Layout, mode: str) -> Table:
    """Risk, Decision, Overall, each seeking | curated | Δ; intervals beside Overall.

    Raises:
        ResultsFault: nothing was scored yet.
    """
    rows = read_mart(layout, "text_leaderboard")
    figures = read_mart(layout, "text_figures")
    table = Table(
        title=f"ClinSeek-Bench, text split ({mode} scores)",
        caption="F1 in percentage points; ± is half of the 95% interval of Overall, clustered by patient.",
        caption_justify="left",
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
    )
    table.add_column("rank", justify="right", no_wrap=True)
    table.add_column("model", no_wrap=True)
    for title in COLUMNS.values():
        for place, arm in enumerate(("seeking", "curated", "Δ")):
            table.add_column(f"{title.split()[place] if place < len(title.split()) else ''}\n{arm}", justify="right")
    table.add_column("\n±", justify="right")
    table.add_column("\ncovered", justify="right")
    for row in rows_of(rows, mode):
        cells = [
            percent(row[f"{short}_{arm}"], signed=arm == "delta")
            for short in WIDE.values()
            for arm in ("seeking", "curated", "delta")
        ]
        style = "dim" if row["kind"] == "floor" else None
        table.add_row(rank_of(row), row["model"], *cells, half_width(figures, row, mode), coverage_of(row), style=style)
    return table


def show(table: Table) -> None:
    """Print it at its own width: where a terminal is narrower, whole lines wrap, not every cell."""
    console = Console()
    console.width = max(console.width, LEAST_WIDTH)
    console.print(table)


def half_width(figures: pandas.DataFrame, row: dict[str, Any], mode: str) -> str:
    """Half of the interval of a row's overall figure, of the arm that ranks it."""
    arm = "seeking" if pandas.notna(row["overall_seeking"]) else "curated"
    cell = figures[
        (figures["model"] == row["model"])
        & (figures["mode"] == mode)
        & (figures["arm"] == arm)
        & (figures["column"] == "overall")
    ]
    if cell.empty or cell["low"].isna().all():
        return ""
    return percent((cell["high"].iloc[0] - cell["low"].iloc[0]) / 2)
