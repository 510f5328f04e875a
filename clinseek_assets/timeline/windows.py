"""A window: the contiguous piece of a trajectory that a question shows, with the blocks that stand before it."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from datetime import datetime, timedelta

from clinseek_assets.benchmark.subtasks import Subtask
from clinseek_assets.timeline.events import EVENT_TABLES, Event, Trajectory

DAY = timedelta(hours=24)

# The published renderer knows no way to show these tables; their times are not among those that a reader sees.
NEVER_SHOWN = frozenset({"hcpcsevents", "drgcodes"})


@dataclass(frozen=True)
class ContextWindow:
    """What curated input shows.

    Attributes:
        subtask: the name of the subtask that it was cut for.
        demographics: the `patients` row.
        history: the last discharge note of an earlier admission, or None.
        admission: the admission that the window belongs to, or None (always None for the subtask `admissions`).
        events: the context in order, without `admissions` events and the tables that the subtask leaves out.
    """

    subtask: str
    demographics: Event
    history: Event | None
    admission: Event | None
    events: tuple[Event, ...]


@dataclass(frozen=True)
class Span:
    """A piece of a trajectory by places in `Trajectory.events`: from `first` up to but excluding `stop`.

    Attributes:
        first, stop: the context.
        reference: the place of the event that the question hangs on, before which history is looked for.
        hadm_id: the admission that the question belongs to, or None.
    """

    first: int
    stop: int
    reference: int
    hadm_id: int | None

    @property
    def event_count(self) -> int:
        """Events of the context before anything is left out of what is shown: what the filter 11 to 99 counts."""
        return self.stop - self.first


@dataclass(frozen=True)
class Beginning:
    """Where a window begins, so that it is found again in another view of the same life.

    Attributes:
        start: when its first event starts.
        table: that event's table: what stands before it in the same second is not in the window.
    """

    start: datetime
    table: str

    def place_in(self, trajectory: Trajectory) -> int:
        """The place of the first event that does not stand before it; behind the last one where all do."""
        place = bisect_left(trajectory.times, self.start)
        rank = EVENT_TABLES.index(self.table)
        while place < len(trajectory.events) and self._stands_before(trajectory.events[place], rank):
            place += 1
        return place

    def _stands_before(self, event: Event, rank: int) -> bool:
        return event.start == self.start and EVENT_TABLES.index(event.table) < rank


def day_before(trajectory: Trajectory, target: int, *, ties: str) -> Span | None:
    """The context of a decision: the last 24 hours of the same admission before an event.

    It begins with the earliest event of the target's admission (no admission equals no admission) that starts less
    than 24 hours before the target, and holds whatever lies between, of other admissions too.

    Args:
        target: the place of the event to be predicted.
        ties: `strict` ends the context at the last event that starts before the target; `published` takes every event
            that stands before it in order, such as start in the same second.

    Returns:
        The span, or None where no such event exists.
    """
    times = trajectory.times
    hadm_id = trajectory.events[target].hadm_id
    stop = target
    if ties == "strict":
        while stop > 0 and times[stop - 1] >= times[target]:
            stop -= 1
    first = bisect_right(times, times[target] - DAY, 0, stop)
    while first < stop and trajectory.events[first].hadm_id != hadm_id:
        first += 1
    return Span(first, stop, target if ties == "published" else stop, hadm_id) if first < stop else None


def admission_place(trajectory: Trajectory, span: Span) -> int | None:
    """The place of the latest `admissions` event up to the context's end, if it is the span's own admission."""
    place = _latest(trajectory, "admissions", span.stop)
    return place if place is not None and trajectory.events[place].hadm_id == span.hadm_id else None


def history_place(trajectory: Trajectory, span: Span) -> int | None:
    """The place of the latest earlier `discharge` note, if it belongs to another admission."""
    place = _latest(trajectory, "discharge", span.reference)
    return place if place is not None and trajectory.events[place].hadm_id != span.hadm_id else None


def cut(trajectory: Trajectory, span: Span, subtask: Subtask) -> ContextWindow:
    """The window of a span, as the subtask shows it."""
    admission = _shown_admission(trajectory, span, subtask)
    history = history_place(trajectory, span)
    hidden = _hidden(subtask)
    return ContextWindow(
        subtask=subtask.name,
        demographics=trajectory.demographics,
        history=None if history is None else trajectory.events[history],
        admission=None if admission is None else trajectory.events[admission],
        events=tuple(event for event in trajectory.events[span.first : span.stop] if event.table not in hidden),
    )


def latest_shown(trajectory: Trajectory, span: Span, subtask: Subtask) -> datetime | None:
    """The latest start among the blocks that the rendered window shows, or None where none has a time."""
    hidden = _hidden(subtask) | NEVER_SHOWN
    backwards = (trajectory.events[place] for place in range(span.stop - 1, span.first - 1, -1))
    latest = next((event.start for event in backwards if event.start and event.table not in hidden), None)
    headers = (_shown_admission(trajectory, span, subtask), history_place(trajectory, span))
    return max(
        filter(None, (latest, *(trajectory.times[place] for place in headers if place is not None))), default=None
    )


def _hidden(subtask: Subtask) -> frozenset[str]:
    return frozenset({"admissions", *subtask.context_without})


def _shown_admission(trajectory: Trajectory, span: Span, subtask: Subtask) -> int | None:
    """The admission block, which the subtask `admissions` has to do without: it would be the answer."""
    return None if subtask.name == "admissions" else admission_place(trajectory, span)


def _latest(trajectory: Trajectory, table: str, before: int) -> int | None:
    places = trajectory.places.get(table, [])
    found = bisect_left(places, before)
    return places[found - 1] if found else None
