"""A release is held against its counts, and what was built from it is opened and looked at."""

import json
import sqlite3
from contextlib import closing

import pytest

from clinseek_assets.benchmark.released_counts import FILE_NAME, OFFICIAL
from clinseek_assets.benchmark.subtasks import SUBTASKS
from clinseek_assets.locations.layout import Layout
from clinseek_assets.records.candidate_tables import build_candidate_tables
from clinseek_assets.records.patient_databases import build_patient_databases
from clinseek_assets.records.reference_tables import build_reference_tables
from clinseek_assets.records.release_checks import artifact_checks, manifest_checks
from clinseek_assets.records.table_descriptions import build_table_descriptions
from clinseek_assets_tests.records.extracted import DICTIONARIES, extracted

PATIENTS = (10_000_001, 10_000_002, 10_000_003)


def row(number, subject_id, task):
    subtask = SUBTASKS[task]
    label = ["CHEST (PA AND LAT)"] if subtask.answer_is_list else "yes"
    return {
        "qid": f"q{number}",
        "subject_id": subject_id,
        "hadm_id": None,
        "prediction_time": "2150-01-01 10:00:01",
        "latest_event_time": "2150-01-01 10:00:00",
        "task": task,
        "task_type": subtask.task_type,
        "question": "?",
        "instruction": subtask.instruction,
        "label": label,
        "candidates": ["yes", "no"] if subtask.task_type == "risk_prediction" else None,
    }


ROWS = [
    row(1, PATIENTS[0], "Inpatient_Mortality"),
    row(2, PATIENTS[1], "radiology"),
    row(3, PATIENTS[0], "radiology"),
    row(4, PATIENTS[2], "radiology"),
]
COUNTS = {"rows": 4, "patients": 3, "per_subtask": {"Inpatient_Mortality": 1, "radiology": 3}}


@pytest.fixture
def release(tmp_path):
    folder = tmp_path / "release"
    folder.mkdir()
    (folder / FILE_NAME).write_text(json.dumps({"release": "built", "text": COUNTS}))
    return folder


def checked(release, rows):
    manifest = release / "ClinSeek-Bench_text.json"
    manifest.write_text(json.dumps(rows))
    checks, questions = manifest_checks(manifest, release)
    return {check.name: check for check in checks}, questions


def failing(checks):
    return {name for name, check in checks.items() if not check.ok}


def test_a_whole_release_passes_every_check(release):
    checks, questions = checked(release, ROWS)
    assert failing(checks) == set()
    assert len(questions) == 4
    figures = {name: check.found for name, check in checks.items()}
    assert figures == {
        "text: manifest": "readable",
        "text: subtasks": 2,
        "text: risk rows": 1,
        "text: decision rows": 3,
        "text: rows": 4,
        "text: patients": 3,
        "text: rows of Inpatient_Mortality": 1,
        "text: rows of radiology": 3,
        "text: unique qids": 4,
        "text: rows without gold": 0,
        "text: rows whose moment is before their latest event": 0,
    }


def test_without_counts_of_its_own_a_release_must_have_the_official_ones(release):
    (release / FILE_NAME).unlink()
    checks, _ = checked(release, ROWS)
    assert (checks["text: rows"].expected, checks["text: patients"].expected) == (1800, 1563)
    assert (checks["text: risk rows"].expected, checks["text: decision rows"].expected) == (720, 1080)
    assert checks["text: subtasks"].expected == 45
    assert sum(name.startswith("text: rows of ") for name in checks) == 45
    assert {"text: rows", "text: patients", "text: subtasks", "text: rows of radiology"} <= failing(checks)
    assert OFFICIAL.text.per_subtask["radiology"] == checks["text: rows of radiology"].expected == 40


def test_a_missing_row_fails_the_counts_that_it_belongs_to(release):
    checks, _ = checked(release, ROWS[:-1])
    assert failing(checks) == {
        "text: rows",
        "text: decision rows",
        "text: patients",
        "text: rows of radiology",
    }


def test_rows_too_many_are_named(release):
    checks, _ = checked(release, [*ROWS, row(5, PATIENTS[0], "radiology")])
    assert checks["text: rows of radiology"].first == ("row 5",)


def test_a_subtask_that_was_not_promised_is_named(release):
    checks, _ = checked(release, [*ROWS[:-1], row(4, PATIENTS[2], "omr")])
    assert checks["text: subtasks"].first == ("omr",)


@pytest.mark.parametrize("text", ["", "[]", "{", '[{"qid": 1}]'])
def test_a_manifest_that_cannot_be_read_is_one_failing_check(release, text):
    manifest = release / "ClinSeek-Bench_text.json"
    manifest.write_text(text)
    checks, questions = manifest_checks(manifest, release)
    assert [check.ok for check in checks] == [False]
    assert questions == []


def test_counts_that_cannot_be_read_are_a_failing_check(release):
    (release / FILE_NAME).write_text("{")
    checks, questions = checked(release, ROWS)
    assert failing(checks) == {"text: manifest"}
    assert questions == []


@pytest.fixture
def layout(tmp_path):
    """A home with everything built for the three patients."""
    patients = [
        {"subject_id": patient, "gender": "F", "anchor_year": 2150, "anchor_year_group": "x"} for patient in PATIENTS
    ]
    stays = [
        {
            "subject_id": patient,
            "hadm_id": patient % 100,
            "admittime": "2150-01-01 00:00:00",
            "admission_type": "EW EMER.",
        }
        for patient in PATIENTS
    ]
    tables = extracted(tmp_path, {**DICTIONARIES, "patients": patients, "admissions": stays})
    layout = Layout(tmp_path / "home")
    of_patients = {name: tables[name] for name in ("patients", "admissions")}
    build_patient_databases(of_patients, PATIENTS, layout.patient_databases("text"))
    build_reference_tables(tables, layout.reference_tables, atc_classes=None)
    build_candidate_tables(tables, layout.reference_tables, layout.candidate_tables)
    build_table_descriptions(layout.table_descriptions)
    return layout


def built(release, layout):
    _, questions = checked(release, ROWS)
    return {check.name: check for check in artifact_checks(questions, layout)}


def database(layout, patient):
    return layout.patient_databases("text") / f"patient_{patient}.db"


def test_what_was_built_whole_passes(release, layout):
    checks = built(release, layout)
    assert failing(checks) == set()
    assert checks["text: patient databases of their patient"].found == 3


def test_a_missing_database_is_named_by_the_first_row_that_needs_it(release, layout):
    database(layout, PATIENTS[0]).unlink()
    check = built(release, layout)["text: patient databases that are there"]
    assert (check.expected, check.found, check.first) == (3, 2, ("row 1",))


def test_a_damaged_database_is_found(release, layout):
    database(layout, PATIENTS[1]).write_bytes(b"SQLite format 3\x00 and nothing more")
    checks = built(release, layout)
    assert failing(checks) == {"text: patient databases that open"}
    assert checks["text: patient databases that open"].first == ("row 2",)


def test_another_patient_s_database_under_this_name_is_found(release, layout):
    database(layout, PATIENTS[2]).write_bytes(database(layout, PATIENTS[1]).read_bytes())
    checks = built(release, layout)
    assert failing(checks) == {"text: patient databases of their patient"}
    assert checks["text: patient databases of their patient"].first == ("row 4",)


def test_another_patient_s_row_in_one_table_is_found(release, layout):
    with closing(sqlite3.connect(database(layout, PATIENTS[2]))) as connection:
        connection.execute("UPDATE admissions SET subject_id = ?", [PATIENTS[0]])
        connection.commit()
    assert failing(built(release, layout)) == {"text: patient databases of their patient"}


def test_a_table_that_is_not_there_is_found(release, layout):
    with closing(sqlite3.connect(database(layout, PATIENTS[0]))) as connection:
        connection.execute("DROP TABLE labevents")
    assert failing(built(release, layout)) == {"text: patient databases with the catalogue's tables"}


def test_shared_files_that_are_missing_or_damaged_are_found(release, layout):
    layout.reference_tables.unlink()
    layout.candidate_tables.write_bytes(b"no database")
    (layout.table_descriptions / "link_information.json").write_text("{")
    checks = built(release, layout)
    assert failing(checks) == {"reference tables", "candidate tables", "table descriptions"}
    assert checks["table descriptions"].first == ("link_information.json",)


def test_no_check_tells_a_patient(release, layout):
    for patient in PATIENTS:
        database(layout, patient).unlink()
    told = json.dumps([str(check) for check in built(release, layout).values()])
    assert not any(str(patient) in told for patient in PATIENTS)
