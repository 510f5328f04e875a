"""The leaderboard as tables on the terminal, in the published layout: one a policy of time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas
from rich import box
from rich.console import Console
from rich.table import Table

from clinseek_assets.locations.layout import Layout
from clinseek_assets.scoring.leaderboard import (
    ARM_OF,
    COLUMNS,
    POLICIES,
    SETTINGS,
    WIDE,
    by_policy,
    coverage_of,
    percent,
    rank_of,
    read_mart,
)

LEAST_WIDTH = 128


def leaderboard_tables(layout: Layout, mode: str) -> list[Table]:
    """Risk, Decision, Overall, each seeking | curated | Δ; intervals beside Overall. One table a policy of time.

    Raises:
        ResultsFault: nothing was scored yet.
    """
    figures = read_mart(layout, "text_figures")
    of_mode = figures[figures["mode"] == mode]
    return [
        table_of(POLICIES[policy], rows, of_mode, mode)
        for policy, rows in by_policy(read_mart(layout, "text_leaderboard"), mode).items()
    ]


def table_of(title: str, rows: Sequence[dict[str, Any]], figures: pandas.DataFrame, mode: str) -> Table:
    """The table of one policy."""
    table = Table(
        title=f"ClinSeek-Bench, text split, {mode} scores\n{title}",
        caption="F1 in percentage points; ± is half of the 95% interval of Overall, clustered by patient.",
        caption_justify="left",
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
    )
    table.add_column("rank", justify="right", no_wrap=True)
    table.add_column("model", no_wrap=True)
    for heading in COLUMNS.values():
        words = heading.split()
        for place, setting in enumerate(SETTINGS.values()):
            table.add_column(f"{words[place] if place < len(words) else ''}\n{setting}", justify="right")
    table.add_column("\n±", justify="right")
    table.add_column("\ncovered", justify="right")
    for row in rows:
        cells = [
            percent(row[f"{short}_{setting}"], signed=setting == "delta")
            for short in WIDE.values()
            for setting in SETTINGS
        ]
        style = "dim" if row["kind"] == "floor" else None
        table.add_row(rank_of(row), row["model"], *cells, half_width(figures, row), coverage_of(row), style=style)
    return table


def show(tables: Sequence[Table]) -> None:
    """Print them at their own width: where a terminal is narrower, whole lines wrap, not every cell."""
    console = Console()
    console.width = max(console.width, LEAST_WIDTH)
    for table in tables:
        console.print(table)


def half_width(figures: pandas.DataFrame, row: dict[str, Any]) -> str:
    """Half of the interval of a row's overall figure, of the arm that ranks it."""
    setting = "seeking" if pandas.notna(row["overall_seeking"]) else "curated"
    cell = figures[
        (figures["model"] == row["model"])
        & (figures["arm"] == ARM_OF[row["policy"], setting])
        & (figures["column"] == "overall")
    ]
    if cell.empty or cell["low"].isna().all():
        return ""
    return percent((cell["high"].iloc[0] - cell["low"].iloc[0]) / 2)
