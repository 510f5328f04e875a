"""The leaderboard as a table on the terminal, in the published layout."""

from __future__ import annotations

import pandas
from rich.table import Table

from clinseek_assets.locations.layout import Layout
from clinseek_assets.scoring.leaderboard import COLUMNS, WIDE, coverage_of, percent, rank_of, read_mart


def leaderboard_table(layout: Layout, mode: str) -> Table:
    """Risk, Decision, Overall, each seeking | curated | Δ; intervals beside Overall.

    Raises:
        ResultsFault: nothing was scored yet.
    """
    rows = read_mart(layout, "text_leaderboard")
    figures = read_mart(layout, "text_figures")
    release_note = f"F1 in percentage points, {mode} scores; «± » is the 95% interval clustered by patient."
    table = Table(title=f"ClinSeek-Bench, text split ({mode})", caption=release_note, caption_justify="left")
    table.add_column("", justify="right")
    table.add_column("model", overflow="fold")
    for title in COLUMNS.values():
        for arm in ("seeking", "curated", "Δ"):
            table.add_column(f"{title}\n{arm}", justify="right")
    table.add_column("±", justify="right")
    table.add_column("coverage\n%", justify="right")
    for row in rows[rows["mode"] == mode].to_dict(orient="records"):
        cells = [
            percent(row[f"{short}_{arm}"], signed=arm == "delta")
            for short in WIDE.values()
            for arm in ("seeking", "curated", "delta")
        ]
        style = "dim" if row["kind"] == "floor" else None
        table.add_row(rank_of(row), row["model"], *cells, half_width(figures, row, mode), coverage_of(row), style=style)
    return table


def half_width(figures: pandas.DataFrame, row: dict[str, object], mode: str) -> str:
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
