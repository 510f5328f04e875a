"""The first pass over all patients: which questions there are to draw from, and how often each name is gold.

Only light keys are kept (patient, place in the list of a subtask's anchors, answer), never a window or a text, so that
memory grows with the questions that pass the filters and not with the rows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from clinseek_assets.benchmark.subtasks import RISK, SUBTASKS, YES_NO, Subtask
from clinseek_assets.construction.rules import (
    ADMISSION_IN_CONTEXT,
    FEWEST_EVENTS,
    MOST_ANSWERS,
    MOST_CANDIDATES,
    MOST_EVENTS,
    RARE_FIRST,
)
from clinseek_assets.timeline.anchors import Anchor, Ties, anchors
from clinseek_assets.timeline.decisions import answers, targets
from clinseek_assets.timeline.events import Trajectory


class Key(NamedTuple):
    """One question that may be drawn: the anchor is the `place`-th of its subtask in the patient's life.

    `answer` is `yes` or `no` for a risk subtask, "" for a decision; `names` is the gold of a subtask whose draw weighs
    names by how rare they are, else empty.
    """

    subtask: str
    subject_id: int
    place: int
    answer: str
    names: tuple[str, ...]


@dataclass
class Tally:
    """What became of one subtask's anchors, each counted at the first filter that it does not pass.

    Attributes:
        anchors: all.
        unlike: filter -> anchors that fail it: `events` (the context has fewer than 11 or more than 99), `admission` (a
            coded subtask whose admission event lies outside the context), `answers` (too many names).
        decided: answer -> passed these filters, but were decided at their moment and left out.
        pool: answer -> passed all; from these questions are drawn.
    """

    anchors: int = 0
    unlike: Counter[str] = field(default_factory=Counter)
    decided: Counter[str] = field(default_factory=Counter)
    pool: Counter[str] = field(default_factory=Counter)


@dataclass
class Survey:
    """What the first pass found.

    Attributes:
        patients: how many were looked at.
        keys: subtask -> questions to draw from, by patient and place.
        tallies: subtask -> what became of its anchors.
        frequencies: decision subtask -> name -> target events whose gold has it.
    """

    patients: int = 0
    keys: dict[str, list[Key]] = field(default_factory=lambda: {name: [] for name in SUBTASKS})
    tallies: dict[str, Tally] = field(default_factory=lambda: {name: Tally() for name in SUBTASKS})
    frequencies: dict[str, Counter[str]] = field(default_factory=lambda: {name: Counter() for name in SUBTASKS})


def survey(
    trajectories: Iterable[Trajectory],
    subtasks: Sequence[Subtask],
    *,
    ties: Ties,
    keep_decided: bool,
    on_patient: Callable[[int], None] = lambda done: None,
) -> Survey:
    """Look through all patients once.

    Args:
        trajectories: one patient after the other, in any order; none is kept.
        subtasks: those whose tables are there.
        ties: where the context of a decision ends.
        keep_decided: whether questions that are decided at their moment may be drawn.
        on_patient: called with the number of patients done.
    """
    found = Survey()
    for trajectory in trajectories:
        for subtask in subtasks:
            _count_names(trajectory, subtask, found.frequencies[subtask.name])
            _sift(trajectory, subtask, found, ties, keep_decided)
        found.patients += 1
        on_patient(found.patients)
    for keys in found.keys.values():
        keys.sort(key=lambda key: (key.subject_id, key.place))
    return found


def too_unlike(anchor: Anchor) -> str | None:
    """The published filter that an anchor does not pass, by its name in `Tally.unlike`; None if it passes all."""
    if not FEWEST_EVENTS <= anchor.event_count <= MOST_EVENTS:
        return "events"
    if anchor.subtask.name in ADMISSION_IN_CONTEXT and not anchor.admission_fits:
        return "admission"
    # A list of 100 candidates with nothing but gold in it asks nothing.
    if len(anchor.label) > MOST_ANSWERS.get(anchor.subtask.name, MOST_CANDIDATES - 1):
        return "answers"
    return None


def _count_names(trajectory: Trajectory, subtask: Subtask, frequencies: Counter[str]) -> None:
    if subtask.task_type != RISK:
        for place in targets(trajectory, subtask):
            frequencies.update(answers(trajectory.events[place], subtask))


def _sift(trajectory: Trajectory, subtask: Subtask, found: Survey, ties: Ties, keep_decided: bool) -> None:
    tally = found.tallies[subtask.name]
    for place, anchor in enumerate(anchors(trajectory, subtask, ties=ties)):
        answer = anchor.label[0] if subtask.task_type == RISK else ""
        tally.anchors += 1
        unlike = too_unlike(anchor)
        if unlike:
            tally.unlike[unlike] += 1
        elif anchor.decided and not keep_decided:
            tally.decided[answer] += 1
        else:
            tally.pool[answer] += 1
            names = anchor.label if subtask.name in RARE_FIRST else ()
            found.keys[subtask.name].append(Key(subtask.name, trajectory.subject_id, place, answer, names))


def why_none(subtask: Subtask, tally: Tally, missing: Mapping[str, str]) -> str | None:
    """Why a subtask has no question, in one sentence without figures of single patients; None if it has some.

    Args:
        missing: needed tables and mappings that are not there -> the reason.
    """
    if missing:
        return " ".join(missing.values())
    if not tally.anchors:
        return "No event of its trigger table has a context and an answer."
    if not tally.pool and not tally.decided:
        failed = tally.unlike
        return (
            f"None of {tally.anchors} anchors passes the filters: {failed['events']} contexts do not have 11 to 99 "
            f"events, {failed['admission']} lack their admission event, {failed['answers']} have too many names."
        )
    if subtask.task_type != RISK:
        decided = tally.decided.total()
        return None if tally.pool else f"All {decided} questions were decided at their moment and are left out."
    lacking = [answer for answer in YES_NO if not tally.pool[answer]]
    if not lacking:
        return None
    decided = sum(tally.decided[answer] for answer in lacking)
    left_out = f" ({decided} such were decided at their moment and are left out)" if decided else ""
    return f"Of {tally.pool.total()} questions none has the answer {' or '.join(lacking)}{left_out}."
