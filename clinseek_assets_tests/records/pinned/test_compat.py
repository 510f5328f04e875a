"""`compat`: the published rule of time, cases from its description."""

from __future__ import annotations

import pytest

from clinseek_assets.records.pinned.answers import Refusal
from clinseek_assets_tests.records.pinned.conftest import Opened
from clinseek_assets_tests.records.pinned.lives import BASE, JUST_BEFORE, NEXT, OWN, PAST, Row, T, at, day, text_of

# Table, the column that decides, a row that is kept, one that is not.
CUT_BY: list[tuple[str, str, Row, Row]] = [
    ("admissions", "admittime", {"admittime": JUST_BEFORE}, {"admittime": T}),
    ("edstays", "intime", {"intime": JUST_BEFORE, "outtime": at(9)}, {"intime": T, "outtime": at(9)}),
    ("medrecon", "charttime", {"charttime": JUST_BEFORE}, {"charttime": None}),
    ("pyxis", "charttime", {"charttime": JUST_BEFORE}, {"charttime": T}),
    ("vitalsign", "charttime", {"charttime": JUST_BEFORE}, {"charttime": T}),
    ("emar", "charttime", {"charttime": JUST_BEFORE, "storetime": at(9)}, {"charttime": T, "storetime": at(-9)}),
    ("hcpcsevents", "chartdate", {"chartdate": day(-1)}, {"chartdate": day(0)}),
    ("omr", "chartdate", {"chartdate": day(-1)}, {"chartdate": day(0)}),
    ("procedures_icd", "chartdate", {"chartdate": day(-1)}, {"chartdate": day(0)}),
    ("labevents", "charttime", {"charttime": JUST_BEFORE, "storetime": at(9)}, {"charttime": T, "storetime": at(-9)}),
    ("microbiologyevents", "chartdate", {"chartdate": at(-12), "storetime": at(99)}, {"chartdate": T}),
    ("poe", "ordertime", {"ordertime": JUST_BEFORE}, {"ordertime": T}),
    ("prescriptions", "starttime", {"starttime": JUST_BEFORE, "stoptime": at(9)}, {"starttime": None}),
    ("services", "transfertime", {"transfertime": JUST_BEFORE}, {"transfertime": T}),
    ("transfers", "intime", {"intime": JUST_BEFORE, "outtime": at(9)}, {"intime": T}),
    ("icustays", "intime", {"intime": JUST_BEFORE, "outtime": at(9)}, {"intime": T}),
    ("chartevents", "charttime", {"charttime": JUST_BEFORE, "storetime": at(9)}, {"charttime": T}),
    ("datetimeevents", "charttime", {"charttime": JUST_BEFORE, "value": at(9)}, {"charttime": T, "value": at(9)}),
    ("outputevents", "charttime", {"charttime": JUST_BEFORE, "storetime": at(9)}, {"charttime": T}),
    ("inputevents", "starttime", {"starttime": JUST_BEFORE, "endtime": at(9)}, {"starttime": T, "endtime": at(9)}),
    ("ingredientevents", "starttime", {"starttime": JUST_BEFORE, "endtime": at(9)}, {"starttime": T, "endtime": at(9)}),
    ("procedureevents", "starttime", {"starttime": JUST_BEFORE, "endtime": at(9), "storetime": at(9)},
     {"starttime": T, "endtime": at(9), "storetime": at(9)}),
    ("discharge", "charttime", {"charttime": JUST_BEFORE}, {"charttime": T}),
    ("radiology", "charttime", {"charttime": JUST_BEFORE}, {"charttime": T}),
]  # fmt: skip
WHOLE = ("patients", "drgcodes", "emar_detail", "poe_detail", "triage", "radiology_detail", "discharge_detail")


@pytest.mark.parametrize(("table", "column", "kept", "dropped"), CUT_BY)
def test_a_table_is_cut_by_its_first_time_and_nothing_else_is_looked_at(opened: Opened, table, column, kept, dropped):
    record = opened({table: [kept, dropped]}, "compat")
    assert record.time_column(table) == column
    names = list(kept)
    (seen,) = record.query(f"SELECT {', '.join(names)} FROM {table}").rows
    assert [value for name, value in zip(names, seen, strict=True) if name != column] == [
        text_of(kept[name]) for name in names if name != column
    ]


@pytest.mark.parametrize("table", WHOLE)
def test_a_table_without_a_time_is_whole(opened: Opened, table):
    record = opened({table: [{}, {}]}, "compat")
    assert record.time_column(table) is None
    assert record.query(f"SELECT count(*) FROM {table}").rows == [(2,)]


def test_a_day_is_its_last_minute(opened: Opened):
    record = opened({"omr": [{"chartdate": day(-1)}]}, "compat")
    assert record.query("SELECT chartdate FROM omr").rows == [(f"{day(-1)} 23:59:00",)]


def test_the_date_of_death_and_all_outcomes_are_shown(opened: Opened):
    life = {**BASE, "admissions": [{"admittime": at(-9), "dischtime": at(9), "hospital_expire_flag": 1}]}
    record = opened(life, "compat")
    assert record.query("SELECT dod FROM patients").rows == [(str(day(400)),)]
    assert record.query("SELECT dischtime, hospital_expire_flag FROM admissions").rows == [(text_of(at(9)), 1)]


def test_the_pharmacy_is_emptied_with_its_columns_kept(opened: Opened):
    seen = opened({"pharmacy": [{"entertime": at(-9), "starttime": at(-9)}]}, "compat").query("SELECT * FROM pharmacy")
    assert seen.rows == [] and "medication" in seen.columns and "status" in seen.columns


@pytest.mark.parametrize(
    ("ndc", "shown"),
    [
        ("0", "00000000000"),
        ("456", "00000000456"),
        ("12345678901", "12345678901"),
        ("456.0", "00000000456"),
        (None, None),
    ],
)
def test_national_drug_codes_have_eleven_digits(opened: Opened, ndc, shown):
    record = opened({"prescriptions": [{"starttime": at(-1), "ndc": ndc}]}, "compat")
    assert record.query("SELECT ndc FROM prescriptions").rows == [(shown,)]


def test_a_table_without_a_row_is_not_there(opened: Opened):
    record = opened({"labevents": [{"charttime": T}], "omr": [{"chartdate": day(0)}]}, "compat")
    assert list(record.tables) == ["labevents", "omr"]
    for statement in ("SELECT * FROM poe", "SELECT count(*) FROM poe"):
        with pytest.raises(Refusal, match="no table poe"):
            record.query(statement)


CODES = [{"hadm_id": PAST}, {"hadm_id": OWN}]


def test_billed_codes_have_a_time_only_beside_admissions(opened: Opened):
    alone = opened({"diagnoses_icd": CODES}, "compat")
    assert alone.time_column("diagnoses_icd") is None
    assert alone.query("SELECT hadm_id FROM diagnoses_icd").rows == [(PAST,), (OWN,)]
    beside = opened({**BASE, "diagnoses_icd": CODES}, "compat")
    assert beside.query("SELECT hadm_id, charttime FROM diagnoses_icd").rows == [(PAST, text_of(at(-1900, -60)))]
    assert beside.tables["diagnoses_icd"][-3:] == ("charttime", "long_title", "ccs_name")


def test_diagnoses_of_the_emergency_department_have_a_time_only_beside_stays(opened: Opened):
    assert opened({"diagnosis": [{"stay_id": 7}]}, "compat").query("SELECT count(*) FROM diagnosis").rows == [(1,)]
    stay = {"stay_id": 7, "intime": at(-9), "outtime": at(seconds=60)}
    assert opened({"diagnosis": [{"stay_id": 7}], "edstays": [stay]}, "compat").query(
        "SELECT count(*) FROM diagnosis"
    ).rows == [(0,)]


def test_ten_empty_times_make_days_of_all(opened: Opened):
    """What our databases hold as NULL was an empty, thus short, text in the published ones."""
    admissions = [{"hadm_id": PAST, "admittime": at(-99), "dischtime": at(-13)}]
    unended = [{"hadm_id": NEXT}] * 10
    life = {"admissions": admissions, "diagnoses_icd": [*unended, {"hadm_id": PAST}]}
    record = opened(life, "compat")
    assert record.query("SELECT charttime FROM diagnoses_icd").rows == [(f"{day(-1)} 23:59:00",)]
    life["diagnoses_icd"] = [*unended[1:], {"hadm_id": PAST}]
    assert opened(life, "compat").query("SELECT charttime FROM diagnoses_icd").rows == [(text_of(at(-13, -60)),)]


def test_an_admission_has_its_summary_where_the_patient_has_one(opened: Opened):
    assert "text" not in opened(BASE, "compat").tables["admissions"]
    note = {"note_id": "n", "hadm_id": PAST, "charttime": at(99), "text": "Came with a cough.\nPhysical Exam: well"}
    seen = opened({**BASE, "discharge": [note]}, "compat").query("SELECT hadm_id, text FROM admissions").rows
    assert seen == [(PAST, "Came with a cough."), (OWN, "")]


def test_nothing_is_hidden_for_a_decision_s_sake(opened: Opened):
    life = {"inputevents": [{"starttime": at(seconds=-1), "endtime": at(9)}]}
    assert opened(life, "compat", subtask="inputevents").query("SELECT count(*) FROM inputevents").rows == [(1,)]


def test_the_timeline_s_rows_are_what_is_seen(opened: Opened):
    rows = opened(
        {"omr": [{"chartdate": day(-1)}, {"chartdate": day(0)}], "poe": [{"ordertime": T}]}, "compat"
    ).timeline_rows()
    assert [row["chartdate"] for row in rows["omr"]] == [at(-12.0, -60)]
    assert rows["poe"] == [] and rows["labevents"] == []
