"""The leaderboards as their readers take them: out of the marts' Parquet files, never waiting for the warehouse's
writer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas

from clinseek_assets.benchmark.groups import GROUPS
from clinseek_assets.benchmark.subtasks import DECISION, RISK
from clinseek_assets.faults import ResultsFault
from clinseek_assets.locations.layout import Layout
from clinseek_assets.scoring.statistics import MICRO, OVERALL

SETTINGS = {"seeking": "seeking", "curated": "curated", "delta": "Δ"}
# The policies of time, under each of which both settings may see the same: what a table of each is called.
POLICIES = {
    "strict": "strict policy of time: arms seeking and curated_strict",
    "published": "published rule of time: arms seeking_compat and curated",
}
# (policy, setting) -> the arm whose figures stand there.
ARM_OF = {
    ("strict", "seeking"): "seeking",
    ("strict", "curated"): "curated_strict",
    ("published", "seeking"): "seeking_compat",
    ("published", "curated"): "curated",
}
# Policy -> the contrast whose differences stand in its table.
CONTRAST_OF = {policy: f"{ARM_OF[policy, 'seeking']}-{ARM_OF[policy, 'curated']}" for policy in POLICIES}
DELTAS = "paired_deltas"
"""The mart of the differences between arms, of both splits."""


@dataclass(frozen=True)
class Board:
    """The table of one split.

    Attributes:
        split: `text` or `multimodal`.
        columns: the columns of the figures with their titles, in the published order.
        wide: the same columns with their names in the wide mart.
        what_is_overall: what the last column is a mean of.
    """

    split: str
    columns: Mapping[str, str]
    wide: Mapping[str, str]
    what_is_overall: str

    @property
    def leaderboard(self) -> str:
        """The mart in the published layout."""
        return f"{self.split}_leaderboard"

    @property
    def figures(self) -> str:
        """The mart in long form, with intervals."""
        return f"{self.split}_figures"


BOARDS: dict[str, Board] = {
    board.split: board
    for board in (
        Board(
            "text",
            {RISK: "Risk Prediction", DECISION: "Decision Making", OVERALL: "Overall"},
            {RISK: "risk", DECISION: "decision", OVERALL: "overall"},
            "Overall is the mean over questions.",
        ),
        Board(
            "multimodal",
            {**{name: group.title for name, group in GROUPS.items()}, OVERALL: "Overall"},
            {name: name for name in (*GROUPS, OVERALL)},
            "Overall is the mean over all questions, not over the six groups.",
        ),
    )
}


@dataclass(frozen=True)
class Tables:
    """The marts of one split, read.

    Attributes:
        board: what they are of.
        leaderboard, figures: the two marts.
    """

    board: Board
    leaderboard: pandas.DataFrame
    figures: pandas.DataFrame


def read_tables(layout: Layout, board: Board) -> Tables:
    """The marts of a split; raises what `read_mart` raises."""
    return Tables(board, read_mart(layout, board.leaderboard), read_mart(layout, board.figures))


def read_mart(layout: Layout, name: str) -> pandas.DataFrame:
    """A mart's rows.

    Raises:
        ResultsFault: it was not built yet.
    """
    path = layout.mart(name)
    if not path.is_file():
        raise ResultsFault(
            "There is no leaderboard yet: nothing was scored.",
            mend="Run `clinseek demo`, or `clinseek evaluate --model MODEL` over your own data.",
        )
    return pandas.read_parquet(path)


def read_deltas(layout: Layout, board: Board, mode: str) -> pandas.DataFrame:
    """The differences between arms of one split and mode in the columns of its tables, over questions (not subtasks).

    Returns:
        Rows of the mart `paired_deltas`: of each contrast and model, the columns in the tables' order.

    Raises:
        ResultsFault: the mart was not built yet.
    """
    deltas = read_mart(layout, DELTAS)
    place = {column: number for number, column in enumerate(board.columns)}
    kept = (deltas["split"] == board.split) & (deltas["mode"] == mode) & (deltas["weighting"] == MICRO)
    shown = deltas[kept & deltas["column"].isin(list(place))]
    order = shown["column"].map(place).rename("place")
    return shown.assign(place=order).sort_values(["contrast", "model", "place"]).drop(columns="place")


def rows_of(mart: pandas.DataFrame, mode: str) -> list[dict[str, Any]]:
    """One mode's rows of a mart, in their order."""
    rows = mart[mart["mode"] == mode].to_dict(orient="records")
    return [{str(name): value for name, value in row.items()} for row in rows]


def by_policy(leaderboard: pandas.DataFrame, mode: str) -> dict[str, list[dict[str, Any]]]:
    """Policy of time -> one mode's rows of a leaderboard's mart; only the policies under which arms were run."""
    rows = rows_of(leaderboard, mode)
    found = {policy: [row for row in rows if row["policy"] == policy] for policy in POLICIES}
    return {policy: of_policy for policy, of_policy in found.items() if of_policy}


def leaderboard_figures(figures: pandas.DataFrame, deltas: pandas.DataFrame, split: str, mode: str) -> dict[str, Any]:
    """The figures in the shape of `clinseek leaderboard --json`, as fractions.

    Args:
        figures: the split's mart of figures.
        deltas: as `read_deltas` gives them for this split and mode.
        split: `text` or `multimodal`.
        mode: `strict` or `compat`.

    Returns:
        {"split", "mode", "rows": [{"model", "column", "arm", "f1", "low", "high", "n", "coverage"}], "contrasts":
        [{"model", "column", "contrast", "delta", "low", "high", "p", "n"}]}: a figure that is not there (no answer at
        all; one patient only) is None. `contrasts` is empty while no two arms that make one were run; its `p` is that
        of the sign-flip test, uncorrected.
    """
    of_arm = ("model", "column", "arm", "f1", "low", "high", "n", "coverage")
    of_contrast = ("model", "column", "contrast", "delta", "low", "high", "p", "n")
    return {
        "split": split,
        "mode": mode,
        "rows": [{name: _plain(row[name]) for name in of_arm} for row in rows_of(figures, mode)],
        "contrasts": [{name: _plain(row[name]) for name in of_contrast} for row in rows_of(deltas, mode)],
    }


def _plain(value: Any) -> Any:
    if value is None or value is pandas.NA or (isinstance(value, float) and pandas.isna(value)):
        return None
    return value.item() if hasattr(value, "item") else value


def percent(value: Any, *, signed: bool = False) -> str:
    """A fraction in percentage points with one decimal, as published; nothing where there is none."""
    if value is None or pandas.isna(value):
        return ""
    return f"{100 * value:+.1f}" if signed else f"{100 * value:.1f}"


def figure_of(row: Mapping[str, Any], name: str, setting: str) -> str:
    """The cell of a column and setting (`seeking`, `curated`, `delta`) in a row of a leaderboard's mart."""
    return percent(row[f"{name}_{setting}"], signed=setting == "delta")


def yes_prevalence(board: Board, rows: list[dict[str, Any]]) -> dict[str, str]:
    """Column -> the share of yes among its questions that are answered by yes or no; columns without any left out."""
    if not rows:
        return {}
    shares = {column: rows[0].get(f"{name}_yes_prevalence") for column, name in board.wide.items()}
    return {column: percent(share) for column, share in shares.items() if percent(share)}


def rank_of(row: Any) -> str:
    """The rank to show: by the seeking arm where it was run, else by the curated one; a mark for floor rows."""
    if row["kind"] == "floor":
        return "floor"
    rank = row["seeking_rank"] if pandas.notna(row["seeking_rank"]) else row["curated_rank"]
    return f"{int(rank)}" if pandas.notna(rank) else "–"


def rank_in(row: Any, setting: str) -> str:
    """The rank of one setting alone; a mark for floor rows, nothing where it was not run."""
    if pandas.isna(row[f"{setting}_coverage"]):
        return ""
    if row["kind"] == "floor":
        return "floor"
    return f"{int(row[f'{setting}_rank'])}" if pandas.notna(row[f"{setting}_rank"]) else "–"


def coverage_of(row: Any) -> str:
    """The coverage of whichever arms were run, as percent; the lower one where there are two."""
    found = [row[f"{arm}_coverage"] for arm in ("seeking", "curated") if pandas.notna(row[f"{arm}_coverage"])]
    return f"{100 * min(found):.1f}" if found else ""


def bounds_of(row: Any, setting: str) -> str:
    """What Overall would be if every missing answer were wrong or right, as «42.0 to 44.0»; nothing where not run."""
    low, high = (percent(row[f"overall_{setting}_if_missing_{end}"]) for end in ("wrong", "right"))
    return f"{low} to {high}" if low else ""
