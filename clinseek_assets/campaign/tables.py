"""The leaderboards for print: LaTeX in the published layout (booktabs, adjustbox), CSV in long form with all figures.

Figures are percentage points in LaTeX and fractions in CSV. A figure of fewer patients than may be shown is left out of
both.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas

from clinseek_assets.scoring.leaderboard import (
    ARM_OF,
    CONTRAST_OF,
    POLICIES,
    SETTINGS,
    Board,
    Tables,
    by_policy,
    percent,
    rank_of,
    rows_of,
)
from clinseek_assets.scoring.statistics import OVERALL

MODES = ("strict", "compat")
SPECIAL = {
    "\\": r"\textbackslash{}",
    **{sign: f"\\{sign}" for sign in "&%$#_{}"},
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
}
LEFT_OUT_IN_TEX = "--"
MOST_WITH_INTERVALS = (
    3  # columns; a wider table has them beside Overall alone, and two lines a heading, so that it fits
)
OF_A_FIGURE = ("f1", "low", "high", "n", "questions", "coverage")
LONG = ("model", "arm", "mode", "column", "patients", *OF_A_FIGURE)
# What says which difference it is; all else is a figure of its patients.
NAMES_A_DELTA = (
    *("split", "model", "kind", "mode", "contrast", "differs_in", "column", "level", "weighting"),
    *("first_arm", "second_arm"),
)


def latex_tables(tables: Tables, deltas: Mapping[str, pandas.DataFrame], fewest: int) -> dict[str, str]:
    """Name of a file -> a LaTeX table, one a rule of scoring and policy of time under which models were run.

    Args:
        tables: the marts of a split.
        deltas: rule of scoring -> the split's differences, as `read_deltas` gives them.
        fewest: of how many patients a figure must at least be.
    """
    split = tables.board.split
    return {
        f"{split}_{policy}_policy_{mode}.tex": latex(tables, deltas[mode], mode, policy, rows, fewest)
        for mode in MODES
        for policy, rows in by_policy(tables.leaderboard, mode).items()
    }


def latex(
    tables: Tables, deltas: pandas.DataFrame, mode: str, policy: str, rows: list[dict[str, Any]], fewest: int
) -> str:
    """One table: a line a model and setting, the interval of each figure in small print."""
    board = tables.board
    cells = cells_of(tables.figures, deltas, mode, policy)
    columns = list(board.columns)
    lines = [
        "% Needs \\usepackage{booktabs} and \\usepackage{adjustbox}.",
        "\\begin{table}",
        "\\centering",
        f"\\caption{{{caption(board, mode, policy)}}}",
        "\\begin{adjustbox}{max width=\\linewidth}",  # six groups and Overall are wider than a page
        f"\\begin{{tabular}}{{rll{'r' * len(columns)}}}",
        "\\toprule",
        f"rank & model & setting & {' & '.join(headings(board))} \\\\",
        "\\midrule",
    ]
    for row in rows:
        first = True
        for setting, called in SETTINGS.items():
            shown = [cell_in_tex(board, row, column, policy, setting, cells, fewest) for column in columns]
            if not any(shown):
                continue
            head = f"{rank_of(row)} & {escaped(str(row['model']))}" if first else " & "
            lines.append(f"{head} & {SYMBOLS.get(setting, called)} & {' & '.join(shown)} \\\\")
            first = False
    return "\n".join([*lines, "\\bottomrule", "\\end{tabular}", "\\end{adjustbox}", "\\end{table}", ""])


DELTA = "delta"
SYMBOLS = {DELTA: r"$\Delta$"}


def caption(board: Board, mode: str, policy: str) -> str:
    """What a table is of, in LaTeX."""
    return escaped(
        f"ClinSeek-Bench, {board.split} split, {mode} scores; {POLICIES[policy]}. Mean F1 in percentage points with "
        f"95% intervals clustered by patient. {board.what_is_overall}"
    )


def headings(board: Board) -> list[str]:
    """The columns' headings in LaTeX; those of a wide table in two lines each."""
    titles = [escaped(title) for title in board.columns.values()]
    if roomy(board):
        return titles
    return ["\\shortstack[r]{" + title.replace(" ", r" \\ ", 1) + "}" for title in titles]


def roomy(board: Board) -> bool:
    """Whether a table has so few columns that each can have its intervals."""
    return len(board.columns) <= MOST_WITH_INTERVALS


Cells = Mapping[tuple[str, str, str], Mapping[str, Any]]
"""(model, arm or `delta`, column) -> the row of the mart of figures or of that of differences."""


def cells_of(figures: pandas.DataFrame, deltas: pandas.DataFrame, mode: str, policy: str) -> Cells:
    """The figures of one rule of scoring and the differences of one policy by model, arm and column."""
    of_policy = deltas[deltas["contrast"] == CONTRAST_OF[policy]]
    return {
        **{(row["model"], row["arm"], row["column"]): row for row in rows_of(figures, mode)},
        **{(row["model"], DELTA, row["column"]): row for row in rows_of(of_policy, mode)},
    }


def cell_in_tex(
    board: Board, row: Mapping[str, Any], column: str, policy: str, setting: str, cells: Cells, fewest: int
) -> str:
    """A cell; empty where the setting was not run, dashes where its figure is of too few patients."""
    value = row[f"{board.wide[column]}_{setting}"]
    if pandas.isna(value):
        return ""
    arms = [ARM_OF[policy, each] for each in ("seeking", "curated") if setting in (each, DELTA)]
    if any(cells[row["model"], arm, column]["patients"] < fewest for arm in arms):
        return LEFT_OUT_IN_TEX
    signed = setting == DELTA
    # A model that was asked in one arm alone has no row among the differences.
    figure = cells.get((row["model"], DELTA if signed else arms[0], column), {})
    low, high = figure.get("low"), figure.get("high")
    shown = f"${percent(value, signed=True)}$" if signed else percent(value)
    if pandas.isna(low) or pandas.isna(high) or not (roomy(board) or column == OVERALL):
        return shown
    return f"{shown} {{\\scriptsize [{percent(low, signed=signed)}, {percent(high, signed=signed)}]}}"


def escaped(text: str) -> str:
    """A text as LaTeX takes it."""
    return "".join(SPECIAL.get(sign, sign) for sign in text)


def figures_in_csv(figures: pandas.DataFrame, fewest: int) -> str:
    """The mart of figures as CSV, a line a model, arm, rule and column; figures of too few patients are empty."""
    shown = figures[list(LONG)].copy()
    few = shown["patients"] < fewest
    shown["left_out"] = few
    shown[[*OF_A_FIGURE, "patients"]] = shown[[*OF_A_FIGURE, "patients"]].mask(few)
    return shown.convert_dtypes().to_csv(index=False)


def deltas_in_csv(deltas: pandas.DataFrame, split: str, fewest: int) -> str:
    """The mart of paired differences of one split as CSV; those of too few patients are empty."""
    shown = deltas[deltas["split"] == split].copy()
    few = shown["patients"] < fewest
    figures = [str(name) for name in shown if name not in NAMES_A_DELTA]
    shown[figures] = shown[figures].astype(object).mask(few)
    shown["left_out"] = few
    return shown.convert_dtypes().to_csv(index=False)
