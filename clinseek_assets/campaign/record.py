"""The campaign record as one JSON value, out of a home: aggregates, versions and hashes, nothing of a row.

The same home gives the same record: no time but those of calls and of the fixed plan is in it, and no path.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

from clinseek_assets.benchmark.groups import GROUPS
from clinseek_assets.benchmark.questions import Question
from clinseek_assets.benchmark.subtasks import SUBTASKS
from clinseek_assets.campaign.analysis_plan import analysis_plan, fixed_plan
from clinseek_assets.campaign.answers import Cell, decided, read_answers, read_scores, told_of
from clinseek_assets.campaign.participants import registered, versions_kept
from clinseek_assets.campaign.sources import inputs_found, manifests, seal, seal_file, source_hashes
from clinseek_assets.campaign.versions import versions_today
from clinseek_assets.locations.software import software
from clinseek_assets.models.ledger_figures import Attempts, attempts
from clinseek_assets.models.registry import Arm, Model
from clinseek_assets.resources.home import Home

FORMAT = 1
ARMS: tuple[str, ...] = get_args(Arm)
PARTS = {"text": tuple(SUBTASKS), "multimodal": tuple(GROUPS)}
Fewest = Callable[[str], int]
"""Split -> of how many patients a figure must at least be to be shown."""


def campaign_record(home: Home, fewest: Fewest, sealed: Path | None = None) -> dict[str, Any]:
    """The whole record.

    Args:
        home: the campaign's home.
        fewest: of how many patients a figure must at least be, by split.
        sealed: the seal of this benchmark; by default the one among the home's reports, if any.

    Returns:
        A JSON value with the keys `format`, `software`, `plan`, `campaign`, `inputs`, `source tables`, `manifests`,
        `seal`, `models`, `arms` (an entry a split, arm and model that was run), `versions` (of prompt, tools and
        policy, by split and arm), `decided` and `other endpoints`.

    Raises:
        Fault: the ledger, a journal or the fixed plan is damaged.
    """
    called = attempts(home.layout.ledger)
    found = manifests(home)
    entries = [
        entry
        for split in found
        for arm in ARMS
        for model in home.models.values()
        if (entry := arm_entry(home, split, arm, model, called, fewest(split)))
    ]
    return {
        "format": FORMAT,
        "software": software(),
        "plan": plan_held(home),
        "campaign": home.registry.campaign.model_dump(mode="json"),
        "inputs": inputs_found(home),
        "source tables": source_hashes(home),
        "manifests": {split: {**facts, "data": home.class_of(split)} for split, facts in found.items()},
        "seal": seal(sealed or seal_file(home)),
        "models": [registered(model) for model in home.models.values()],
        "arms": entries,
        "versions": versions(home, entries),
        "decided": {split: decided(questions_of(home, split), fewest(split)) for split in found},
        "other endpoints": other_endpoints(called),
    }


def plan_held(home: Home) -> dict[str, Any]:
    """Today's plan, when it was fixed, and whether it is still that one."""
    fixed = fixed_plan(home)
    if fixed is None:
        return {"today": analysis_plan(), "fixed at": None, "held": None}
    changed = fixed.changed()
    return {
        "today": analysis_plan(),
        "fixed at": fixed.fixed_at,
        "fixed before the first answer": not fixed.answers_before,
        "held": not changed,
        **({"changed since": changed, "as fixed": fixed.plan} if changed else {}),
    }


def arm_entry(
    home: Home, split: str, arm: str, model: Model, called: Mapping[tuple[str, str, str | None], Attempts], fewest: int
) -> dict[str, Any] | None:
    """What came of one model in one arm; None where it was not run there."""
    files = [home.layout.predictions(split, arm, model.name, subtask) for subtask in PARTS[split]]
    answers = read_answers(files)
    if answers.empty:
        return None
    scores = read_scores(home.layout.model_scores(split, model.name))
    cell = Cell(answers, scores[scores["arm"] == arm], called.get(("model", model.name, arm)), fewest)
    return {
        "split": split,
        "arm": arm,
        "model": model.name,
        **told_of(cell),
        "versions": versions_kept(home.layout.journal(split, arm, model.name), home.rows),
    }


def versions(home: Home, entries: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, dict[str, str]]]:
    """Split -> arm -> part -> today's version, of the arms that were run."""
    ran: dict[str, dict[str, dict[str, str]]] = {}
    for split, arm in dict.fromkeys((entry["split"], entry["arm"]) for entry in entries):
        ran.setdefault(split, {})[arm] = versions_today(home, split, arm)
    return ran


def questions_of(home: Home, split: str) -> list[Question]:
    """The questions of a split that is there."""
    return home.questions() if split == "text" else home.multimodal_questions()


def other_endpoints(called: Mapping[tuple[str, str, str | None], Attempts]) -> list[dict[str, Any]]:
    """What went to endpoints that are no model under evaluation: judges, search, image tools, MCP clients."""
    return [
        {
            "kind": kind,
            "endpoint": endpoint,
            "arm": arm,
            "calls": found.calls,
            "tokens": found.tokens,
            "dollars": found.dollars,
            "first call": found.first.isoformat(timespec="seconds"),
            "last call": found.last.isoformat(timespec="seconds"),
        }
        for (kind, endpoint, arm), found in called.items()
        if kind != "model"
    ]
