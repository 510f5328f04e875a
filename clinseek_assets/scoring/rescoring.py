"""What a new version of the scorer changed about scores that stood before, answer by answer.

Each row of the scores holds a hash of what was scored (`basis_of`). Rows of two versions are compared only where it is
the same, so that a changed answer, gold or question is never taken for a change of the scorer. What was found is kept
beside the scores, one entry for each new version.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import pandas

from clinseek_assets.faults import ResultsFault
from clinseek_assets.scoring.rules import Given
from clinseek_assets.storage.atomic import write_text
from clinseek_assets.storage.fingerprint import of_value

BASIS = "basis"
BASIS_LENGTH = 16  # hex digits: far more than telling apart the answers of one question takes
ROW = ["row_number", "run_index", "mode", BASIS]
COMPARED = ["scored", "precision", "recall", "f1", "exact_match"]


@dataclass(frozen=True)
class Change:
    """One answer that a new scorer scores otherwise.

    Attributes:
        row_number: of its question in the manifest.
        run_index: which repetition.
        mode: the rule, `strict` or `compat`.
        before, after: F1; None where it had, or has, no score.
    """

    row_number: int
    run_index: int
    mode: str
    before: float | None
    after: float | None


@dataclass(frozen=True)
class Rescoring:
    """One new version of the scorer over answers that an earlier one had scored.

    Attributes:
        at: when, in UTC, ISO 8601.
        before, after: the versions of the scorer.
        compared: mode -> how many answers both versions scored.
        changes: those that came out otherwise, in the order of the manifest.
    """

    at: str
    before: str
    after: str
    compared: dict[str, int]
    changes: tuple[Change, ...]


def basis_of(given: Given) -> str:
    """A hash of all that a rule looks at in one answer: how it ended, its names, the gold and what was asked."""
    asked = given.question
    looked_at = [given.outcome, given.names, asked.gold, asked.task_type, asked.question]
    return of_value(looked_at)[:BASIS_LENGTH]


def rescoring(before: pandas.DataFrame, after: pandas.DataFrame, versions: tuple[str, str], at: str) -> Rescoring:
    """Compare the scores of two versions of the scorer.

    Args:
        before, after: frames of `score_predictions`; one without `basis` (kept before that column was there) has
            nothing that can be compared.
        versions: the version that made each.
        at: when the second one was made.
    """
    if BASIS not in before:
        return Rescoring(at, *versions, {}, ())
    both = before[[*ROW, *COMPARED]].merge(after[[*ROW, *COMPARED]], on=ROW, suffixes=("_before", "_after"))
    differs = pandas.Series(False, index=both.index)
    for name in COMPARED:
        old, new = both[f"{name}_before"], both[f"{name}_after"]
        differs |= (old != new) & ~(old.isna() & new.isna())
    changed = both[differs].sort_values(["row_number", "run_index", "mode"])
    rows = zip(*(changed[name] for name in (*ROW[:3], "f1_before", "f1_after")), strict=True)
    changes = tuple(Change(int(row), int(run), str(mode), _f1(old), _f1(new)) for row, run, mode, old, new in rows)
    return Rescoring(at, *versions, {str(mode): int(n) for mode, n in both["mode"].value_counts().items()}, changes)


def _f1(value: float) -> float | None:
    return None if pandas.isna(value) else float(value)


def mean_change(changes: Sequence[Change]) -> float | None:
    """The mean of new less old F1 over changes that have both; None where none has."""
    differences = [each.after - each.before for each in changes if each.before is not None and each.after is not None]
    return sum(differences) / len(differences) if differences else None


def keep(path: Path, found: Rescoring) -> None:
    """Add an entry to the file of re-scorings, whole or not at all; raises what `read_rescorings` raises.

    An entry of the same two versions at its end is replaced: it is of a run that ended before its scores were written.
    """
    entries = read_rescorings(path)
    if entries and (entries[-1].before, entries[-1].after) == (found.before, found.after):
        entries.pop()
    write_text(path, json.dumps([asdict(entry) for entry in (*entries, found)], indent=1) + "\n")


def read_rescorings(path: Path) -> list[Rescoring]:
    """All entries of a file of re-scorings, the oldest first; none where there is no file.

    Raises:
        ResultsFault: the file is damaged.
    """
    if not path.is_file():
        return []
    try:
        return [
            Rescoring(**{**entry, "changes": tuple(Change(**change) for change in entry["changes"])})
            for entry in json.loads(path.read_text(encoding="utf-8"))
        ]
    except (ValueError, TypeError, KeyError):
        raise ResultsFault(
            f"{path} cannot be read: it does not hold what a new scorer changed.",
            mend="Remove the file; scores do not depend on it.",
        ) from None
