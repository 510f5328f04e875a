"""How many answers a question are wanted of a model in an arm.

At least what the campaign of the registry says, and whatever was asked for once stays asked for: `evaluate --runs 3`
makes three runs part of what the partitions are made from, so that the web page, the schedule and a later `evaluate`
without `--runs` find the same three and take away none.
"""

from __future__ import annotations

import json

from clinseek_assets.resources.home import Home
from clinseek_assets.storage.atomic import write_text


def wanted_runs(home: Home, split: str, arm: str, model: str) -> int:
    """The number of runs that partitions of this model and arm hold, at least 1."""
    elsewhere = home.artifacts.note(_note(home, split, arm, model)) or 1
    return max(home.registry.campaign.runs, elsewhere, _asked_for(home, split, arm, model))


def ask_for_runs(home: Home, split: str, arm: str, model: str, runs: int) -> None:
    """Want at least so many runs from now on."""
    if runs > wanted_runs(home, split, arm, model):
        write_text(home.layout.runs(split, arm, model), json.dumps({"runs": runs}) + "\n")
        home.artifacts.put_note(_note(home, split, arm, model), runs)


def give_runs(home: Home, split: str, arm: str, model: str) -> None:
    """Let other machines know what was asked for here before the home shared a store with them."""
    own, note = _asked_for(home, split, arm, model), _note(home, split, arm, model)
    if own > (home.artifacts.note(note) or 1):
        home.artifacts.put_note(note, own)


def _asked_for(home: Home, split: str, arm: str, model: str) -> int:
    try:
        runs = json.loads(home.layout.runs(split, arm, model).read_text(encoding="utf-8"))["runs"]
    except (OSError, ValueError, KeyError, TypeError):
        return 1  # never asked for more, or the note is lost: asking again restores it
    return runs if isinstance(runs, int) else 1


def _note(home: Home, split: str, arm: str, model: str) -> str:
    """Under which other machines find the number."""
    return home.layout.runs(split, arm, model).relative_to(home.layout.home).as_posix()
