"""The leaderboards in the layouts in which they are published, each figure with its interval."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from html import escape
from typing import Any

import pandas

from clinseek_assets.scoring.leaderboard import (
    ARM_OF,
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
    rows_of,
    yes_prevalence,
)
from clinseek_assets.scoring.report.contrasts import OF_POLICY, TIED_FROM
from clinseek_assets.scoring.report.material import Material

MODES = {
    "strict": "Strict scores (headline): Unicode form, spaces and case do not count; a missing answer has no score.",
    "compat": "Compatible scores: the published scorer's rules.",
}
TIED = "≈"
# (model, column, arm or contrast) -> what stands below the figure, as HTML.
Notes = Mapping[tuple[str, str, str], str]


def leaderboard_tables(material: Material, mode: str) -> str:
    """One mode's tables as HTML, one a policy of time, each in a box of its own that scrolls."""
    notes = notes_of(material, mode)
    return "".join(
        f"<h4>{escape(POLICIES[policy].capitalize())}</h4>"
        f'<div class="wide">{LAYOUTS[material.board.split](material.board, rows, notes)}</div>'
        for policy, rows in by_policy(material.tables.leaderboard, mode).items()
    )


def notes_of(material: Material, mode: str) -> Notes:
    """The interval of each figure and contrast, and the mark of those Δ that may be nothing."""
    figures = {
        (row["model"], row["column"], row["arm"]): interval(row["low"], row["high"])
        for row in rows_of(material.tables.figures, mode)
    }
    deltas = {
        (row["model"], row["column"], row["contrast"]): interval(row["low"], row["high"], signed=True) + tie(row)
        for row in rows_of(material.contrasts, mode)
    }
    return {**figures, **deltas}


def interval(low: Any, high: Any, *, signed: bool = False) -> str:
    """An interval in percentage points; nothing where there is none."""
    return f"{percent(low, signed=signed)} to {percent(high, signed=signed)}" if pandas.notna(low) else ""


def tie(row: Mapping[Any, Any]) -> str:
    """The mark of a contrast whose corrected test does not tell it from zero."""
    tied = pandas.notna(row["p_holm"]) and row["p_holm"] >= TIED_FROM
    return f' <abbr title="Holm-corrected p {row["p_holm"]:.2f}">{TIED}</abbr>' if tied else ""


def settings_across(board: Board, rows: list[dict[str, Any]], notes: Notes) -> str:
    """A line a model, each column three times: seeking | curated | Δ, as the text split is published."""
    top = "".join(f'<th class="group" colspan="3">{escape(title)}</th>' for title in board.columns.values())
    below = "".join(
        f'<th class="{"group" if setting == "seeking" else ""}">{escape(title)}</th>'
        for _ in board.columns
        for setting, title in SETTINGS.items()
    )
    body = "".join(model_line(board, row, notes) for row in rows)
    return (
        f'<table><thead><tr><th>Rank</th><th class="name">Model</th>{top}<th>Coverage</th></tr>'
        f'<tr><th></th><th class="name"></th>{below}<th>%</th></tr></thead><tbody>{body}</tbody></table>'
    )


def model_line(board: Board, row: dict[str, Any], notes: Notes) -> str:
    """One model's line."""
    cells = "".join(
        cell(board, row, column, setting, notes, "group" if setting == "seeking" else "")
        for column in board.columns
        for setting in SETTINGS
    )
    kind, name = escape(str(row["kind"])), escape(str(row["model"]))
    return (
        f'<tr class="{kind}"><td>{rank_of(row)}</td><th scope="row" class="name">{name}</th>{cells}'
        f"<td>{coverage_of(row)}</td></tr>"
    )


def settings_below(board: Board, rows: list[dict[str, Any]], notes: Notes) -> str:
    """Three lines a model, seeking, curated and Δ, as the multimodal split is published."""
    titles = "".join(f"<th>{escape(title)}</th>" for title in board.columns.values())
    body = "".join(setting_line(board, row, setting, notes) for row in rows for setting in SETTINGS)
    shares = yes_prevalence(board, rows)
    prevalence = "".join(f"<td>{shares.get(column, '')}</td>" for column in board.columns)
    return (
        f'<table><thead><tr><th>Rank</th><th class="name">Model</th><th></th>{titles}<th>Coverage %</th>'
        f"<th>Overall if missing were wrong, right</th></tr></thead><tbody>{body}"
        f'<tr class="yes"><td></td><th scope="row" class="name">«yes» where asked yes or no, %</th><td></td>'
        f"{prevalence}<td></td><td></td></tr></tbody></table>"
    )


def setting_line(board: Board, row: dict[str, Any], setting: str, notes: Notes) -> str:
    """One model's line of one setting, or of the difference."""
    name = escape(str(row["model"])) if setting == "seeking" else ""
    rank, covered, bounds = "", "", ""
    if setting != "delta":
        rank, covered, bounds = rank_in(row, setting), percent(row[f"{setting}_coverage"]), bounds_of(row, setting)
    cells = "".join(cell(board, row, column, setting, notes, "") for column in board.columns)
    css = f"{escape(str(row['kind']))} {setting}"
    return (
        f'<tr class="{css}"><td>{rank}</td><th scope="row" class="name">{name}</th><td>{SETTINGS[setting]}</td>{cells}'
        f"<td>{covered}</td><td>{bounds}</td></tr>"
    )


def cell(board: Board, row: dict[str, Any], column: str, setting: str, notes: Notes, css: str) -> str:
    """One figure with its interval."""
    figure = figure_of(row, board.wide[column], setting)
    series = OF_POLICY[row["policy"]] if setting == "delta" else ARM_OF[row["policy"], setting]
    note = notes.get((row["model"], column, series), "") if figure else ""
    return f'<td class="{css}">{figure}<small>{note}</small></td>'


LAYOUTS: dict[str, Callable[[Board, list[dict[str, Any]], Notes], str]] = {
    "text": settings_across,
    "multimodal": settings_below,
}
