"""Decisions on patients made by hand: which events are asked for, what answers them, what their context shows."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinseek_assets.benchmark.subtasks import DECISION_SUBTASKS, SUBTASKS
from clinseek_assets.timeline.anchors import anchors
from clinseek_assets.timeline.events import trajectory_of
from clinseek_assets_tests.contexts.patients import patient_rows
from clinseek_assets_tests.timeline.lives import (
    ADMITTED,
    ADMITTED_LATER,
    DICTIONARIES,
    admission,
    at,
    labs,
    life,
    questions,
    the_question,
)
from clinseek_assets_tests.timeline.test_events import RANDOM_LIVES


def orders(*hours: float, hadm_id: int | None = ADMITTED, order_type: str = "Lab"):
    return [{"ordertime": at(hour), "hadm_id": hadm_id, "order_type": order_type} for hour in hours]


def test_the_context_begins_with_the_earliest_event_of_the_admission_less_than_24_hours_before():
    trajectory = life(
        labevents=[*labs([10]), *labs([14, 20], None)],
        emar=[{"charttime": at(11), "hadm_id": None}, {"charttime": at(13), "hadm_id": ADMITTED_LATER}],
        transfers=[{"intime": at(12), "hadm_id": ADMITTED, "eventtype": "ED", "careunit": None}],
        poe=orders(34),
    )
    # Hour 10 is exactly 24 hours before: outside. Hours 11 and 13 are not of the admission: the first comes too early,
    # the second lies between.
    anchor = the_question(trajectory, "poe")
    assert [(event.table, event.start) for event in anchor.window.events] == [
        ("transfers", at(12)), ("emar", at(13)), ("labevents", at(14)),
    ]  # fmt: skip
    assert (anchor.hadm_id, anchor.latest_event_time) == (ADMITTED, at(14))


def test_no_admission_equals_no_admission():
    trajectory = life(labevents=labs([10], None), poe=orders(12, hadm_id=None))
    assert the_question(trajectory, "poe").event_count == 1
    assert not questions(life(labevents=labs([10]), poe=orders(12, hadm_id=None)), "poe")


def test_without_an_earlier_event_of_the_admission_there_is_no_question():
    assert not questions(life(labevents=labs([10], ADMITTED_LATER), poe=orders(12)), "poe")


def test_strict_ends_before_the_second_of_the_target_and_published_may_reach_into_it():
    trajectory = life(
        labevents=labs([10]),
        emar=[{"charttime": at(11), "hadm_id": ADMITTED}],
        poe=orders(12),
        pharmacy=[{"entertime": at(12), "hadm_id": ADMITTED}],
        services=[{"transfertime": at(12), "hadm_id": ADMITTED, "curr_service": "MED"}],
    )
    strict = the_question(trajectory, "services")
    assert [event.table for event in strict.window.events] == ["labevents", "emar"]
    assert (strict.latest_event_time, strict.decided) == (at(11), False)
    published = the_question(trajectory, "services", "published")
    assert [event.table for event in published.window.events] == ["labevents", "emar", "pharmacy", "poe"]
    assert (published.latest_event_time, published.decided) == (at(12), True)


@pytest.mark.parametrize(
    ("subtask", "table", "rows", "label"),
    [
        ("transfers", "transfers", [{"careunit": "MICU", "eventtype": "transfer"}], ["MICU"]),
        ("transfers", "transfers", [{"careunit": None, "eventtype": "discharge"}], ["discharge"]),
        ("services", "services", [{"curr_service": "MED"}], ["MED"]),
        ("poe", "poe", [{"order_type": kind} for kind in ("Lab", "Nutrition", "Lab")], ["Lab", "Nutrition"]),
        ("emar", "emar", [{"medication": " Heparin "}, {"medication": ""}, {"medication": None}], ["Heparin"]),
        ("prescriptions", "prescriptions", [{"drug": "B "}, {"drug": "A"}, {"drug": " B"}], ["B", "A"]),
        ("prescriptions_atc", "prescriptions", [{"drug": "x", "ndc": "42"}, {"drug": "y", "ndc": "0"}],
         ["ANTIHYPERTENSIVES"]),
        ("labevents", "labevents", [{"itemid": 2}, {"itemid": 1}, {"itemid": 77}], ["Potassium", "Sodium"]),
        ("chartevents", "chartevents", [{"itemid": 6}, {"itemid": 5}], ["Respiratory Rate", "Heart Rate"]),
        ("microbiologyevents", "microbiologyevents", [{"test_name": "URINE CULTURE"}], ["URINE CULTURE"]),
        ("procedures_icd", "procedures_icd", [{"icd_code": "5491", "icd_version": 9}], ["Paracentesis"]),
        ("procedures_ccs", "procedures_icd", [{"icd_code": "5491", "icd_version": 9}], ["Abdominal paracentesis"]),
    ],
)  # fmt: skip
def test_the_gold_is_the_trimmed_names_of_the_event_each_once(subtask, table, rows, label):
    when = {
        "transfers": "intime", "services": "transfertime", "poe": "ordertime", "prescriptions": "starttime",
        "procedures_icd": "chartdate",
    }.get(table, "charttime")  # fmt: skip
    moment = date(2150, 1, 11) if when == "chartdate" else at(24)
    placed = [{"hadm_id": ADMITTED, when: moment, **row} for row in rows]
    trajectory = life(discharge=[{"hadm_id": ADMITTED, "charttime": at(20), "text": ""}], **{table: placed})
    anchor = the_question(trajectory, subtask)
    assert list(anchor.label) == label


def test_an_event_whose_names_are_all_unknown_is_no_question():
    trajectory = life(poe=orders(10), labevents=[{"charttime": at(12), "hadm_id": ADMITTED, "itemid": 77}])
    assert not questions(trajectory, "labevents")


def test_exams_of_a_radiology_event():
    trajectory = life(
        poe=orders(10),
        radiology=[{"note_id": "r", "hadm_id": ADMITTED, "charttime": at(12)}],
        radiology_detail=[
            {"note_id": "r", "field_name": "exam_name", "field_value": "CHEST (PA)", "field_ordinal": 1},
            {"note_id": "r", "field_name": "exam_name", "field_value": "CHEST (LAT)", "field_ordinal": 2},
        ],
    )
    assert the_question(trajectory, "radiology").label == ("CHEST (PA)", "CHEST (LAT)")


def test_ed_decisions_take_the_admission_of_their_stay():
    trajectory = life(
        edstays=[{"stay_id": 1, "intime": at(1), "outtime": at(9), "hadm_id": ADMITTED}],
        triage=[{"stay_id": 1}],
        medrecon=[{"stay_id": 1, "charttime": at(2), "name": "lisinopril", "ndc": "42"}],
        vitalsign=[{"stay_id": 1, "charttime": at(3)}],
        pyxis=[{"stay_id": 1, "charttime": at(4), "name": "Acetaminophen"}],
        diagnosis=[{"stay_id": 1, "icd_code": "4019", "icd_version": 9, "icd_title": "HYPERTENSION NOS"}],
    )
    assert the_question(trajectory, "medrecon").label == ("lisinopril",)
    assert the_question(trajectory, "medrecon_atc").label == ("ANTIHYPERTENSIVES",)
    assert the_question(trajectory, "pyxis").label == ("Acetaminophen",)
    assert the_question(trajectory, "diagnosis").label == ("HYPERTENSION NOS",)
    assert the_question(trajectory, "diagnosis_ccs").label == ("Essential hypertension class",)
    assert the_question(trajectory, "diagnosis").hadm_id == ADMITTED


def coded_stay():
    return life(
        admissions=[admission(-30, -20, ADMITTED_LATER), admission(1, 20)],
        labevents=labs([5, 9]),
        discharge=[
            {"hadm_id": ADMITTED_LATER, "charttime": at(-20), "text": "earlier"},
            {"hadm_id": ADMITTED, "charttime": at(10), "text": "own"},
        ],
        transfers=[{"intime": at(21), "hadm_id": ADMITTED, "eventtype": "discharge", "careunit": None}],
        diagnoses_icd=[{"hadm_id": ADMITTED, "icd_code": "4019", "icd_version": 9}],
    )


def test_coded_diagnoses_borrow_the_time_of_the_event_before_them():
    anchor = the_question(coded_stay(), "diagnoses_icd")
    # The transfer at 21 lends its time, so a strict context ends before it; the discharge note is left out.
    assert [event.table for event in anchor.window.events] == ["labevents"]
    assert (anchor.latest_event_time, anchor.decided, anchor.event_count) == (at(5), False, 3)
    published = the_question(coded_stay(), "diagnoses_icd", "published")
    assert [event.table for event in published.window.events] == ["labevents", "transfers"]
    assert not published.decided


def test_history_is_the_latest_discharge_note_if_it_is_of_another_admission():
    trajectory = life(
        admissions=[admission(-30, -20, ADMITTED_LATER), admission(1, 40)],
        discharge=[{"hadm_id": ADMITTED_LATER, "charttime": at(-20), "text": "earlier"}],
        labevents=labs([5]),
        poe=orders(6),
    )
    window = the_question(trajectory, "poe").window
    assert window.history.rows[0]["text"] == "earlier"
    assert window.admission.start == at(1)
    # The latest note is the admission's own: then there is no history, though an earlier note exists.
    assert the_question(coded_stay(), "transfers").window.history is None


def test_the_admission_is_not_shown_to_who_asks_for_it_nor_is_anothers():
    trajectory = life(labevents=labs([0]), admissions=[admission(1, 40)], poe=orders(2, hadm_id=None),
                      emar=[{"charttime": at(1.5), "hadm_id": None, "medication": "x"}])  # fmt: skip
    own = the_question(trajectory, "admissions")
    assert (own.label, own.window.admission, own.latest_event_time) == (("URGENT",), None, at(0))
    assert the_question(trajectory, "poe").window.admission is None


def test_the_admission_fits_if_its_event_is_in_the_context_or_there_is_none():
    def procedure(admitted_at: float | None):
        stays = [] if admitted_at is None else [admission(admitted_at, 90)]
        procedures = [{"chartdate": date(2150, 1, 12), "hadm_id": ADMITTED, "icd_code": "5491", "icd_version": 9}]
        return the_question(life(admissions=stays, labevents=labs([30]), procedures_icd=procedures), "procedures_icd")

    assert procedure(25).admission_fits
    assert procedure(None).admission_fits
    assert not procedure(10).admission_fits


def test_the_next_event_is_named_by_its_table_and_has_a_time():
    trajectory = coded_stay()
    found = [(anchor.label, anchor.latest_event_time) for anchor in questions(trajectory, "next_event")]
    assert ("transfers",) in {label for label, _ in found}
    assert ("diagnoses_icd",) not in {label for label, _ in found}


def test_tables_that_are_never_shown_lend_no_time_to_the_moment():
    trajectory = life(
        labevents=labs([5]), hcpcsevents=[{"chartdate": date(2150, 1, 11), "hadm_id": ADMITTED}], poe=orders(26)
    )
    anchor = the_question(trajectory, "poe")
    assert (anchor.latest_event_time, anchor.event_count) == (at(5), 2)


@given(tables=RANDOM_LIVES, subtask=st.sampled_from(DECISION_SUBTASKS))
@settings(max_examples=150, deadline=None)
def test_no_window_shows_its_target_or_what_comes_after(tables, subtask):
    trajectory = trajectory_of(patient_rows(**tables), DICTIONARIES)
    for anchor in anchors(trajectory, SUBTASKS[subtask]):
        shown = trajectory.times[anchor.span.first : anchor.span.stop]
        later = trajectory.times[anchor.span.stop :]
        assert shown and later and shown[-1] < later[0]
        assert anchor.latest_event_time in shown
        assert anchor.label
        assert not anchor.decided


TIMES = {"labevents": "charttime", "chartevents": "charttime", "poe": "ordertime"}


@given(tables=RANDOM_LIVES)
@settings(max_examples=100, deadline=None)
def test_a_context_does_not_depend_on_what_comes_after_the_targets_start(tables):
    rows = patient_rows(**{name: tables[name] for name in TIMES})
    for anchor in anchors(trajectory_of(rows, DICTIONARIES), SUBTASKS["next_event"]):
        target_time = anchor.settled
        known = {name: [row for row in rows[name] if row[time] <= target_time] for name, time in TIMES.items()}
        again = trajectory_of({**rows, **known}, DICTIONARIES)
        assert anchor.window in [other.window for other in anchors(again, SUBTASKS["next_event"])]
