"""`clinseek patient-databases`, run as a user runs it."""

import json
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest

from clinseek_assets_tests.mimic.source_tables import csv_text, record, write_source

QUESTION = {
    "qid": "q",
    "hadm_id": 11,
    "prediction_time": "2150-01-02 03:04:06",
    "latest_event_time": "2150-01-02 03:04:05",
    "task": "ED_Hospitalization",
    "task_type": "risk_prediction",
    "label": "yes",
}


def clinseek(*arguments):
    return subprocess.run(
        [
            sys.executable,
            "-c",
            "from clinseek_assets.cli import main; main()",
            "patient-databases",
            *map(str, arguments),
        ],
        capture_output=True,
        text=True,
    )


@pytest.fixture
def sources(tmp_path):
    hosp = tmp_path / "mimic" / "hosp"
    write_source(
        hosp, "patients", csv_text("patients", [record("patients", subject_id=str(i)) for i in (1, 2)]), gz=True
    )
    labs = [record("labevents", labevent_id=str(i), subject_id=str(1 + i % 2), comments="SECRET") for i in range(10)]
    write_source(hosp, "labevents", csv_text("labevents", labs))
    return tmp_path / "mimic"


def manifest(tmp_path, *subject_ids):
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps([{**QUESTION, "qid": f"q{i}", "subject_id": i} for i in subject_ids]))
    return path


def test_it_writes_the_databases_and_a_second_run_writes_none(tmp_path, sources):
    arguments = ("--manifest", manifest(tmp_path, "1", 2), "--mimic-root", sources, "--out", tmp_path / "db", "--json")
    first = clinseek(*arguments)
    assert first.returncode == 0, first.stderr
    figures = json.loads(first.stdout)
    assert (figures["written"], figures["up_to_date"]) == (2, 0)
    assert figures["tables"]["labevents"] == {"rows": 10, "patients": 2, "reused": False}
    [of_notes] = [line for line in first.stderr.splitlines() if "module note" in line]
    assert "What stays empty: discharge, discharge_detail, radiology, radiology_detail." in of_notes
    with closing(sqlite3.connect(tmp_path / "db" / "patient_2.db")) as database:
        assert database.execute("SELECT rowid FROM labevents").fetchall() == [(2,), (4,), (6,), (8,), (10,)]
    again = json.loads(clinseek(*arguments).stdout)
    assert (again["written"], again["up_to_date"]) == (0, 2)
    assert all(table["reused"] for table in again["tables"].values())


def test_a_damaged_table_ends_it_before_any_database(tmp_path, sources):
    path = sources / "hosp" / "labevents.csv"
    path.write_text(path.read_text()[:-3])
    ended = clinseek("--manifest", manifest(tmp_path, 1), "--mimic-root", sources, "--out", tmp_path / "db")
    assert ended.returncode == 1
    assert "hosp/labevents" in ended.stderr and "Traceback" not in ended.stderr and "SECRET" not in ended.stderr
    assert not list((tmp_path / "db").glob("*.db"))


def test_each_damaged_table_comes_with_its_own_mend(tmp_path, sources):
    labs = sources / "hosp" / "labevents.csv"
    labs.write_text(labs.read_text()[:-3])
    (sources / "hosp" / "omr.csv").write_text("subject_id,chartdate\n")
    ended = clinseek("--manifest", manifest(tmp_path, 1), "--mimic-root", sources, "--out", tmp_path / "db")
    told = ended.stderr.splitlines()
    mends = [told[place + 1] for place, line in enumerate(told) if line.startswith("  hosp/")]
    assert len(set(mends)) == 2
    assert all(line.startswith("    ") for line in mends)


def test_a_patient_without_rows_ends_it_with_the_others_written(tmp_path, sources):
    ended = clinseek("--manifest", manifest(tmp_path, 1, 98765432), "--mimic-root", sources, "--out", tmp_path / "db")
    assert ended.returncode == 1
    assert "1 of the manifest's 2 patients have no row" in ended.stderr and "98765432" not in ended.stderr
    assert [path.name for path in (tmp_path / "db").glob("*.db")] == ["patient_1.db"]


def test_modules_may_lie_apart(tmp_path, sources):
    note = tmp_path / "elsewhere" / "note"
    text = csv_text("discharge", [record("discharge", subject_id="1", note_id="n", hadm_id="7")])
    write_source(note, "discharge", text, gz=True)
    arguments = ("--manifest", manifest(tmp_path, 1), "--mimic-root", sources, "--mimic-root", note.parent)
    ended = clinseek(*arguments, "--out", tmp_path / "db", "--json")
    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout)["tables"]["discharge"]["rows"] == 1


@pytest.mark.parametrize("missing", ["--manifest", "--mimic-root", "--out"])
def test_wrong_usage_is_2(tmp_path, sources, missing):
    given = {"--manifest": manifest(tmp_path, 1), "--mimic-root": sources, "--out": tmp_path / "db"}
    del given[missing]
    assert clinseek(*(part for pair in given.items() for part in pair)).returncode == 2
