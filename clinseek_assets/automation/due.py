"""Which cells of an arm are to be asked for: what has no answers, has answers to something else, or is owed some.

A finished answer is never paid for twice, so being old makes nothing due by itself. Who wants fresh answers to the same
questions asks for another run (`another_run_after_days`): each question once more, kept beside the first.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from clinseek_assets.assets.arms import Arm
from clinseek_assets.assets.artifact import WHOLE, Artifact
from clinseek_assets.assets.graph import Graph
from clinseek_assets.automation.ranges import runs_over
from clinseek_assets.models.ledger_figures import attempts
from clinseek_assets.partitions import cell, grid_key
from clinseek_assets.resources.home import Home
from clinseek_assets.resources.runs import ask_for_runs, wanted_runs

NOT_RUN, STALE, OWED = "not run yet", "stale", "owed answers"


@dataclass(frozen=True)
class Due:
    """What is to be asked of a model in an arm.

    Attributes:
        model: its name.
        why: cell -> `NOT_RUN`, `STALE` or `OWED`.
        waiting: what its evidence waits for -> how many cells that are due wait for it and are left out.
        runs: the tags of the runs that ask for it.
    """

    model: str
    why: Mapping[str, str]
    waiting: Mapping[str, int]
    runs: Sequence[dict[str, str]]

    @property
    def told(self) -> str:
        """What is due, in words."""
        asked = Counter(self.why.values())
        parts = [f"{count} {reason}" for reason, count in asked.most_common()]
        parts += [f"{count} wait for {name}" for name, count in self.waiting.items()]
        return ", ".join(parts)


def due_of(graph: Graph, home: Home, arm: Arm, models: Sequence[str]) -> Iterator[Due]:
    """What is due of each of these models in an arm; models with nothing due are left out.

    A cell whose evidence is itself behind (or of an arm whose audit is) waits: answers to old contexts would have to
    be paid for again.
    """
    if not models or not arm.split.present(home):
        return
    artifact = next(each for each in graph.artifacts if each.name == arm.predictions)
    waits = waits_of(graph, home, arm)
    for model in models:
        cells = [grid_key(model, subtask) for subtask in arm.split.subtasks]
        behind = {key: why_of(artifact, home, key) for key in cells if not artifact.current(home, key)}
        ready = {key: why for key, why in behind.items() if not waits[cell(key)[1]]}
        waiting = Counter(waits[cell(key)[1]] for key in behind if key not in ready)
        allowed = [key for key in cells if not waits[cell(key)[1]]]
        if behind:
            yield Due(model, ready, waiting, list(runs_over(cells, allowed, ready)))


def why_of(artifact: Artifact, home: Home, key: str) -> str:
    """Why a cell that is not up to date is not."""
    receipt = home.receipts.read(artifact.name, key)
    if receipt is None or not artifact.output(home, key).exists():
        return NOT_RUN
    return OWED if artifact.tried(home, key) else STALE


def waits_of(graph: Graph, home: Home, arm: Arm) -> dict[str, str]:
    """Subtask -> the first artifact that its evidence in an arm still waits for; nothing where it is all there."""
    needed = list(needed_by(graph, arm))
    whole = next((each.name for each in needed if each.partitions == WHOLE and each.behind(home)), "")
    parts = [each for each in needed if each.partitions != WHOLE]
    return {
        subtask: whole or next((each.name for each in parts if each.behind(home, [subtask])), "")
        for subtask in arm.split.subtasks
    }


def needed_by(graph: Graph, arm: Arm) -> Iterator[Artifact]:
    """What an arm's answers rest on, in the order in which it is made: its evidence, and what that is made of."""
    made_by = {key: artifact for artifact in graph.artifacts for key in artifact.keys}
    asking = next(stage for stage in graph.stages if any(each.name == arm.predictions for each in stage.artifacts))
    before = (stage for stage in graph.stages if stage.title in asking.after)
    left = [artifact for stage in (asking, *before) for artifact in stage.artifacts]
    found: set[str] = set()
    while left:
        artifact = left.pop()
        if artifact.name not in found:
            found.add(artifact.name)
            left += [
                made_by[dep] for key in artifact.keys for dep in artifact.definition.asset_deps[key] if dep in made_by
            ]
    return (each for each in graph.artifacts if each.name in found - {arm.predictions})


def want_another_run(home: Home, arm: Arm, models: Sequence[str], days: int, now: dt.datetime) -> Iterator[str]:
    """Ask each question once more of the models whose last call in an arm is so many days back; yields those models.

    Whoever calls this does so for models with nothing due: then it asks for no second run before the first is there.
    """
    calls = attempts(home.layout.ledger)
    for model in models:
        made = calls.get(("model", model, arm.name))
        if made and now - made.last >= dt.timedelta(days=days):
            runs = wanted_runs(home, arm.split.name, arm.name, model)
            ask_for_runs(home, arm.split.name, arm.name, model, runs + 1)
            yield model


def told_of(dues: Collection[Due]) -> str:
    """What is due of several models, in words."""
    return "; ".join(f"{due.model}: {due.told}" for due in dues)
