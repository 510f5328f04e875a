"""The published rule of time, case by case as it is described, its traps included."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from clinseek_assets.audit.naive_compat import visible
from clinseek_assets_tests.audit.lives import OWN, OWN_ADMISSION, PAST, TICK, at, life, pin


def test_the_first_column_that_looks_like_a_time_decides_and_nothing_is_masked():
    stay = {"hadm_id": OWN, "stay_id": 1, "intime": at(510), "outtime": at(900), "los": 16.2}
    rows = life(icustays=[stay])
    (shown,) = visible(rows, pin(at(510) + TICK))["icustays"]
    assert (shown["outtime"], shown["los"]) == (at(900), 16.2)
    assert visible(rows, pin(at(510)))["icustays"] == []


def test_a_day_counts_as_its_last_minute():
    rows = life(omr=[{"chartdate": date(2150, 1, 10)}, {"chartdate": date(2150, 1, 11)}])
    end = datetime(2150, 1, 10, 23, 59)
    assert visible(rows, pin(end))["omr"] == []
    assert [row["chartdate"] for row in visible(rows, pin(end + TICK))["omr"]] == [end]


def test_a_culture_is_seen_from_the_midnight_of_its_day():
    rows = life(microbiologyevents=[{"chartdate": at(0), "charttime": at(20), "storetime": at(90)}])
    assert len(visible(rows, pin(at(1)))["microbiologyevents"]) == 1


def test_tables_without_a_time_are_shown_whole_and_those_without_rows_are_not_there():
    rows = life(patients=[{"dod": date(2199, 1, 1)}], triage=[{"stay_id": 5}])
    shown = visible(rows, pin(at(0)))
    assert shown["patients"][0]["dod"] == date(2199, 1, 1)
    assert len(shown["triage"]) == 1
    assert "labevents" not in shown and shown["admissions"] == []


def test_rows_without_a_time_are_dropped():
    assert visible(life(labevents=[{}, {"charttime": at(1)}]), pin(at(2)))["labevents"][0]["charttime"] == at(1)


def test_pharmacy_is_emptied_and_drug_codes_have_eleven_digits():
    rows = life(
        pharmacy=[{"starttime": at(0)}],
        prescriptions=[{"starttime": at(0), "ndc": "338004904.0"}, {"starttime": at(0)}],
    )
    shown = visible(rows, pin(at(1)))
    assert shown["pharmacy"] == []
    assert [row["ndc"] for row in shown["prescriptions"]] == ["00338004904", None]


def test_diagnoses_are_dated_a_minute_before_discharge_to_the_second():
    past = {"hadm_id": PAST, "admittime": at(10), "dischtime": at(100) + timedelta(microseconds=5)}
    rows = life(admissions=[past, OWN_ADMISSION], diagnoses_icd=[{"hadm_id": PAST}])
    dated = at(100) - timedelta(minutes=1)
    assert visible(rows, pin(dated))["diagnoses_icd"] == []
    assert [row["charttime"] for row in visible(rows, pin(dated + TICK))["diagnoses_icd"]] == [dated]


def test_without_the_table_that_dates_them_diagnoses_are_shown_whole():
    shown = visible(life(admissions=[], diagnoses_icd=[{"hadm_id": PAST}]), pin(at(0)))["diagnoses_icd"]
    assert len(shown) == 1 and "charttime" not in shown[0]


def test_ten_undated_diagnoses_make_days_of_all_others():
    undated, dated = {"hadm_id": 5}, {"hadm_id": PAST}
    of_nine = life(diagnoses_icd=[undated] * 9 + [dated])
    assert visible(of_nine, pin(at(100)))["diagnoses_icd"][0]["charttime"] == at(100) - timedelta(minutes=1)
    of_ten = life(diagnoses_icd=[undated] * 10 + [dated])
    assert visible(of_ten, pin(at(100)))["diagnoses_icd"] == []
    assert visible(of_ten, pin(at(200)))["diagnoses_icd"][0]["charttime"] == datetime(2150, 1, 14, 23, 59)


def test_the_ed_dates_its_diagnoses_by_its_own_stays():
    rows = life(edstays=[{"stay_id": 3, "intime": at(1), "outtime": at(3)}], diagnosis=[{"stay_id": 3}, {"stay_id": 4}])
    assert [row["charttime"] for row in visible(rows, pin(at(9)))["diagnosis"]] == [at(3) - timedelta(minutes=1)]


def test_the_front_half_of_the_last_note_stands_in_the_admission():
    rows = life(
        discharge=[
            {"hadm_id": PAST, "charttime": at(90), "text": " first Physical Exam more"},
            {"hadm_id": PAST, "charttime": at(95), "text": " last Physical Exam more"},
            {"hadm_id": PAST, "charttime": at(99), "text": ""},
        ]
    )
    assert [row["text"] for row in visible(rows, pin(at(600)))["admissions"]] == ["last", ""]
    assert "text" not in visible(life(), pin(at(600)))["admissions"][0]
