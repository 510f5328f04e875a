"""Each risk rule on patients made by hand, from the text of the rule. Hours count from one midnight."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from clinseek_assets.benchmark.subtasks import RISK_SUBTASKS
from clinseek_assets.timeline.events import Trajectory
from clinseek_assets.timeline.risk import RISK_RULES
from clinseek_assets_tests.timeline.lives import (
    ADMITTED,
    ADMITTED_LATER,
    MIDNIGHT,
    Rows,
    admission,
    at,
    labs,
    life,
    questions,
    the_question,
)


def day(number: int) -> date:
    return at(24 * number).date()


def person(dod: date | None) -> Rows:
    return [{"gender": "F", "anchor_age": 60, "dod": dod}]


def test_every_risk_subtask_has_a_rule():
    assert set(RISK_RULES) == set(RISK_SUBTASKS)


# ---- emergency department: a stay from hour 10 to hour 14 ----------------------------------------------------------


def ed_visit(
    hadm_id: int | None = ADMITTED, *, dod: date | None = None, stays: Rows | None = None, **more: Rows
) -> Trajectory:
    tables: dict[str, Rows] = {
        "patients": person(dod),
        "edstays": [{"stay_id": 1, "intime": at(10), "outtime": at(14), "hadm_id": hadm_id}, *(stays or [])],
        "vitalsign": [{"stay_id": 1, "charttime": at(12)}],
        **more,
    }
    return life(**tables)


ED = [name for name, rule in RISK_RULES.items() if name.startswith("ED_")]


@pytest.mark.parametrize("subtask", ED)
def test_the_ed_window_ends_with_the_last_event_before_departure_of_any_admission(subtask):
    trajectory = ed_visit(
        labevents=[*labs([9], None), *labs([13], ADMITTED_LATER), *labs([14.5], ADMITTED)],
        pyxis=[{"stay_id": 1, "charttime": at(14)}],
    )
    anchor = the_question(trajectory, subtask)
    assert [(event.table, event.start) for event in anchor.window.events] == [
        ("edstays", at(10)), ("vitalsign", at(12)), ("labevents", at(13)),
    ]  # fmt: skip
    assert (anchor.latest_event_time, anchor.event_count) == (at(13), 3)
    assert (anchor.prediction_time - anchor.latest_event_time).total_seconds() == 1


@pytest.mark.parametrize(
    ("hadm_id", "admitted_at", "label", "decided"),
    [
        (ADMITTED, 15, "yes", False),
        (ADMITTED, 11, "yes", True),
        (ADMITTED_LATER, 15, "no", False),
        (None, 15, "no", False),
    ],
)
def test_hospitalised_if_a_later_admission_has_the_stays_id(hadm_id, admitted_at, label, decided):
    anchor = the_question(ed_visit(hadm_id, admissions=[admission(admitted_at, 90)]), "ED_Hospitalization")
    assert (anchor.label, anchor.decided) == ((label,), decided)


@pytest.mark.parametrize(
    ("dod", "last_event", "label"),
    [(day(2), 49, "yes"), (day(2), 48, "yes"), (day(2), 47.9, "no"), (None, 49, "no")],
)
def test_death_after_ed_if_the_admissions_last_event_is_not_before_the_date_of_death(dod, last_event, label):
    trajectory = ed_visit(dod=dod, admissions=[admission(15, 47)], labevents=labs([last_event]))
    assert the_question(trajectory, "ED_Inpatient_Mortality").label == (label,)


def test_without_an_admission_nobody_dies_in_hospital_after_ed():
    trajectory = ed_visit(None, dod=day(0), labevents=labs([60], None))
    assert the_question(trajectory, "ED_Inpatient_Mortality").label == ("no",)


@pytest.mark.parametrize(
    ("hadm_id", "icu_at", "label"),
    [(ADMITTED, 25.9, "yes"), (ADMITTED, 26, "no"), (ADMITTED, 13.5, "yes"), (ADMITTED_LATER, 20, "no")],
)
def test_icu_transfer_within_12_hours_of_departure(hadm_id, icu_at, label):
    trajectory = ed_visit(icustays=[{"stay_id": 7, "hadm_id": hadm_id, "intime": at(icu_at), "outtime": at(99)}])
    assert the_question(trajectory, "ED_ICU_Tranfer_12hour").label == (label,)


def test_only_the_first_later_icu_stay_counts_for_the_transfer():
    stays = [
        {"stay_id": n, "hadm_id": ADMITTED, "intime": at(hour), "outtime": at(99)} for n, hour in ((7, 30), (8, 40))
    ]
    assert the_question(ed_visit(icustays=stays), "ED_ICU_Tranfer_12hour").label == ("no",)


@pytest.mark.parametrize(("back_at", "label"), [(14 + 71.9, "yes"), (14 + 72, "no")])
def test_reattendance_within_72_hours_of_departure(back_at, label):
    again = {"stay_id": 2, "intime": at(back_at), "outtime": at(back_at + 2), "hadm_id": None}
    first, second = questions(ed_visit(stays=[again]), "ED_Reattendance_3day")
    assert (first.label, second.label) == ((label,), ("no",))


@pytest.mark.parametrize(
    ("icu_at", "dod", "label"), [(20, None, "yes"), (40, day(2), "yes"), (20, day(2), "yes"), (40, None, "no")]
)
def test_critical_is_icu_or_death(icu_at, dod, label):
    icu = [{"stay_id": 7, "hadm_id": ADMITTED, "intime": at(icu_at), "outtime": at(99)}]
    trajectory = ed_visit(dod=dod, admissions=[admission(15, 99)], icustays=icu, labevents=labs([60]))
    assert the_question(trajectory, "ED_Critical_Outcomes").label == (label,)


# ---- admissions ----------------------------------------------------------------------------------------------------


def test_the_first_day_ends_with_the_last_event_of_the_admission_and_keeps_what_lies_between():
    trajectory = life(
        admissions=[admission(1, 100)],
        labevents=[*labs([0.5]), *labs([20], None), *labs([25]), *labs([40])],
        poe=[{"ordertime": at(hour), "hadm_id": ADMITTED} for hour in (2, 24.9)],
        emar=[{"charttime": at(24.95), "hadm_id": ADMITTED_LATER}],
    )
    anchor = the_question(trajectory, "Inpatient_Mortality")
    assert [event.table for event in anchor.window.events] == ["poe", "labevents", "poe"]
    assert anchor.window.admission.start == at(1)
    # 25:00 is exactly 24 hours after admittime: outside.
    assert (anchor.latest_event_time, anchor.event_count) == (at(24.9), 4)


def test_coded_diagnoses_do_not_end_a_window():
    trajectory = life(
        admissions=[admission(1, 12)],
        labevents=labs([2]),
        diagnoses_icd=[{"hadm_id": ADMITTED, "icd_code": "4019", "icd_version": 9}],
    )
    assert [event.table for event in the_question(trajectory, "Inpatient_Mortality").window.events] == ["labevents"]


@pytest.mark.parametrize(
    ("discharged", "dod", "label"),
    [(50, day(2), "yes"), (48, day(2), "yes"), (47.9, day(2), "no"), (50, None, "no")],
)
def test_death_in_hospital_if_discharge_is_not_before_the_date_of_death(discharged, dod, label):
    trajectory = life(patients=person(dod), admissions=[admission(1, discharged)], labevents=labs([5]))
    assert the_question(trajectory, "Inpatient_Mortality").label == (label,)


def test_without_a_discharge_time_there_is_no_question_that_needs_it():
    trajectory = life(admissions=[admission(1, None)], labevents=labs([5]))
    assert not questions(trajectory, "Inpatient_Mortality")
    assert not questions(trajectory, "LengthOfStay_3day")


@pytest.mark.parametrize(
    ("hours", "three", "seven"), [(72, "no", "no"), (72.1, "yes", "no"), (168, "yes", "no"), (168.1, "yes", "yes")]
)
def test_length_of_stay_is_longer_than_so_many_days(hours, three, seven):
    trajectory = life(admissions=[admission(1, 1 + hours)], labevents=labs([5]))
    assert the_question(trajectory, "LengthOfStay_3day").label == (three,)
    assert the_question(trajectory, "LengthOfStay_7day").label == (seven,)


@pytest.mark.parametrize(("discharged", "asked"), [(5.1, 1), (5, 0), (4, 0)])
def test_length_of_stay_is_asked_only_while_the_patient_is_there(discharged, asked):
    trajectory = life(admissions=[admission(1, discharged)], labevents=labs([5]))
    assert len(questions(trajectory, "LengthOfStay_3day")) == asked


# ---- intensive care ------------------------------------------------------------------------------------------------


def icu_stay(start: float, end: float | None, stay_id: int = 1, hadm_id: int = ADMITTED) -> dict[str, Any]:
    outtime = None if end is None else at(end)
    return {"stay_id": stay_id, "hadm_id": hadm_id, "intime": at(start), "outtime": outtime}


@pytest.mark.parametrize("days", [1, 2, 3, 7, 14])
def test_icu_death_counts_hours_from_the_last_context_event_to_the_date_of_death(days):
    for last, label in ((5.1, "yes"), (0, "no")):
        # Midnight of day n is exactly n × 24 hours after hour 0 and less than that after hour 5:06.
        start = last - 0.05
        trajectory = life(
            patients=person(day(days)), admissions=[admission(-9, 999)], icustays=[icu_stay(start, 900)],
            labevents=labs([last]),
        )  # fmt: skip
        anchor = the_question(trajectory, f"ICU_Mortality_{days}day")
        assert (anchor.latest_event_time, anchor.label) == (at(last), (label,))


def test_a_death_before_the_last_context_event_counts_and_is_decided():
    trajectory = life(
        patients=person(day(0)), admissions=[admission(-9, 4, died=4)], icustays=[icu_stay(3, 8)], labevents=labs([6])
    )
    anchor = the_question(trajectory, "ICU_Mortality_1day")
    assert (anchor.label, anchor.decided) == (("yes",), True)


def test_a_recorded_time_of_death_says_when_not_the_midnight_before_it():
    trajectory = life(
        patients=person(day(0)), admissions=[admission(-9, 20, died=20)], icustays=[icu_stay(3, 8)], labevents=labs([6])
    )
    anchor = the_question(trajectory, "ICU_Mortality_1day")
    assert (anchor.label, anchor.decided, anchor.settled) == (("yes",), False, at(20))


def test_who_has_no_date_of_death_does_not_die():
    trajectory = life(admissions=[admission(-9, 20)], icustays=[icu_stay(3, 8)], labevents=labs([6]))
    assert {the_question(trajectory, f"ICU_Mortality_{n}day").label for n in (1, 2, 3, 7, 14)} == {("no",)}


@pytest.mark.parametrize("days", [7, 14])
def test_icu_stay_lasts_so_many_days_or_longer(days):
    for hours, label in ((24 * days, "yes"), (24 * days - 0.1, "no")):
        trajectory = life(icustays=[icu_stay(3, 3 + hours)], labevents=labs([6]))
        assert the_question(trajectory, f"ICU_Stay_{days}day").label == (label,)


def test_an_icu_stay_that_ends_before_the_moment_is_decided():
    over, running = (life(icustays=[icu_stay(3, end)], labevents=labs([6])) for end in (5.5, 6.5))
    assert the_question(over, "ICU_Stay_7day").decided
    assert not the_question(running, "ICU_Stay_7day").decided
    assert not questions(life(icustays=[icu_stay(3, None)], labevents=labs([6])), "ICU_Stay_7day")


@pytest.mark.parametrize(
    ("hadm_id", "between", "label"),
    [(ADMITTED, True, "yes"), (ADMITTED, False, "yes"), (ADMITTED_LATER, True, "no")],
)
def test_icu_readmission_is_another_stay_of_the_admission_also_where_nothing_lies_between(hadm_id, between, label):
    trajectory = life(
        admissions=[admission(1, 200)],
        icustays=[icu_stay(3, 20), icu_stay(90, 99, 2, hadm_id)],
        labevents=labs([50]) if between else [],
    )
    assert questions(trajectory, "ICU_Readmission")[0].label == (label,)


# ---- readmission ---------------------------------------------------------------------------------------------------


def discharged(note_at: float, **more: Rows) -> Trajectory:
    note = {"note_id": "n", "hadm_id": ADMITTED, "charttime": at(note_at), "note_type": "DS", "text": "note"}
    return life(discharge=[note], labevents=labs([note_at - 30, note_at - 23, note_at - 1]), **more)


def test_the_readmission_window_is_the_last_day_and_the_note():
    anchor = the_question(
        discharged(48, admissions=[admission(1, 50)], poe=[{"ordertime": at(30), "hadm_id": ADMITTED}]),
        "Readmission_30day",
    )
    # The laboratory event of hour 18 starts 30 hours before the note, so the order of hour 30 is the earliest.
    assert [(event.table, event.start) for event in anchor.window.events] == [
        ("poe", at(30)), ("labevents", at(47)), ("discharge", at(48)),
    ]  # fmt: skip
    assert anchor.latest_event_time == at(48)
    assert anchor.window.history is None


@pytest.mark.parametrize("days", [30, 60])
def test_readmission_within_so_many_days_of_the_note(days):
    for again, label in ((48 + 24 * days - 0.1, "yes"), (48 + 24 * days, "no")):
        trajectory = discharged(
            48,
            admissions=[admission(1, 50), admission(again, again + 9, ADMITTED_LATER)],
            poe=[{"ordertime": at(30), "hadm_id": ADMITTED}],
        )
        assert the_question(trajectory, f"Readmission_{days}day").label == (label,)


def test_the_admission_that_a_note_ends_is_not_the_next_one():
    trajectory = life(
        admissions=[admission(8, 20)],
        labevents=labs([-3, -2]),
        discharge=[{"note_id": "n", "hadm_id": ADMITTED, "charttime": MIDNIGHT, "text": "note"}],
    )
    assert the_question(trajectory, "Readmission_30day").label == ("no",)
