"""The record itself: what it refuses and in which words, its limits, and faults of the files behind it."""

from __future__ import annotations

import shutil
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import apsw
import pytest

from clinseek_assets.benchmark.subtasks import SUBTASKS
from clinseek_assets.faults import DatabaseFault
from clinseek_assets.records.pinned.answers import Refusal
from clinseek_assets.records.pinned.limits import Limits
from clinseek_assets.records.pinned.pin import Pin
from clinseek_assets.records.pinned.record import PinnedRecord
from clinseek_assets.records.pinned.versions import policy_version
from clinseek_assets_tests.records.pinned.conftest import Opened
from clinseek_assets_tests.records.pinned.lives import BASE, OWN, PATIENT, T, at, write_database

LABS = {**BASE, "labevents": [{"itemid": 50801, "storetime": at(-n - 1), "value": str(n)} for n in range(40)]}
COUNTING = "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"

REFUSED: list[tuple[str, str, str]] = [
    ("SELECT valuenumber FROM labevents", "wrong_statement", "no column valuenumber. The columns of labevents are lab"),
    ("SELECT rowid FROM labevents", "wrong_statement", "no column rowid"),
    ("SELECT * FROM labs", "wrong_statement", "no table labs. The tables are diagnosis, edstays"),
    ("SELECT * FROM d_labitems", "not_found", "no table d_labitems"),
    ("SELECT count(*) FROM d_labitems", "not_found", "no table d_labitems"),
    ("SELECT * FROM src.labevents", "not_found", "Write the name labevents alone"),
    ("SELECT count(*) FROM src.labevents", "not_found", "Write the name labevents alone"),
    ("SELECT 1 FROM main.labevents", "wrong_statement", "no table main.labevents"),
    ("WITH labevents AS (SELECT * FROM src.labevents) SELECT max(storetime) FROM labevents", "not_found", "alone"),
    ("WITH labevents AS (SELECT 1 FROM src.labevents) SELECT count(*) FROM labevents", "not_found", "alone"),
    ("WITH __pin_labevents AS (SELECT * FROM src.labevents) SELECT * FROM __pin_labevents", "not_allowed", "reserved"),
    ("SELECT * FROM temp.[__PIN_labevents]", "not_allowed", "reserved"),
    ("SELECT * FROM sqlite_master", "not_found", "no table sqlite_master"),
    ("SELECT count(*) FROM sqlite_master", "not_found", "no table sqlite_master"),
    ("SELECT sql FROM src.sqlite_schema", "not_found", "no such table"),
    ("SELECT sql FROM temp.sqlite_master", "not_found", "no such table"),
    ("SELECT * FROM pragma_database_list", "not_found", "no table"),
    ("SELECT count(*) FROM json_each('[]')", "not_found", "no table"),
    ("SELECT count(*) FROM dbstat", "not_found", "no table dbstat"),
    ("PRAGMA table_list", "not_allowed", "begin with SELECT"),
    ("EXPLAIN QUERY PLAN SELECT * FROM labevents", "not_allowed", "begin with SELECT"),
    ("ATTACH 'x' AS y", "not_allowed", "begin with SELECT"),
    ("SELECT 1; ATTACH 'x' AS y", "wrong_statement", "one statement"),
    ("WITH a AS (SELECT 1) DELETE FROM labevents", "wrong_statement", "only be read"),
    ("WITH a AS (SELECT 1) DELETE FROM src.labevents", "not_allowed", "only be read"),
    ("SELECT zeroblob(1)", "not_allowed", "function zeroblob is not available"),
    ("SELECT printf('%d', 1)", "not_allowed", "function printf is not available"),
    ("SELECT nosuch(1)", "wrong_statement", "function nosuch is not available"),
    ("SELECT itemid FROM labevents WHERE count(*) > 1", "wrong_statement", "count may not stand there"),
    ("SELECT hadm_id FROM labevents JOIN admissions", "wrong_statement", "Several tables have a column hadm_id"),
    ("SELEKT 1", "not_allowed", "begin with SELECT"),
    ("SELECT FROM labevents", "wrong_statement", "fails near «FROM»"),
    ("SELECT ?", "wrong_statement", "placeholders"),
    ("SELECT abs(-9223372036854775808)", "wrong_statement", "whole number grew too large"),
    ("SELECT cast(x'ff' AS TEXT)", "wrong_statement", "no valid text"),
    (f"SELECT {', '.join(['1'] * 300)}", "wrong_statement", "too many columns"),
    (f"SELECT trim('a', '{'b' * 101}')", "wrong_statement", "characters to trim"),
]


@pytest.mark.parametrize(("statement", "kind", "told"), REFUSED)
def test_what_is_refused_and_how_it_is_told(opened: Opened, statement: str, kind: str, told: str):
    with pytest.raises(Refusal) as refused:
        opened(LABS).query(statement)
    assert (refused.value.kind, told in str(refused.value)) == (kind, True), str(refused.value)


def test_a_refusal_leaves_the_record_as_it_was(opened: Opened):
    record = opened(LABS)
    for statement, _, _ in REFUSED:
        with pytest.raises(Refusal):
            record.query(statement)
    assert record.query("SELECT count(*) FROM labevents").rows == [(40,)]


def test_what_is_answered(opened: Opened):
    record = opened(LABS)
    assert record.query("VALUES (1, 'a'), (2, NULL)").rows == [(1, "a"), (2, None)]
    assert record.query("SELECT trim('xxaxx', 'x'), ltrim('xa', 'x'), rtrim('ax ', 'x '), trim(' a ')").rows == [
        ("a", "a", "a", "a")
    ]
    assert record.query("SELECT LABEL FROM LabEvents AS l WHERE l.value = ?", ("3",)).rows == [
        ("Alveolar-arterial Gradient",)
    ]
    assert record.query("SELECT value FROM labevents WHERE value = :v", {"v": "7"}).rows == [("7",)]
    nothing = record.query("SELECT itemid, label FROM labevents WHERE 0")
    assert (nothing.columns, nothing.rows, nothing.cut) == (("itemid", "label"), [], None)


def test_numbers_compare_as_numbers_and_null_is_null(opened: Opened):
    values = (9.0, 10.0, None)
    record = opened({"labevents": [{"storetime": at(-1), "valuenum": value} for value in values]})
    assert record.query("SELECT valuenum FROM labevents WHERE valuenum > 9.5").rows == [(10.0,)]
    assert record.query("SELECT count(*) FROM labevents WHERE valuenum IS NULL").rows == [(1,)]
    assert record.query("SELECT avg(valuenum), max(valuenum) FROM labevents").rows == [(9.5, 10.0)]


def test_a_cut_answer_says_so_and_how_to_get_the_rest(opened: Opened):
    record = opened(LABS, limits=Limits(rows=40))
    assert record.query("SELECT value FROM labevents").cut is None
    record = opened(LABS, limits=Limits(rows=39))
    rows = record.query("SELECT value FROM labevents")
    assert len(rows.rows) == 39 and "first 39 rows" in rows.cut and "OFFSET 39" in rows.cut


def test_an_answer_is_cut_at_its_bytes(opened: Opened):
    life = {"discharge": [{"note_id": str(n), "storetime": at(-1), "charttime": at(-99), "text": "é" * 600}
                          for n in range(3)]}  # fmt: skip
    rows = opened(life, limits=Limits(bytes=2500)).query("SELECT text FROM discharge")
    assert len(rows.rows) == 2 and "2,500 bytes" in rows.cut
    none = opened(life, limits=Limits(bytes=1000)).query("SELECT text FROM discharge")
    assert none.rows == [] and "substr" in none.cut


def test_a_value_that_is_too_long_for_a_statement_is_in_the_timeline(opened: Opened):
    note = {"note_id": "n", "storetime": at(-1), "charttime": at(-99), "text": "x" * 300_000}
    record = opened({"discharge": [note]})
    assert record.timeline_rows()["discharge"][0]["text"] == note["text"]
    assert record.query("SELECT note_id FROM discharge").rows == [("n",)]
    with pytest.raises(Refusal, match="longer than allowed"):
        record.query("SELECT text FROM discharge")


def test_a_statement_is_stopped_at_its_deadline(opened: Opened):
    record = opened(LABS, limits=Limits(seconds=0.05))
    with pytest.raises(Refusal, match=r"after 0\.05 s") as refused:
        record.query(COUNTING)
    assert refused.value.kind == "deadline"
    assert record.query("SELECT 1").rows == [(1,)]


def test_a_statement_is_stopped_at_its_memory_and_the_next_is_not(opened: Opened):
    record = opened(LABS, limits=Limits(memory=4 << 20, seconds=20))
    sorting = COUNTING.replace("count(*)", "i") + " ORDER BY -i"
    with pytest.raises(Refusal, match="4 MB") as refused:
        record.query(sorting)
    assert refused.value.kind == "memory"
    assert apsw.hard_heap_limit(-1) == 0, "the limit is the statement's"
    assert record.query("SELECT count(*) FROM labevents").rows == [(40,)]


def test_of_two_open_records_each_sees_its_own(tmp_path: Path, reference: Path):
    write_database(tmp_path, LABS)
    write_database(tmp_path, {"labevents": [{"subject_id": 7, "storetime": at(-1)}]}, subject_id=7)
    other = Pin(7, None, T, "Inpatient_Mortality")
    early = Pin(PATIENT, OWN, at(-20.5), "Inpatient_Mortality")
    late = Pin(PATIENT, OWN, T, "Inpatient_Mortality")
    records = [PinnedRecord(pin, "strict", databases=tmp_path, reference=reference) for pin in (other, early, late)]
    counts = [record.query("SELECT count(*) FROM labevents").rows for record in records]
    for record in records:
        record.close()
    assert counts == [[(1,)], [(20,)], [(40,)]]


def test_one_record_at_its_limit_does_not_disturb_another(opened: Opened, tmp_path: Path, reference: Path):
    greedy = opened(LABS, limits=Limits(memory=2 << 20, seconds=20))
    sorting = COUNTING.replace("count(*)", "i") + " ORDER BY -i"
    stopped = threading.Event()
    refusals: list[str] = []

    def take_all() -> None:
        while not stopped.is_set():
            with pytest.raises(Refusal) as refused:
                greedy.query(sorting)
            refusals.append(refused.value.kind)

    thread = threading.Thread(target=take_all)
    thread.start()
    try:
        for _ in range(20):
            with pinned(tmp_path, reference) as record:
                assert record.query("SELECT count(*) FROM labevents").rows == [(40,)]
                assert len(record.timeline_rows()["labevents"]) == 40
    finally:
        stopped.set()
        thread.join()
    assert set(refusals) == {"memory"}


@pytest.mark.parametrize("subtask", SUBTASKS)
def test_every_subtask_has_its_record(opened: Opened, subtask: str):
    record = opened(LABS, subtask=subtask)
    for table in ("labevents", "emar_detail", "poe_detail", "diagnosis"):
        record.query(f"SELECT count(*) FROM {table}")


def pinned(folder: Path, reference: Path) -> PinnedRecord:
    return PinnedRecord(Pin(PATIENT, None, T, "Inpatient_Mortality"), "strict", databases=folder, reference=reference)


def test_a_missing_database_is_a_fault(tmp_path: Path, reference: Path):
    with pytest.raises(DatabaseFault, match="missing"):
        pinned(tmp_path, reference)
    write_database(tmp_path, LABS)
    with pytest.raises(DatabaseFault, match="reference database is missing"):
        pinned(tmp_path, tmp_path / "none.db")


def test_a_database_of_another_patient_is_a_fault(tmp_path: Path, reference: Path):
    other = write_database(tmp_path, {"patients": [{"subject_id": 8}]}, subject_id=8)
    shutil.copy(other, tmp_path / f"patient_{PATIENT}.db")
    with pytest.raises(DatabaseFault, match="another patient") as fault:
        pinned(tmp_path, reference)
    assert "8" not in str(fault.value) and str(PATIENT) not in str(fault.value)


def test_a_damaged_database_is_a_fault(tmp_path: Path, reference: Path):
    path = write_database(tmp_path, LABS)
    whole = path.read_bytes()
    for damaged in (b"", b"no database" * 100, whole[:1000]):
        path.write_bytes(damaged)
        with pytest.raises(DatabaseFault):
            pinned(tmp_path, reference)
    path.write_bytes(whole[: len(whole) // 8])
    with pytest.raises(DatabaseFault), pinned(tmp_path, reference) as record:
        for table in record.tables:
            record.query(f"SELECT * FROM {table}")


def test_a_database_with_other_columns_is_a_fault(tmp_path: Path, reference: Path):
    path = write_database(tmp_path, LABS)
    with closing(sqlite3.connect(path)) as database:
        database.execute("ALTER TABLE labevents DROP COLUMN comments")
    with pytest.raises(DatabaseFault, match="tables and columns"):
        pinned(tmp_path, reference)


def test_a_reference_database_without_its_tables_is_a_fault(tmp_path: Path):
    path = write_database(tmp_path, LABS)
    with pytest.raises(DatabaseFault, match="reference database lacks"):
        pinned(tmp_path, path)


def test_a_name_with_a_percent_sign_or_a_question_mark_is_a_name(tmp_path: Path, reference: Path):
    folder = tmp_path / "50% of #what?"
    write_database(folder, LABS)
    with pinned(folder, reference) as record:
        assert record.query("SELECT count(*) FROM labevents").rows == [(40,)]


def test_a_policy_has_a_version_of_its_own():
    assert policy_version("strict") != policy_version("compat")
    assert policy_version("strict") == policy_version("strict")
