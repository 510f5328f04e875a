"""The check of what the last new version of the scorer changed about answers that had a score."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import dagster as dg

from clinseek_assets.scoring.rescoring import Change, mean_change, read_rescorings

NAME = "rescored"
TOLD = 10


def spec(asset: str) -> dg.AssetCheckSpec:
    """The check on one arm's score asset; it blocks nothing, since a scorer may change for a reason."""
    return dg.AssetCheckSpec(
        NAME,
        asset=asset,
        blocking=False,
        description="The present version of the scorer gives answers the score that the version before it gave them.",
    )


def of_rescorings(version: str, paths: Sequence[Path]) -> Iterator[dg.AssetCheckResult]:
    """Answer `spec` over the partitions of a run, in counts, means and row numbers.

    Args:
        version: the present version of the scorer; what earlier ones changed is kept, and is no news.
        paths: the files of what new versions changed; one that is not there has nothing to tell.
    """
    latest = [found[-1] for path in paths if (found := read_rescorings(path)) and found[-1].after == version]
    compared: Counter[str] = Counter()
    for each in latest:
        compared.update(each.compared)
    changes = [change for each in latest for change in each.changes]
    told = [told_of_mode(mode, compared[mode], [each for each in changes if each.mode == mode]) for mode in compared]
    yield dg.AssetCheckResult(
        check_name=NAME,
        passed=not changes,
        severity=dg.AssetCheckSeverity.WARN,
        description="; ".join(told) or "No answer was scored again by a new version of the scorer.",
        metadata={
            "scorer": version,
            "before": ", ".join(sorted({each.before for each in latest})) or "none",
            **{f"compared, {mode}": count for mode, count in compared.items()},
            **{f"changed, {mode}": count for mode, count in Counter(each.mode for each in changes).items()},
        },
    )


def told_of_mode(mode: str, compared: int, changes: Sequence[Change]) -> str:
    """What happened to the scores of one rule."""
    if not changes:
        return f"{mode}: none of {compared:,} rows changed"
    mean = mean_change(changes)
    by = "" if mean is None else f", on average by {100 * mean:+.2f} points of F1"
    rows = list(dict.fromkeys(each.row_number for each in changes))
    more = " and more" if len(rows) > TOLD else ""
    return f"{mode}: {len(changes):,} of {compared:,} rows changed{by} (rows {', '.join(map(str, rows[:TOLD]))}{more})"
