"""The leaderboards as one HTML file that needs nothing beside it, and the plots of coverage."""

from __future__ import annotations

import base64
import io
import textwrap
from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any

import numpy
import pandas

from clinseek_assets.scoring.leaderboard import (
    ARM_OF,
    POLICIES,
    SETTINGS,
    Board,
    Tables,
    bounds_of,
    by_policy,
    coverage_of,
    figure_of,
    percent,
    rank_in,
    rank_of,
    rows_of,
    yes_prevalence,
)

MODES = {
    "strict": "Strict scores (headline): Unicode form, spaces and case do not count; a missing answer has no score.",
    "compat": "Compatible scores: the published scorer's rules.",
}
STYLE = """
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }
body { max-width: 84rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; margin: 1rem 0 2rem; font-variant-numeric: tabular-nums; }
th, td { padding: .3rem .7rem; text-align: right; white-space: nowrap; }
th { font-weight: 600; border-bottom: 1px solid #8888; vertical-align: bottom; }
th, .yes td:nth-child(2) { white-space: normal; max-width: 8rem; }
.wide { overflow-x: auto; }
td:first-child, th:first-child, td:nth-child(2), th:nth-child(2) { text-align: left; }
.group { border-left: 1px solid #8884; } .floor td { color: #888; } small { color: #888; display: block; }
.seeking td { border-top: 1px solid #8884; } .yes td { color: #888; border-top: 1px solid #8888; }
img { max-width: 100%; }
"""
LIGHT_FROM = 60  # per cent from which the plot's colours are light
# (model, column, arm) -> the interval as a text.
Spreads = Mapping[tuple[str, str, str], str]


def page(tables: Sequence[Tables], release: str) -> str:
    """The page.

    Args:
        tables: the marts of each split.
        release: what the release is: official, synthetic, or built.
    """
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>ClinSeek-Bench</title><style>{STYLE}</style><h1>ClinSeek-Bench</h1>"
        f"<p>Release: <b>{escape(release)}</b>. F1 in percentage points, mean over questions, with 95% intervals "
        "clustered by patient. Empty: not run. Floor rows are constant answers and have no rank; below 98% coverage "
        f"nobody has one.</p>{''.join(map(section, tables))}</html>\n"
    )


def section(tables: Tables) -> str:
    """One split's part of the page."""
    board = tables.board
    title = f"<h2>{escape(board.split.capitalize())} split</h2>"
    if tables.figures.empty:
        return f"{title}<p>No model was run in this split.</p>"
    plot = base64.b64encode(coverage_plot(tables)).decode("ascii")
    of_modes = "".join(
        f"<h3>{escape(mode)}</h3><p>{escape(told)} {escape(board.what_is_overall)}</p>{tables_of(tables, mode)}"
        for mode, told in MODES.items()
    )
    return (
        f"{title}{of_modes}<h3>Coverage</h3>"
        f'<img alt="Share of the questions of each column that have a score" src="data:image/png;base64,{plot}">'
    )


def tables_of(tables: Tables, mode: str) -> str:
    """One mode's tables in the published layout, one a policy of time."""
    spreads = {
        (row["model"], row["column"], row["arm"]): f"{percent(row['low'])} to {percent(row['high'])}"
        for row in rows_of(tables.figures, mode)
        if pandas.notna(row["low"])
    }
    return "".join(
        f"<h4>{escape(POLICIES[policy])}</h4>"
        f'<div class="wide">{LAYOUTS[tables.board.split](tables.board, rows, spreads)}</div>'
        for policy, rows in by_policy(tables.leaderboard, mode).items()
    )


def settings_across(board: Board, rows: list[dict[str, Any]], spreads: Spreads) -> str:
    """A line a model, each column three times: seeking | curated | Δ, as the text split is published."""
    top = "".join(f'<th class="group" colspan="3">{escape(title)}</th>' for title in board.columns.values())
    below = "".join(
        f'<th class="{"group" if setting == "seeking" else ""}">{escape(title)}</th>'
        for _ in board.columns
        for setting, title in SETTINGS.items()
    )
    body = "".join(model_line(board, row, spreads) for row in rows)
    return (
        f"<table><thead><tr><th>Rank</th><th>Model</th>{top}<th>Coverage</th></tr>"
        f"<tr><th></th><th></th>{below}<th>%</th></tr></thead><tbody>{body}</tbody></table>"
    )


def model_line(board: Board, row: dict[str, Any], spreads: Spreads) -> str:
    """One model's line."""
    cells = "".join(
        cell(board, row, column, setting, spreads, "group" if setting == "seeking" else "")
        for column in board.columns
        for setting in SETTINGS
    )
    kind, name = escape(str(row["kind"])), escape(str(row["model"]))
    return f'<tr class="{kind}"><td>{rank_of(row)}</td><td>{name}</td>{cells}<td>{coverage_of(row)}</td></tr>'


def settings_below(board: Board, rows: list[dict[str, Any]], spreads: Spreads) -> str:
    """Three lines a model, seeking, curated and Δ, as the multimodal split is published."""
    titles = "".join(f"<th>{escape(title)}</th>" for title in board.columns.values())
    body = "".join(setting_line(board, row, setting, spreads) for row in rows for setting in SETTINGS)
    shares = yes_prevalence(board, rows)
    prevalence = "".join(f"<td>{shares.get(column, '')}</td>" for column in board.columns)
    return (
        f"<table><thead><tr><th>Rank</th><th>Model</th><th></th>{titles}<th>Coverage %</th>"
        f"<th>Overall if missing were wrong, right</th></tr></thead><tbody>{body}"
        f'<tr class="yes"><td></td><td>share of «yes» where the answer is yes or no, %</td><td></td>{prevalence}'
        "<td></td><td></td></tr></tbody></table>"
    )


def setting_line(board: Board, row: dict[str, Any], setting: str, spreads: Spreads) -> str:
    """One model's line of one setting, or of the difference."""
    first = setting == "seeking"
    name = escape(str(row["model"])) if first else ""
    rank, covered, bounds = "", "", ""
    if setting != "delta":
        rank, covered, bounds = rank_in(row, setting), percent(row[f"{setting}_coverage"]), bounds_of(row, setting)
    cells = "".join(cell(board, row, column, setting, spreads, "") for column in board.columns)
    css = f"{escape(str(row['kind']))} {setting}"
    return (
        f'<tr class="{css}"><td>{rank}</td><td>{name}</td><td>{SETTINGS[setting]}</td>{cells}'
        f"<td>{covered}</td><td>{bounds}</td></tr>"
    )


def cell(board: Board, row: dict[str, Any], column: str, setting: str, spreads: Spreads, css: str) -> str:
    """One figure with its interval."""
    figure = figure_of(row, board.wide[column], setting)
    arm = ARM_OF.get((row["policy"], setting), "")
    spread = spreads.get((row["model"], column, arm), "") if figure else ""
    return f'<td class="{css}">{figure}<small>{spread}</small></td>'


LAYOUTS: dict[str, Callable[[Board, list[dict[str, Any]], Spreads], str]] = {
    "text": settings_across,
    "multimodal": settings_below,
}


def coverage_plot(tables: Tables) -> bytes:
    """A PNG of the coverage of each model and arm by column of the table, of strict scores: one field a cell."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    columns = {name: title for name, title in tables.board.columns.items() if name != "overall"}
    strict = tables.figures[(tables.figures["mode"] == "strict") & tables.figures["column"].isin(list(columns))]
    shown = strict.assign(run=strict["model"] + ", " + strict["arm"]).pivot_table(
        index="run", columns="column", values="coverage", sort=True
    )
    shown = 100 * shown[[name for name in columns if name in shown]]
    figure = Figure(
        figsize=(3.2 + 1.1 * max(1, len(shown.columns)), 1.4 + 0.26 * max(1, len(shown))), layout="constrained"
    )
    axes = figure.subplots()
    if len(shown):
        axes.imshow(shown.to_numpy(), cmap="cividis", vmin=0, vmax=100, aspect="auto")
        for (row, column), covered in numpy.ndenumerate(shown.to_numpy()):
            if not numpy.isnan(covered):
                ink = "black" if covered > LIGHT_FROM else "white"
                axes.text(column, row, f"{covered:.0f}", ha="center", va="center", fontsize=8, color=ink)
    titles = [textwrap.fill(columns[name], 14) for name in shown.columns]
    axes.set_xticks(range(len(titles)), titles, fontsize=8)
    axes.set_yticks(range(len(shown)), list(shown.index), fontsize=8)
    axes.set_title("questions with a score, %; a rank needs 98", fontsize=9)
    axes.spines[:].set_visible(False)
    buffer = io.BytesIO()
    FigureCanvasAgg(figure).print_png(buffer)
    return buffer.getvalue()
