"""Which version of the scorer made an arm's scores, and what a new one changes about them."""

from __future__ import annotations

import datetime as dt

import pandas

from clinseek_assets.assets.arms import Arm
from clinseek_assets.assets.artifact import code_of, metadata_of
from clinseek_assets.assets.split_scoring import SCORING
from clinseek_assets.faults import Fault
from clinseek_assets.partitions import cell
from clinseek_assets.resources.home import Home
from clinseek_assets.scoring.rescoring import keep, rescoring
from clinseek_assets.storage.fingerprint import of_parts

# The code that scores: what only reads, sums up or shows scores is no part of it.
SCORER = (
    *("benchmark/answer_keys.py", "benchmark/groups.py", "benchmark/vocabularies.py"),
    "benchmark/multimodal/grouping.py",
    *("models/outcomes.py", "models/judges", "records/tools/meanings.py"),
    *("scoring/rules.py", "scoring/set_metrics.py", "scoring/score_predictions.py", "scoring/rescoring.py"),
    *(f"scoring/multimodal/{name}.py" for name in ("answer_kinds", "rules", "single_answers", "vocabulary_mapping")),
)
VERSION_LENGTH = 16
FACT = "scorer"


def scorer_version(home: Home, split: str) -> str:
    """The version of what scores a split's answers: its code, and the judge and mapping that are configured."""
    return of_parts([code_of(*SCORER), *SCORING[split].further(home)])[:VERSION_LENGTH]


def earlier_scores(home: Home, arm: Arm, key: str) -> tuple[str, pandas.DataFrame] | None:
    """The scores of a partition as they stand, with the version that made them; None where either is not known."""
    receipt = home.receipts.read(arm.scores, key)
    version = metadata_of(receipt).get(FACT) if receipt else None
    if version is None:
        return None
    model, subtask = cell(key)
    try:
        return str(version.value), home.read(
            arm.scores, key, home.layout.scores(arm.split.name, arm.name, model, subtask)
        )
    except Fault:  # the file is gone or damaged: it is made anew, and there is nothing to compare
        return None


def keep_what_changed(
    home: Home, arm: Arm, key: str, earlier: tuple[str, pandas.DataFrame] | None, made: pandas.DataFrame, version: str
) -> None:
    """Where an earlier version had scored the same answers, keep what the new one changed about them.

    Args:
        home, arm, key: whose scores they are.
        earlier: of `earlier_scores`, read before the new ones take their place.
        made: the new scores.
        version: of the scorer that made them.
    """
    if earlier is None or earlier[0] == version:
        return
    at = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    found = rescoring(earlier[1], made, (earlier[0], version), at)
    if found.compared:
        keep(home.layout.rescorings(arm.split.name, arm.name, *cell(key)), found)
