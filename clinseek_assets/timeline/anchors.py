"""Where questions hang: every event of a patient's life that a subtask's rule turns into a question.

When a question's label-defining event lies before its moment, the question is `decided`. For a risk subtask that event
is defined in `risk.py`. For a decision it is the target event, which comes after its context, so that it is not
decided; under `ties="published"` a target that starts in the second of the last context event is. Coded diagnoses have
no time of their own: they borrow that of the event before them to measure the 24 hours, and are never decided, since
they are coded after the stay.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Literal

from clinseek_assets.benchmark.subtasks import RISK, Subtask
from clinseek_assets.timeline.decisions import answers, targets
from clinseek_assets.timeline.events import Trajectory
from clinseek_assets.timeline.risk import RISK_RULES
from clinseek_assets.timeline.windows import ContextWindow, Span, admission_place, cut, day_before, latest_shown

Ties = Literal["strict", "published"]

# A question is asked one second after the latest time stamp that its context shows.
MOMENT_AFTER_CONTEXT = timedelta(seconds=1)


@dataclass(frozen=True)
class Anchor:
    """One possible question.

    Attributes:
        subtask: the subtask that it belongs to.
        label: the gold: `("yes",)` or `("no",)`, or the names of a decision in order of appearance.
        latest_event_time: the latest time stamp that the context shows.
        settled: when the label-defining event happens; None where the record does not tell.
        trajectory, span: the patient's life, and the piece of it that is the context.
    """

    subtask: Subtask
    label: tuple[str, ...]
    latest_event_time: datetime
    settled: datetime | None
    trajectory: Trajectory
    span: Span

    @property
    def hadm_id(self) -> int | None:
        """The admission that the question belongs to."""
        return self.span.hadm_id

    @property
    def prediction_time(self) -> datetime:
        """The moment of the question."""
        return self.latest_event_time + MOMENT_AFTER_CONTEXT

    @property
    def decided(self) -> bool:
        """Whether the label-defining event lies before `prediction_time`."""
        return self.decided_at(self.prediction_time)

    def decided_at(self, moment: datetime) -> bool:
        """Whether the label-defining event lies before `moment`."""
        return self.settled is not None and self.settled < moment

    @property
    def event_count(self) -> int:
        """Events of the context: what the published filter (11 to 99) counts."""
        return self.span.event_count

    @property
    def admission_fits(self) -> bool:
        """Whether the admission event lies inside the context, or there is none."""
        place = admission_place(self.trajectory, self.span)
        return place is None or place >= self.span.first

    @cached_property
    def window(self) -> ContextWindow:
        """What curated input shows."""
        return cut(self.trajectory, self.span, self.subtask)


def anchors(trajectory: Trajectory, subtask: Subtask, *, ties: Ties = "strict") -> Iterator[Anchor]:
    """All questions that a subtask's rule finds in one patient's life, in the order of their events.

    Neither the number of events in the context nor anything about other questions is looked at: that is for whoever
    draws questions.

    Args:
        ties: where the context of a decision ends (`windows.day_before`); risk windows do not depend on it.
    """
    if subtask.task_type == RISK:
        yield from _risk_anchors(trajectory, subtask)
    else:
        yield from _decision_anchors(trajectory, subtask, ties)


def _risk_anchors(trajectory: Trajectory, subtask: Subtask) -> Iterator[Anchor]:
    rule = RISK_RULES[subtask.name]
    for place in trajectory.places.get(subtask.trigger, ()):
        span = rule.window(trajectory, place)
        outcome = rule.label(trajectory, span) if span else None
        latest = latest_shown(trajectory, span, subtask) if span else None
        if span is None or outcome is None or latest is None:
            continue
        yield Anchor(subtask, ("yes" if outcome.answer else "no",), latest, outcome.settled, trajectory, span)


def _decision_anchors(trajectory: Trajectory, subtask: Subtask, ties: Ties) -> Iterator[Anchor]:
    for place in targets(trajectory, subtask):
        target = trajectory.events[place]
        span = day_before(trajectory, place, ties=ties)
        label = answers(target, subtask) if span else ()
        latest = latest_shown(trajectory, span, subtask) if span and label else None
        if span is None or latest is None:
            continue
        yield Anchor(subtask, label, latest, target.start, trajectory, span)
