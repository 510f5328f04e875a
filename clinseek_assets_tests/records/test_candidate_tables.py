"""Candidate tables: seven vocabularies with a column `candidate`, as wide as the user's own data."""

import sqlite3
from contextlib import closing

import pytest

from clinseek_assets.faults import SourceFault
from clinseek_assets.records.candidate_tables import FROM_REFERENCE, FROM_SOURCES, MEANINGS, build_candidate_tables
from clinseek_assets.records.reference_tables import build_reference_tables
from clinseek_assets_tests.records.extracted import DICTIONARIES, extracted

CULTURE = {
    "subject_id": 1,
    "micro_specimen_id": 5,
    "chartdate": "2150-01-01 00:00:00",
    "spec_itemid": 7,
    "spec_type_desc": "BLOOD",
    "test_seq": 1,
}
EXAM = {"note_id": "1-RR-1", "subject_id": 1, "field_ordinal": 1}
SOURCES = {
    "microbiologyevents": [
        {**CULTURE, "microevent_id": number, "test_name": name}
        for number, name in enumerate(["URINE CULTURE", "BLOOD CULTURE", "BLOOD CULTURE", "", " "], 1)
    ],
    "transfers": [
        {"subject_id": 1, "transfer_id": 1, "eventtype": "admit", "careunit": "Medicine"},
        {"subject_id": 1, "transfer_id": 2, "eventtype": "transfer", "careunit": "Neurology"},
        {"subject_id": 1, "transfer_id": 3, "eventtype": "discharge", "careunit": ""},
    ],
    "radiology_detail": [
        {**EXAM, "field_name": "exam_name", "field_value": "CHEST (PA AND LAT)"},
        {**EXAM, "field_name": "exam_code", "field_value": "C11"},
    ],
}


def rows(path, statement):
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(statement).fetchall()


@pytest.fixture
def tables(tmp_path):
    return extracted(tmp_path, {**DICTIONARIES, **SOURCES})


@pytest.fixture
def reference(tables, tmp_path):
    atc = tmp_path / "atc.csv"
    atc.write_text("ndc,name,atc_code,atc_name\n71015523,Lipitor,C10AA,HMG CoA reductase inhibitors\n")
    return build_reference_tables(tables, tmp_path / "reference_table.db", atc_classes=atc).path


def test_the_seven_vocabularies(tables, reference, tmp_path):
    path = tmp_path / "candidate_table.db"
    built = build_candidate_tables(tables, reference, path)
    candidates = {name: [row[0] for row in rows(path, f"SELECT candidate FROM {name}")] for name in built.rows}
    assert candidates == {
        "diagnoses_ccs_candidates": ["Congestive heart failure, unspecified", "Heart failure, unspecified"],
        "procedures_ccs_candidates": ["Bypass one coronary artery"],
        "labevents_candidates": ["Free Calcium"],
        "prescriptions_atc_candidates": ["Lipitor"],
        "microbiologyevents_candidates": ["BLOOD CULTURE", "URINE CULTURE"],
        "transfers_candidates": ["Neurology"],
        "radiology_candidates": ["CHEST (PA AND LAT)"],
    }
    assert built.missing == {}
    assert rows(path, "SELECT itemid, candidate, fluid, category FROM labevents_candidates") == [
        (50808, "Free Calcium", "Blood", "Blood Gas")
    ]
    assert rows(path, "SELECT ndc FROM prescriptions_atc_candidates") == [("00071015523",)]


def test_every_table_and_column_has_a_meaning(tables, reference, tmp_path):
    path = build_candidate_tables(tables, reference, tmp_path / "candidate_table.db").path
    assert set(MEANINGS) == {each.name for each in (*FROM_REFERENCE, *FROM_SOURCES)}
    for name, (_, columns) in MEANINGS.items():
        assert set(columns) == {row[1] for row in rows(path, f"PRAGMA table_info({name})")}


def test_missing_source_tables_leave_empty_tables_and_a_reason(tables, reference, tmp_path):
    del tables["radiology_detail"], tables["transfers"]
    built = build_candidate_tables(tables, reference, tmp_path / "candidate_table.db")
    assert built.rows["radiology_candidates"] == built.rows["transfers_candidates"] == 0
    assert set(built.missing) == {"radiology_candidates", "transfers_candidates"}
    assert "radiology_detail is not there" in built.missing["radiology_candidates"]


def test_a_second_run_writes_nothing_and_a_new_name_is_taken_in(tables, reference, tmp_path):
    path = tmp_path / "candidate_table.db"
    build_candidate_tables(tables, reference, path)
    written = path.stat().st_mtime_ns
    assert build_candidate_tables(tables, reference, path).up_to_date
    assert path.stat().st_mtime_ns == written
    more = {"transfers": [*SOURCES["transfers"], {**SOURCES["transfers"][1], "transfer_id": 4, "careunit": "ICU"}]}
    tables |= extracted(tmp_path / "more", more)
    assert build_candidate_tables(tables, reference, path).rows["transfers_candidates"] == 2


@pytest.mark.parametrize("content", [None, b"", b"no database"])
def test_reference_tables_that_are_not_there_or_damaged_are_named(tables, tmp_path, content):
    reference = tmp_path / "reference.db"
    if content is not None:
        reference.write_bytes(content)
    with pytest.raises(SourceFault, match=r"reference\.db"):
        build_candidate_tables(tables, reference, tmp_path / "candidate_table.db")
    assert not (tmp_path / "candidate_table.db").exists()


def test_a_damaged_source_table_is_named(tables, reference, tmp_path):
    tables["transfers"].write_bytes(b"not parquet")
    with pytest.raises(SourceFault, match=r"transfers\.parquet"):
        build_candidate_tables(tables, reference, tmp_path / "candidate_table.db")
