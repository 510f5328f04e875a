from __future__ import annotations

import random
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinseek_assets.faults import SourceFault
from clinseek_assets.timeline.dictionaries import Dictionaries
from clinseek_assets.timeline.events import EVENT_TABLES, trajectory_of
from clinseek_assets.timeline.rows import rows_from_database
from clinseek_assets.timeline.windows import Beginning
from clinseek_assets_tests.contexts.patients import patient_rows, write_database
from clinseek_assets_tests.timeline.lives import ADMITTED, ADMITTED_LATER, DICTIONARIES, admission, at, labs, life

NOON = at(12)


def order(**tables) -> list[str]:
    return [event.table for event in life(**tables).events]


def test_rows_of_one_second_follow_module_then_table():
    of_noon = {
        "discharge": [{"charttime": NOON, "hadm_id": ADMITTED, "text": ""}],
        "chartevents": [{"charttime": NOON, "hadm_id": ADMITTED, "itemid": 5}],
        "poe": [{"ordertime": NOON, "hadm_id": ADMITTED}],
        "labevents": labs([12]),
        "pyxis": [{"charttime": NOON, "stay_id": 1}],
        "edstays": [{"intime": NOON, "outtime": at(13), "stay_id": 1}],
    }
    assert order(**of_noon) == ["edstays", "pyxis", "labevents", "poe", "chartevents", "discharge"]


def test_rows_of_one_second_and_table_follow_the_file():
    events = life(labevents=[{"charttime": NOON, "itemid": item} for item in (2, 1, 2)]).events
    assert [row["item_name"] for row in events[0].rows] == ["Potassium", "Sodium", "Potassium"]


def test_consecutive_rows_of_a_table_are_one_event_whatever_their_times():
    trajectory = life(
        labevents=[*labs([1, 5, 9], ADMITTED), *labs([3], None)], poe=[{"ordertime": at(6), "hadm_id": ADMITTED}]
    )
    first, order_, last = trajectory.events
    assert (first.table, first.start, first.end, len(first.rows), first.hadm_id) == (
        "labevents", at(1), at(5), 3, ADMITTED,
    )  # fmt: skip
    assert (order_.table, last.start, last.end) == ("poe", at(9), at(9))


@pytest.mark.parametrize(("border", "sizes"), [(0, [3]), (1, [3]), (1.5, [1, 2]), (2, [1, 2]), (3, [2, 1]), (4, [3])])
def test_no_event_reaches_across_the_moment_at_which_rows_are_kept_apart(border, sizes):
    rows = patient_rows(labevents=labs([1, 2, 3]))
    events = trajectory_of(rows, DICTIONARIES, apart_at=at(border)).events
    assert [len(event.rows) for event in events] == sizes


def test_codes_stay_behind_the_last_row_of_their_admission_before_the_border():
    coded = [{"hadm_id": ADMITTED, "icd_code": "4019", "icd_version": 9}]
    rows = patient_rows(labevents=[*labs([1]), *labs([2], None)], diagnoses_icd=coded)
    events = trajectory_of(rows, DICTIONARIES, apart_at=at(2)).events
    assert [event.table for event in events] == ["labevents", "diagnoses_icd", "labevents"]


def test_a_window_begins_at_its_first_event_of_a_second():
    second = {
        "poe": [{"ordertime": NOON, "hadm_id": ADMITTED}],
        "transfers": [{"intime": NOON, "hadm_id": ADMITTED}],
        "icustays": [{"intime": NOON, "hadm_id": ADMITTED}],
        "labevents": labs([11, 13]),
    }
    trajectory = life(**second)
    assert [event.table for event in trajectory.events] == ["labevents", "poe", "transfers", "icustays", "labevents"]
    places = {table: Beginning(NOON, table).place_in(trajectory) for table in EVENT_TABLES}
    assert {table: places[table] for table in ("edstays", "poe", "transfers", "icustays", "discharge")} == {
        "edstays": 1, "poe": 1, "transfers": 2, "icustays": 3, "discharge": 4,
    }  # fmt: skip
    assert Beginning(at(20), "poe").place_in(trajectory) == len(trajectory.events)


def test_the_event_takes_the_admission_of_its_first_row():
    (event,) = life(labevents=[*labs([1], None), *labs([2], ADMITTED)]).events
    assert event.hadm_id is None


def test_dates_are_their_midnight_and_cultures_without_time_their_chartdate():
    trajectory = life(
        omr=[{"chartdate": date(2150, 1, 11), "result_name": "Weight (Lbs)"}],
        procedures_icd=[{"chartdate": date(2150, 1, 12), "hadm_id": ADMITTED, "icd_code": "5491", "icd_version": 9}],
        microbiologyevents=[{"chartdate": at(0), "charttime": None}, {"chartdate": at(0), "charttime": at(72.5)}],
    )
    assert [(event.table, event.start) for event in trajectory.events] == [
        ("microbiologyevents", at(0)), ("omr", at(24)), ("procedures_icd", at(48)), ("microbiologyevents", at(72.5)),
    ]  # fmt: skip


def test_triage_is_a_second_after_arrival_and_ed_diagnoses_are_at_departure_with_the_stays_admission():
    trajectory = life(
        edstays=[{"stay_id": 1, "intime": at(1), "outtime": at(5), "hadm_id": ADMITTED}],
        triage=[{"stay_id": 1}],
        diagnosis=[{"stay_id": 1, "icd_code": "4019", "icd_version": 9}],
        vitalsign=[{"stay_id": 1, "charttime": at(2)}],
        medrecon=[{"stay_id": 1, "charttime": at(3), "ndc": "42"}],
    )
    assert [(event.table, event.start) for event in trajectory.events] == [
        ("edstays", at(1)), ("triage", at(1 + 1 / 3600)), ("vitalsign", at(2)), ("medrecon", at(3)),
        ("diagnosis", at(5)),
    ]  # fmt: skip
    assert {event.hadm_id for event in trajectory.events} == {ADMITTED}


def test_coded_diagnoses_then_drgs_stand_behind_the_last_row_of_their_admission():
    trajectory = life(
        admissions=[admission(1, 20), admission(40, 60, ADMITTED_LATER)],
        labevents=[*labs([2, 30]), *labs([45], ADMITTED_LATER)],
        drgcodes=[{"hadm_id": ADMITTED, "drg_code": "1"}],
        diagnoses_icd=[
            {"hadm_id": ADMITTED_LATER, "icd_code": "I10", "icd_version": 10},
            {"hadm_id": ADMITTED, "icd_code": "4019 ", "icd_version": 9},
        ],
    )
    assert [event.table for event in trajectory.events] == [
        "admissions", "labevents", "diagnoses_icd", "drgcodes", "admissions", "labevents", "diagnoses_icd",
    ]  # fmt: skip
    coded = trajectory.events[2]
    assert (coded.start, coded.end, coded.hadm_id, coded.rows[0]["title"]) == (None, None, ADMITTED, "Hypertension")
    assert trajectory.times[2] == trajectory.times[3] == trajectory.events[1].start


def test_rows_that_nothing_places_are_counted_and_left_out():
    trajectory = life(
        labevents=[*labs([1]), {"charttime": None, "itemid": 1}],
        triage=[{"stay_id": 9}],
        diagnoses_icd=[{"hadm_id": ADMITTED_LATER, "icd_code": "I10", "icd_version": 10}],
    )
    assert [event.table for event in trajectory.events] == ["labevents"]
    assert trajectory.unplaced == {"labevents": 1, "triage": 1, "diagnoses_icd": 1}


def test_what_codes_mean_is_added_and_an_unknown_code_has_no_name():
    trajectory = life(
        chartevents=[{"charttime": at(1), "itemid": 5}, {"charttime": at(1), "itemid": 99}],
        prescriptions=[
            {"starttime": at(2), "drug": " Lisinopril", "ndc": "42"},
            {"starttime": at(2), "drug": "Saline", "ndc": "0"},
            {"starttime": at(2), "drug": "Bag", "ndc": None},
        ],
        procedures_icd=[{"chartdate": date(2150, 1, 11), "icd_code": "5491", "icd_version": 9}],
        diagnosis=[{"stay_id": 1, "icd_code": "4019", "icd_version": 9, "icd_title": "HYPERTENSION NOS"}],
        edstays=[{"stay_id": 1, "intime": at(30), "outtime": at(31)}],
    )
    rows = {event.table: event.rows for event in trajectory.events}
    assert [row["item_name"] for row in rows["chartevents"]] == ["Heart Rate", None]
    assert [row["ATC Type"] for row in rows["prescriptions"]] == ["ANTIHYPERTENSIVES", None, None]
    assert (rows["procedures_icd"][0]["title"], rows["procedures_icd"][0]["CCS Type"]) == (
        "Paracentesis", "Abdominal paracentesis",
    )  # fmt: skip
    assert rows["diagnosis"][0]["CCS Type"] == "Essential hypertension class"


def test_exam_names_follow_their_ordinal_and_the_admission_has_the_note_up_to_the_physical_exam():
    trajectory = life(
        admissions=[admission(1, 40), admission(50, 60, ADMITTED_LATER)],
        radiology=[{"note_id": "r", "charttime": at(2), "text": "report"}],
        radiology_detail=[
            {"note_id": "r", "field_name": "exam_name", "field_value": "CHEST (PA)", "field_ordinal": 2},
            {"note_id": "r", "field_name": "exam_code", "field_value": "C11", "field_ordinal": 1},
            {"note_id": "r", "field_name": "exam_name", "field_value": "CHEST (LAT)", "field_ordinal": 1},
        ],
        discharge=[
            {"note_id": "a", "hadm_id": ADMITTED, "charttime": at(40), "text": "first version"},
            {
                "note_id": "b",
                "hadm_id": ADMITTED,
                "charttime": at(40),
                "text": " Came with pain. \nPhysical Exam: soft",
            },
            {"note_id": "c", "hadm_id": ADMITTED_LATER, "charttime": at(60), "text": "Came again. PHYSICAL EXAM: soft"},
        ],
    )
    assert [event.rows[0]["exam_name"] for event in trajectory.events if event.table == "radiology"] == [
        ["CHEST (LAT)", "CHEST (PA)"]
    ]
    told = [row["admission_info"] for row in trajectory.rows_of("admissions")]
    assert told == ["Came with pain.", "Came again. PHYSICAL EXAM: soft"]


def test_details_and_patients_are_no_events():
    assert not {"patients", "emar_detail", "poe_detail", "discharge_detail", "radiology_detail"} & set(EVENT_TABLES)
    assert len(EVENT_TABLES) == 34 - 5


def test_a_patient_without_a_patients_row_is_refused():
    rows = patient_rows(labevents=labs([1]))
    rows["patients"] = []
    with pytest.raises(SourceFault, match="none in the patients table"):
        trajectory_of(rows, Dictionaries())


RANDOM_LIVES = st.fixed_dictionaries(
    {
        "labevents": st.lists(
            st.builds(
                lambda hour, admitted, item: {"charttime": at(hour), "hadm_id": admitted, "itemid": item},
                st.integers(0, 12),
                st.sampled_from([None, ADMITTED, ADMITTED_LATER]),
                st.integers(1, 3),
            ),
            max_size=8,
        ),
        "poe": st.lists(
            st.builds(lambda hour: {"ordertime": at(hour), "hadm_id": ADMITTED}, st.integers(0, 12)), max_size=5
        ),
        "chartevents": st.lists(
            st.builds(lambda hour: {"charttime": at(hour), "hadm_id": ADMITTED, "itemid": 5}, st.integers(0, 12)),
            max_size=5,
        ),
        "diagnoses_icd": st.lists(
            st.builds(
                lambda admitted: {"hadm_id": admitted, "icd_code": "4019", "icd_version": 9},
                st.sampled_from([ADMITTED, ADMITTED_LATER]),
            ),
            max_size=4,
        ),
        "drgcodes": st.lists(st.just({"hadm_id": ADMITTED, "drg_code": "1"}), max_size=2),
    }
)


@given(tables=RANDOM_LIVES, seed=st.integers(0, 99))
@settings(max_examples=80, deadline=None)
def test_the_order_in_which_rows_are_read_plays_no_part(tables, seed):
    rows = patient_rows(**tables)
    mixed = {name: random.Random(seed).sample(found, len(found)) for name, found in rows.items()}
    assert trajectory_of(mixed, DICTIONARIES) == trajectory_of(rows, DICTIONARIES)


@given(tables=RANDOM_LIVES)
@settings(max_examples=80, deadline=None)
def test_every_row_is_in_one_event_or_counted_and_times_never_descend(tables):
    rows = patient_rows(**tables)
    trajectory = trajectory_of(rows, DICTIONARIES)
    assert list(trajectory.times) == sorted(trajectory.times)
    for name in tables:
        placed = [row["source_row"] for row in trajectory.rows_of(name)]
        assert len(placed) == len(set(placed))
        assert len(placed) + trajectory.unplaced.get(name, 0) == len(rows[name])
    neighbours = zip(trajectory.events, trajectory.events[1:], strict=False)
    assert all(one.table != other.table for one, other in neighbours)


def test_a_patient_database_gives_the_same_trajectory(tmp_path: Path):
    rows = patient_rows(
        patients=[{"gender": "F", "anchor_age": 52, "dod": date(2151, 2, 3)}],
        admissions=[admission(1, None)],
        labevents=labs([2, 3]),
        omr=[{"chartdate": date(2150, 1, 11), "result_name": "BMI", "result_value": "21"}],
    )
    again = rows_from_database(write_database(tmp_path, rows))
    assert again == rows
    assert trajectory_of(again, DICTIONARIES) == trajectory_of(rows, DICTIONARIES)
