"""The 27 decisions: which events of the trigger table ask «what comes next», and the names that answer it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from clinseek_assets.benchmark.subtasks import Subtask
from clinseek_assets.timeline.events import Event, Row, Trajectory

# Where EHR-Bench's name for the target is not the name of a decorated row's column.
COLUMN_OF_TARGET = {"procedures": "title", "diagnoses": "title"}


def targets(trajectory: Trajectory, subtask: Subtask) -> Iterable[int]:
    """The places of the events to be predicted: those of the trigger table, or any that has a time (`next_event`)."""
    if subtask.trigger:
        return trajectory.places.get(subtask.trigger, ())
    return (place for place, event in enumerate(trajectory.events) if event.start is not None)


def answers(event: Event, subtask: Subtask) -> tuple[str, ...]:
    """The gold of a target event: the trimmed, non-empty names of its rows, each once, in order of appearance."""
    if not subtask.trigger:
        return (event.table,)
    read = _reader(subtask)
    names = (name.strip() for row in event.rows for name in read(row) if name is not None)
    return tuple(dict.fromkeys(filter(None, names)))


def _reader(subtask: Subtask) -> Callable[[Row], Iterable[str | None]]:
    column = COLUMN_OF_TARGET.get(subtask.target, subtask.target)
    if subtask.name == "transfers":
        return lambda row: ((row["careunit"] or "").strip() or row["eventtype"],)
    if subtask.name == "radiology":
        return lambda row: row[column]
    return lambda row: (row[column],)
