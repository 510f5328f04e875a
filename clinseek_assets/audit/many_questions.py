"""Risk questions by the published rules, as many as the sources have: what a probe needs that learns.

The benchmark asks 40 questions of a subtask, too few to learn from. These are drawn from the same patients by the
same windows, labels and filters, decided ones included; they are pins with a label and are never put to a model.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

from clinseek_assets.audit.cases import Case
from clinseek_assets.benchmark.subtasks import RISK_SUBTASKS, SUBTASKS
from clinseek_assets.construction.columns import NEEDED_COLUMNS
from clinseek_assets.construction.draw import draw, shuffled
from clinseek_assets.construction.rules import tables_needed
from clinseek_assets.construction.survey import Key, too_unlike
from clinseek_assets.records.pinned.pin import Pin
from clinseek_assets.timeline.anchors import Anchor, anchors
from clinseek_assets.timeline.dictionaries import Dictionaries
from clinseek_assets.timeline.events import Trajectory, trajectory_of
from clinseek_assets.timeline.rows import rows_from_parquet


def draw_risk_cases(
    tables: Mapping[str, Path], dictionaries: Dictionaries, *, per_subtask: int, seed: int
) -> list[Case]:
    """At most so many cases of each risk subtask, half yes and half no, no patient too often.

    Args:
        tables: table name -> Parquet file of the patients' rows; subtasks whose tables are missing have no case.
        dictionaries: what codes mean.
        per_subtask: how many cases of each subtask to draw at most.
        seed: decides the draw.

    Raises:
        SourceFault: a file is damaged.
    """
    possible = [name for name in RISK_SUBTASKS if all(table in tables for table in tables_needed(SUBTASKS[name]))]
    needed = {name: path for name, path in tables.items() if name in NEEDED_COLUMNS}
    found: dict[str, dict[Key, Case]] = defaultdict(dict)
    for _, rows in rows_from_parquet(needed, columns=NEEDED_COLUMNS):
        trajectory = trajectory_of(rows, dictionaries)
        for name in possible:
            found[name].update(_cases(trajectory, name))
    drawn = {name: draw(name, shuffled(name, list(found[name]), seed), per_subtask) for name in possible}
    return [found[name][key] for name, keys in drawn.items() for key in keys]


def _cases(trajectory: Trajectory, subtask: str) -> Iterator[tuple[Key, Case]]:
    for place, anchor in enumerate(anchors(trajectory, SUBTASKS[subtask])):
        if too_unlike(anchor) is None:
            yield Key(subtask, trajectory.subject_id, place, anchor.label[0], ()), _case(anchor)


def _case(anchor: Anchor) -> Case:
    pin = Pin(anchor.trajectory.subject_id, anchor.hadm_id, anchor.prediction_time, anchor.subtask.name)
    return Case(pin, anchor.label, anchor.decided)
