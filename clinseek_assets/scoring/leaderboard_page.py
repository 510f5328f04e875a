"""The leaderboard as one HTML file that needs nothing beside it, and the plot of coverage."""

from __future__ import annotations

import base64
import io
from html import escape
from typing import Any

import pandas

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
    rows_of,
)

MODES = {
    "strict": "Strict scores (headline): Unicode form, spaces and case do not count; a missing answer has no score.",
    "compat": "Compatible scores: the published scorer's rules.",
}
STYLE = """
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }
body { max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; margin: 1rem 0 2rem; font-variant-numeric: tabular-nums; }
th, td { padding: .3rem .7rem; text-align: right; white-space: nowrap; }
th { font-weight: 600; border-bottom: 1px solid #8888; }
td:first-child, th:first-child, td:nth-child(2), th:nth-child(2) { text-align: left; }
.group { border-left: 1px solid #8884; } .floor td { color: #888; } small { color: #888; display: block; }
img { max-width: 100%; }
"""


def page(leaderboard: pandas.DataFrame, figures: pandas.DataFrame, release: str) -> str:
    """The page.

    Args:
        leaderboard: the mart `text_leaderboard`.
        figures: the mart `text_figures`.
        release: what the release is: official, synthetic, or built.
    """
    tables = "".join(
        f"<h2>{escape(mode)}</h2><p>{escape(told)}</p>{tables_of(leaderboard, figures, mode)}"
        for mode, told in MODES.items()
    )
    plot = base64.b64encode(coverage_plot(figures)).decode("ascii")
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>ClinSeek-Bench, text split</title><style>{STYLE}</style><h1>ClinSeek-Bench, text split</h1>"
        f"<p>Release: <b>{escape(release)}</b>. F1 in percentage points, mean over questions, with 95% intervals "
        "clustered by patient. Empty: not run. Floor rows are constant answers and have no rank; below 98% coverage "
        f"nobody has one.</p>{tables}<h2>Coverage</h2>"
        f'<img alt="Share of the questions of each subtask group that have a score" src="data:image/png;base64,{plot}">'
        "</html>\n"
    )


def tables_of(leaderboard: pandas.DataFrame, figures: pandas.DataFrame, mode: str) -> str:
    """One mode's tables in the published layout, one a policy of time."""
    interval = {
        (row["model"], row["column"], row["arm"]): f"{percent(row['low'])} to {percent(row['high'])}"
        for row in rows_of(figures, mode)
        if pandas.notna(row["low"])
    }
    return "".join(
        f"<h3>{escape(POLICIES[policy])}</h3>{table(rows, interval)}"
        for policy, rows in by_policy(leaderboard, mode).items()
    )


def table(rows: list[dict[str, Any]], interval: dict[tuple[str, str, str], str]) -> str:
    """One policy's rows."""
    top = "".join(f'<th class="group" colspan="3">{escape(title)}</th>' for title in COLUMNS.values())
    below = "".join(
        f'<th class="{"group" if setting == "seeking" else ""}">{escape(title)}</th>'
        for _ in COLUMNS
        for setting, title in SETTINGS.items()
    )
    body = "".join(table_row(row, interval) for row in rows)
    return (
        f"<table><thead><tr><th>Rank</th><th>Model</th>{top}<th>Coverage</th></tr>"
        f"<tr><th></th><th></th>{below}<th>%</th></tr></thead><tbody>{body}</tbody></table>"
    )


def table_row(row: dict[str, Any], interval: dict[tuple[str, str, str], str]) -> str:
    """One model's row."""
    cells = []
    for column, short in WIDE.items():
        for setting in SETTINGS:
            figure = percent(row[f"{short}_{setting}"], signed=setting == "delta")
            arm = ARM_OF.get((row["policy"], setting), "")
            spread = interval.get((row["model"], column, arm), "") if figure else ""
            css = "group" if setting == "seeking" else ""
            cells.append(f'<td class="{css}">{figure}<small>{spread}</small></td>')
    kind = escape(str(row["kind"]))
    name = escape(str(row["model"]))
    return f'<tr class="{kind}"><td>{rank_of(row)}</td><td>{name}</td>{"".join(cells)}<td>{coverage_of(row)}</td></tr>'


def coverage_plot(figures: pandas.DataFrame) -> bytes:
    """A PNG of the coverage of each model and arm, by task type."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    strict = figures[(figures["mode"] == "strict") & (figures["column"] != "overall")]
    shown = strict.assign(run=strict["model"] + ", " + strict["arm"]).pivot_table(
        index="run", columns="column", values="coverage", sort=True
    )
    figure = Figure(figsize=(7.5, 1.1 + 0.32 * max(1, len(shown))), layout="constrained")
    axes = figure.subplots()
    if len(shown):
        (100 * shown.rename(columns=COLUMNS)).plot.barh(ax=axes, width=0.75, color=["#4c78a8", "#f58518"])
        axes.legend(loc="lower left", fontsize=8)
    axes.axvline(98, color="#888", linewidth=1, linestyle="--")
    axes.set(xlim=(0, 101), xlabel="questions with a score, % (dashed: needed for a rank)", ylabel="")
    axes.spines[["top", "right"]].set_visible(False)
    buffer = io.BytesIO()
    FigureCanvasAgg(figure).print_png(buffer)
    return buffer.getvalue()
