"""The leaderboard as its readers take it: out of the marts' Parquet files, never waiting for the warehouse's writer."""

from __future__ import annotations

from typing import Any

import pandas

from clinseek_assets.benchmark.subtasks import DECISION, RISK
from clinseek_assets.faults import ResultsFault
from clinseek_assets.locations.layout import Layout
from clinseek_assets.scoring.statistics import OVERALL

COLUMNS = {RISK: "Risk Prediction", DECISION: "Decision Making", OVERALL: "Overall"}
# The published layout's names of the columns in the wide mart.
WIDE = {RISK: "risk", DECISION: "decision", OVERALL: "overall"}
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


def rows_of(mart: pandas.DataFrame, mode: str) -> list[dict[str, Any]]:
    """One mode's rows of a mart, in their order."""
    rows = mart[mart["mode"] == mode].to_dict(orient="records")
    return [{str(name): value for name, value in row.items()} for row in rows]


def by_policy(leaderboard: pandas.DataFrame, mode: str) -> dict[str, list[dict[str, Any]]]:
    """Policy of time -> one mode's rows of the mart `text_leaderboard`; only the policies under which arms were run."""
    rows = rows_of(leaderboard, mode)
    found = {policy: [row for row in rows if row["policy"] == policy] for policy in POLICIES}
    return {policy: of_policy for policy, of_policy in found.items() if of_policy}


def leaderboard_figures(figures: pandas.DataFrame, split: str, mode: str) -> dict[str, Any]:
    """The figures in the shape of `clinseek leaderboard --json`, as fractions.

    Args:
        figures: the mart `text_figures`.
        split: `text`.
        mode: `strict` or `compat`.

    Returns:
        {"split", "mode", "rows": [{"model", "column", "arm", "f1", "low", "high", "n", "coverage"}], "contrasts"}: a
        figure that is not there (no answer at all; one patient only) is None. `contrasts` is empty while no two arms
        that make one were run.
    """
    kept = ("model", "column", "arm", "f1", "low", "high", "n", "coverage")
    rows = [{name: _plain(row[name]) for name in kept} for row in rows_of(figures, mode)]
    return {"split": split, "mode": mode, "rows": rows, "contrasts": []}


def _plain(value: Any) -> Any:
    if value is None or value is pandas.NA or (isinstance(value, float) and pandas.isna(value)):
        return None
    return value.item() if hasattr(value, "item") else value


def percent(value: Any, *, signed: bool = False) -> str:
    """A fraction in percentage points with one decimal, as published; nothing where there is none."""
    if value is None or pandas.isna(value):
        return ""
    return f"{100 * value:+.1f}" if signed else f"{100 * value:.1f}"


def rank_of(row: Any) -> str:
    """The rank to show: by the seeking arm where it was run, else by the curated one; a mark for floor rows."""
    if row["kind"] == "floor":
        return "floor"
    rank = row["seeking_rank"] if pandas.notna(row["seeking_rank"]) else row["curated_rank"]
    return f"{int(rank)}" if pandas.notna(rank) else "–"


def coverage_of(row: Any) -> str:
    """The coverage of whichever arms were run, as percent; the lower one where there are two."""
    found = [row[f"{arm}_coverage"] for arm in ("seeking", "curated") if pandas.notna(row[f"{arm}_coverage"])]
    return f"{100 * min(found):.1f}" if found else ""
