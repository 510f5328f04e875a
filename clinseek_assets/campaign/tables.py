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
MOST_WITH_INTERVALS = 3  # columns; a wider table has them beside Overall alone, so that it fits a page
OF_A_FIGURE = ("f1", "low", "high", "n", "questions", "coverage")
LONG = ("model", "arm", "mode", "column", "patients", *OF_A_FIGURE)
# What says which difference it is; all else is a figure of its patients.
NAMES_A_DELTA = (
    *("split", "model", "kind", "mode", "contrast", "differs_in", "column", "level", "weighting"),
    *("first_arm", "second_arm"),
)


def latex_tables(tables: Tables, fewest: int) -> dict[str, str]:
    """Name of a file -> a LaTeX table, one a rule of scoring and policy of time under which models were run.

    Args:
        tables: the marts of a split.
        fewest: of how many patients a figure must at least be.
    """
    split = tables.board.split
    return {
        f"{split}_{policy}_policy_{mode}.tex": latex(tables, mode, policy, rows, fewest)
        for mode in MODES
        for policy, rows in by_policy(tables.leaderboard, mode).items()
    }


def latex(tables: Tables, mode: str, policy: str, rows: list[dict[str, Any]], fewest: int) -> str:
    """One table: a line a model and setting, the interval of each level in small print."""
    board = tables.board
    cells = cells_of(tables.figures, mode)
    columns = list(board.columns)
    lines = [
        "% Needs \\usepackage{booktabs} and \\usepackage{adjustbox}.",
        "\\begin{table}",
        "\\centering",
        f"\\caption{{{caption(board, mode, policy)}}}",
        "\\begin{adjustbox}{max width=\\linewidth}",  # six groups and Overall are wider than a page
        f"\\begin{{tabular}}{{rll{'r' * len(columns)}}}",
        "\\toprule",
        f"rank & model & setting & {' & '.join(escaped(title) for title in board.columns.values())} \\\\",
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


SYMBOLS = {"delta": r"$\Delta$"}


def caption(board: Board, mode: str, policy: str) -> str:
    """What a table is of, in LaTeX."""
    return escaped(
        f"ClinSeek-Bench, {board.split} split, {mode} scores; {POLICIES[policy]}. Mean F1 in percentage points with "
        f"95% intervals clustered by patient. {board.what_is_overall}"
    )


Cells = Mapping[tuple[str, str, str], Mapping[str, Any]]
"""(model, arm, column) -> the row of the mart of figures."""


def cells_of(figures: pandas.DataFrame, mode: str) -> Cells:
    """The figures of one rule of scoring by model, arm and column."""
    return {(row["model"], row["arm"], row["column"]): row for row in rows_of(figures, mode)}


def cell_in_tex(
    board: Board, row: Mapping[str, Any], column: str, policy: str, setting: str, cells: Cells, fewest: int
) -> str:
    """A cell; empty where the setting was not run, dashes where its figure is of too few patients."""
    value = row[f"{board.wide[column]}_{setting}"]
    if pandas.isna(value):
        return ""
    arms = [ARM_OF[policy, each] for each in ("seeking", "curated") if setting in (each, "delta")]
    found = [cells[row["model"], arm, column] for arm in arms]
    if any(each["patients"] < fewest for each in found):
        return LEFT_OUT_IN_TEX
    if setting == "delta":
        return f"${percent(value, signed=True)}$"
    low, high = (found[0][end] for end in ("low", "high"))
    roomy = len(board.columns) <= MOST_WITH_INTERVALS or column == OVERALL
    around = "" if pandas.isna(low) or not roomy else f" {{\\scriptsize [{percent(low)}, {percent(high)}]}}"
    return f"{percent(value)}{around}"


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
