"""What is to be tested and how, fixed before the first answer: contrasts, families, intervals.

The plan stands in the code, as what the statistics do. At the first evaluation of a home it is written down with the
time; from then on the record says whether today's plan is still that one, and where not, in which parts.
"""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clinseek_assets.faults import ResultsFault
from clinseek_assets.resources.home import Home
from clinseek_assets.scoring.leaderboard import BOARDS
from clinseek_assets.scoring.statistics.contrasts import CONTRASTS
from clinseek_assets.scoring.statistics.families import LEVEL
from clinseek_assets.scoring.statistics.resamples import DRAWS, SEED
from clinseek_assets.storage.atomic import write_text

NOTE = "analysis_plan.json"
HEADLINE = "seeking-curated_strict"
PUBLISHED = "seeking_compat-curated"


@dataclass(frozen=True)
class FixedPlan:
    """The plan as a home fixed it.

    Attributes:
        fixed_at: when, in UTC, ISO 8601.
        answers_before: whether models had answered before that.
        plan: its parts.
    """

    fixed_at: str
    answers_before: bool
    plan: dict[str, Any]

    def changed(self) -> list[str]:
        """The parts in which today's plan differs."""
        today = analysis_plan()
        return sorted(name for name in {*self.plan, *today} if self.plan.get(name) != today.get(name))


def analysis_plan() -> dict[str, Any]:
    """Today's plan: part -> what it says. A JSON value, so that it compares equal after it was written down."""
    columns = {split: list(board.columns) for split, board in BOARDS.items()}
    return {
        "contrasts": {name: list(arms) for name, arms in CONTRASTS.items()},
        "headline": HEADLINE,
        "published contrast": PUBLISHED,
        "scores": {"headline": "strict", "beside it": "compat"},
        "columns": columns,
        "means": "over questions; a question's runs are averaged first; missing answers are in no mean",
        "differences": "paired, on the questions that both arms have a score of",
        "intervals": f"95%, t over patients (clusters), subtasks fixed; bootstrap over patients, {DRAWS} draws",
        "test": f"sign flip of the patients' sums, {DRAWS} draws, two-sided",
        "seed": SEED,
        "level": LEVEL,
        "families": {
            "Holm": "one contrast: all models but floor rows × the main columns of a split",
            "Benjamini-Hochberg": "one contrast: all models but floor rows × subtasks",
        },
        "tied with the best": f"Holm-adjusted paired p of at least {LEVEL}",
        "rank": "only from 98% coverage on",
    }


def plan_file(home: Home) -> Path:
    """Where a home keeps the plan that it fixed: beside the answers, which come after it."""
    return home.layout.assets / "predictions" / "analysis_plan.json"


def fix_plan(home: Home) -> FixedPlan:
    """Write the plan down if none is written down yet; what stands, stands, on all machines that share a store.

    Called before models are asked; raises what `fixed_plan` raises.
    """
    if (fixed := fixed_plan(home)) is not None:
        return fixed
    now = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    made = FixedPlan(now, any_answers(home), analysis_plan())
    write_text(plan_file(home), as_text(vars(made)))
    home.artifacts.put_note(NOTE, vars(made))
    return made


def as_text(plan: dict[str, Any]) -> str:
    """A plan as the home keeps it."""
    return json.dumps(plan, indent=1, ensure_ascii=False) + "\n"


def fixed_plan(home: Home) -> FixedPlan | None:
    """The plan that a home fixed; None where nothing was evaluated since plans are fixed.

    Machines that share a store have one plan: that of the store, which learns it from the first home that has one.

    Raises:
        ResultsFault: the file is damaged.
        StoreFault: the store cannot be used.
    """
    path = plan_file(home)
    elsewhere = home.artifacts.note(NOTE)
    if elsewhere is not None and not (path.is_file() and path.read_text(encoding="utf-8") == as_text(elsewhere)):
        write_text(path, as_text(elsewhere))
    if not path.is_file():
        return None
    try:
        fixed = FixedPlan(**json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, TypeError):
        raise ResultsFault(
            f"{path} cannot be read: it does not hold the plan that was fixed before the first answer.",
            mend="Restore it from a copy. Removed, it is fixed anew, and the record says that answers came before it.",
        ) from None
    if elsewhere is None:
        home.artifacts.put_note(NOTE, vars(fixed))
    return fixed


def any_answers(home: Home) -> bool:
    """Whether any model has answered in this home."""
    return next((home.layout.assets / "predictions").glob("*/*/*/*.parquet"), None) is not None
