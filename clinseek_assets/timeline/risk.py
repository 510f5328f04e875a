"""The 18 risk predictions: where a question's window lies, when the answer is yes, and when that was settled.

Each rule is a small function; `RISK_RULES` says which subtask follows which. Windows and labels are those of EHR-R1.
When an answer is settled is ours:

| subtasks | a yes is settled at | a no is settled at |
| --- | --- | --- |
| ED_Hospitalization | admittime: the patient is admitted | ED outtime: the stay ended without an admission |
| ED_Inpatient_Mortality, Inpatient_Mortality | the death | dischtime: left the hospital alive |
| ED_ICU_Tranfer_12hour | ICU intime: the transfer | ED outtime + 12 h: the time has run out |
| ED_Reattendance_3day | the next ED intime | ED outtime + 72 h: the time has run out |
| ED_Critical_Outcomes | the earlier of its yeses | the later of its noes: both have to be out of question |
| LengthOfStay_n | admittime + n days: the patient is still there | dischtime: the stay was shorter |
| ICU_Mortality_n | the death | last context event + n days: the time has run out |
| ICU_Stay_n | ICU intime + n days: the patient is still there | ICU outtime: the stay was shorter |
| ICU_Readmission | the next ICU intime | dischtime: the admission is over |
| Readmission_n | the next admittime | note's time + n days: the time has run out |

The death is the deathtime where an admission records one, else midnight of the date of death.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from clinseek_assets.timeline.events import Event, Row, Trajectory
from clinseek_assets.timeline.windows import DAY, Span, day_before

HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Outcome:
    """Whether the answer is yes, and the moment that settled it (None where the record does not tell)."""

    answer: bool
    settled: datetime | None


Window = Callable[[Trajectory, int], Span | None]
Label = Callable[[Trajectory, Span], Outcome | None]


@dataclass(frozen=True)
class RiskRule:
    """How a subtask cuts its window at a trigger event's place, and how it labels it; None means no question."""

    window: Window
    label: Label


def ed_stay(trajectory: Trajectory, place: int) -> Span | None:
    """From the ED stay to the last event that starts before ED outtime, of whatever admission."""
    event = trajectory.events[place]
    stop = bisect_left(trajectory.times, event.rows[0]["outtime"])
    return _ending_at_an_event(trajectory, place, stop, lambda other: True)


def first_day(trajectory: Trajectory, place: int) -> Span | None:
    """From an admission or ICU stay to the last event of the same admission less than 24 hours after its start."""
    event = trajectory.events[place]
    stop = bisect_left(trajectory.times, trajectory.times[place] + DAY)
    return _ending_at_an_event(trajectory, place, stop, lambda other: other.hadm_id == event.hadm_id)


def last_day_with_note(trajectory: Trajectory, place: int) -> Span | None:
    """The 24 hours of the same admission before a discharge note, and the note."""
    before = day_before(trajectory, place, ties="published")
    return None if before is None else Span(before.first, place + 1, place, before.hadm_id)


def hospitalised(trajectory: Trajectory, span: Span) -> Outcome | None:
    """Yes when a later admission has the ED stay's hadm_id."""
    later = [row["admittime"] for row in _later_rows(trajectory, span, "admissions") if _same(row, span)]
    return Outcome(True, later[0]) if later else Outcome(False, _trigger(trajectory, span)["outtime"])


def died_after_ed(trajectory: Trajectory, span: Span) -> Outcome | None:
    """Yes when the last timed event of the ED stay's admission is not before the date of death; no admission, no."""
    times = [
        time
        for time, event in zip(trajectory.times, trajectory.events, strict=True)
        if event.start and event.hadm_id is not None and event.hadm_id == span.hadm_id
    ]
    if trajectory.death is not None and times and times[-1] >= trajectory.death:
        return Outcome(True, moment_of_death(trajectory))
    return Outcome(False, _end_of_admission(trajectory, span))


def icu_soon_after_ed(trajectory: Trajectory, span: Span) -> Outcome | None:
    """Yes when the first later ICU stay of the ED stay's admission starts less than 12 hours after ED outtime."""
    limit = _trigger(trajectory, span)["outtime"] + 12 * HOUR
    later = (row["intime"] for row in _later_rows(trajectory, span, "icustays") if _same(row, span))
    return _before(limit, next(later, None))


def back_in_ed(trajectory: Trajectory, span: Span) -> Outcome | None:
    """Yes when the next ED stay starts less than 72 hours after ED outtime."""
    limit = _trigger(trajectory, span)["outtime"] + 72 * HOUR
    later = (row["intime"] for row in _later_rows(trajectory, span, "edstays"))
    return _before(limit, next(later, None))


def critical(trajectory: Trajectory, span: Span) -> Outcome | None:
    """Yes when the patient is in intensive care within 12 hours or dies in hospital."""
    parts = [part for label in (icu_soon_after_ed, died_after_ed) if (part := label(trajectory, span))]
    yes = [part.settled for part in parts if part.answer and part.settled]
    if yes:
        return Outcome(True, min(yes))
    return Outcome(False, max((part.settled for part in parts if part.settled), default=None))


def died_in_hospital(trajectory: Trajectory, span: Span) -> Outcome | None:
    """Yes when dischtime is not before the date of death; no question without a dischtime."""
    discharge = _trigger(trajectory, span)["dischtime"]
    if discharge is None:
        return None
    if trajectory.death is not None and discharge >= trajectory.death:
        return Outcome(True, moment_of_death(trajectory))
    return Outcome(False, discharge)


def stays_in_hospital(trajectory: Trajectory, span: Span, *, days: int) -> Outcome | None:
    """Yes when the admission lasts longer than so many days; asked only while the patient is still there."""
    admission = _trigger(trajectory, span)
    if admission["dischtime"] is None or trajectory.times[span.stop - 1] >= admission["dischtime"]:
        return None
    limit = admission["admittime"] + days * DAY
    return Outcome(True, limit) if admission["dischtime"] > limit else Outcome(False, admission["dischtime"])


def dies_soon(trajectory: Trajectory, span: Span, *, days: int) -> Outcome | None:
    """Yes when the date of death begins less than so many days after the last context event, or before it."""
    limit = trajectory.times[span.stop - 1] + days * DAY
    if trajectory.death is not None and trajectory.death < limit:
        return Outcome(True, moment_of_death(trajectory))
    return Outcome(False, limit)


def stays_in_icu(trajectory: Trajectory, span: Span, *, days: int) -> Outcome | None:
    """Yes when the ICU stay lasts so many days or longer; no question without an outtime."""
    stay = _trigger(trajectory, span)
    if stay["outtime"] is None:
        return None
    limit = stay["intime"] + days * DAY
    return Outcome(True, limit) if stay["outtime"] >= limit else Outcome(False, stay["outtime"])


def back_in_icu(trajectory: Trajectory, span: Span) -> Outcome | None:
    """Yes when another ICU stay follows in the same admission."""
    later = [row["intime"] for row in _later_rows(trajectory, span, "icustays") if _same(row, span)]
    return Outcome(True, later[0]) if later else Outcome(False, _end_of_admission(trajectory, span))


def back_in_hospital(trajectory: Trajectory, span: Span, *, days: int) -> Outcome | None:
    """Yes when the next admission starts less than so many days after the discharge note's time.

    The note is dated midnight of the discharge day, so that the admission that it ends may come after it: that one
    is not the next.
    """
    limit = trajectory.times[span.reference] + days * DAY
    later = (row["admittime"] for row in _later_rows(trajectory, span, "admissions") if not _same(row, span))
    return _before(limit, next(later, None))


def moment_of_death(trajectory: Trajectory) -> datetime | None:
    """The deathtime where an admission records one, else midnight of the date of death, else None."""
    recorded = [row["deathtime"] for row in trajectory.rows_of("admissions") if row["deathtime"] is not None]
    return max(recorded) if recorded else trajectory.death


RISK_RULES: dict[str, RiskRule] = {
    "ED_Hospitalization": RiskRule(ed_stay, hospitalised),
    "ED_Inpatient_Mortality": RiskRule(ed_stay, died_after_ed),
    "ED_ICU_Tranfer_12hour": RiskRule(ed_stay, icu_soon_after_ed),
    "ED_Reattendance_3day": RiskRule(ed_stay, back_in_ed),
    "ED_Critical_Outcomes": RiskRule(ed_stay, critical),
    "Inpatient_Mortality": RiskRule(first_day, died_in_hospital),
    **{f"LengthOfStay_{n}day": RiskRule(first_day, partial(stays_in_hospital, days=n)) for n in (3, 7)},
    **{f"ICU_Mortality_{n}day": RiskRule(first_day, partial(dies_soon, days=n)) for n in (1, 2, 3, 7, 14)},
    **{f"ICU_Stay_{n}day": RiskRule(first_day, partial(stays_in_icu, days=n)) for n in (7, 14)},
    "ICU_Readmission": RiskRule(first_day, back_in_icu),
    **{f"Readmission_{n}day": RiskRule(last_day_with_note, partial(back_in_hospital, days=n)) for n in (30, 60)},
}


def _ending_at_an_event(trajectory: Trajectory, place: int, stop: int, belongs: Callable[[Event], bool]) -> Span:
    """From `place` to the last event before `stop` that has a time of its own and belongs; at least the trigger."""
    events = trajectory.events
    while stop > place + 1 and not (events[stop - 1].start is not None and belongs(events[stop - 1])):
        stop -= 1
    return Span(place, max(stop, place + 1), place, events[place].hadm_id)


def _trigger(trajectory: Trajectory, span: Span) -> Row:
    """The row that the question hangs on: the first of its event."""
    return trajectory.events[span.reference].rows[0]


def _later_rows(trajectory: Trajectory, span: Span, table: str) -> Iterator[Row]:
    """The rows of a table that come after the trigger row, in order; also those that share its event."""
    places = trajectory.places.get(table, [])
    for place in places[bisect_left(places, span.reference) :]:
        yield from trajectory.events[place].rows[1 if place == span.reference else 0 :]


def _same(row: Row, span: Span) -> bool:
    """Whether a row belongs to the question's admission; a question without an admission has none of its rows."""
    return span.hadm_id is not None and row["hadm_id"] == span.hadm_id


def _end_of_admission(trajectory: Trajectory, span: Span) -> datetime | None:
    """The dischtime of the question's admission, or the trigger's outtime where there is none."""
    ends = (row["dischtime"] for row in trajectory.rows_of("admissions") if _same(row, span))
    return next(ends, None) or _trigger(trajectory, span)["outtime"]


def _before(limit: datetime, moment: datetime | None) -> Outcome:
    """Yes, settled at the moment, where it comes before the limit, else no, settled at the limit."""
    return Outcome(True, moment) if moment is not None and moment < limit else Outcome(False, limit)
