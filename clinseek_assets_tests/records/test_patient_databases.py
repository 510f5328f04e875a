"""Patient databases, opened as their users open them, against the rules of the published builder."""

import os
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from clinseek_assets.faults import DatabaseFault, Fault
from clinseek_assets.mimic.catalogue import PATIENT_TABLES
from clinseek_assets.mimic.extraction import extract_table, extract_tables
from clinseek_assets.mimic.source_files import find_source_files
from clinseek_assets.records import patient_databases
from clinseek_assets.records.patient_databases import NOTES_FILE, build_patient_databases, database_path
from clinseek_assets_tests.mimic.source_tables import csv_text, record, write_source

DERIVED = {"admissions": "text", "diagnoses_icd": "charttime", "diagnosis": "charttime"}
NOTE = "HISTORY\nof  pain\n\nPhysical Exam:\nfine\nPhysical Exam again"


def rows_of(table, *rows):
    return [record(table, **cells) for cells in rows]


SOURCES = {
    "patients": rows_of("patients", {"subject_id": "1", "dod": ""}, {"subject_id": "2", "dod": "2160-02-03"}),
    "admissions": rows_of(
        "admissions",
        {"subject_id": "1", "hadm_id": "11", "dischtime": "2150-03-01 00:00:00"},
        {"subject_id": "1", "hadm_id": "12", "dischtime": ""},
        {"subject_id": "2", "hadm_id": "21", "dischtime": "2151-01-01 12:00:30"},
    ),
    "diagnoses_icd": rows_of(
        "diagnoses_icd",
        {"subject_id": "1", "hadm_id": "11", "seq_num": "1", "icd_code": "0389"},
        {"subject_id": "1", "hadm_id": "12", "seq_num": "1"},
        {"subject_id": "1", "hadm_id": "99", "seq_num": "1"},
        {"subject_id": "2", "hadm_id": "21", "seq_num": "1"},
    ),
    "edstays": rows_of(
        "edstays", {"subject_id": "1", "hadm_id": "", "stay_id": "31", "outtime": "2150-01-01 00:00:10"}
    ),
    "diagnosis": rows_of(
        "diagnosis",
        {"subject_id": "1", "stay_id": "31", "seq_num": "1"},
        {"subject_id": "1", "stay_id": "32", "seq_num": "1"},
    ),
    "discharge": rows_of(
        "discharge",
        {"subject_id": "1", "note_id": "a", "hadm_id": "11", "text": "an earlier note"},
        {"subject_id": "2", "note_id": "b", "hadm_id": "21", "text": "PHYSICAL EXAM in capitals "},
        {"subject_id": "1", "note_id": "c", "hadm_id": "11", "text": NOTE},
        {"subject_id": "1", "note_id": "d", "hadm_id": "", "text": "of no admission"},
    ),
    "labevents": rows_of(
        "labevents",
        {"subject_id": "2", "labevent_id": "1", "hadm_id": "21", "valuenum": "", "value": "None"},
        {"subject_id": "1", "labevent_id": "2", "hadm_id": "", "valuenum": "4", "charttime": "2150-01-01 01:02:03"},
        {"subject_id": "9", "labevent_id": "3"},
        {"subject_id": "1", "labevent_id": "4", "hadm_id": "11", "charttime": "2150-01-01 01:02:03.120"},
    ),
    "prescriptions": rows_of("prescriptions", {"subject_id": "1", "drug": "", "ndc": "00012345678", "gsn": ""}),
}


@pytest.fixture
def tables(tmp_path):
    return {
        name: extract_table(
            write_source(tmp_path / "in", name, csv_text(name, records)),
            {1, 2},
            tmp_path / "tables" / f"{name}.parquet",
        ).path
        for name, records in SOURCES.items()
    }


def ask(path, query, *values):
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        return database.execute(query, values).fetchall()


@pytest.fixture
def folder(tables, tmp_path):
    built = build_patient_databases(tables, [2, 1, 1], tmp_path / "db")
    assert (built.written, built.up_to_date, built.without_rows, built.left_over) == (2, 0, 0, 0)
    return tmp_path / "db"


@pytest.mark.parametrize("patient", [1, 2])
def test_every_table_is_there_with_the_published_columns_types_and_the_catalogue_s_indexes(folder, patient):
    path = folder / f"patient_{patient}.db"
    assert {name for (name,) in ask(path, "SELECT name FROM sqlite_master WHERE type='table'")} == set(PATIENT_TABLES)
    for name, table in PATIENT_TABLES.items():
        columns = [(column, kind) for _, column, kind, *_ in ask(path, f"PRAGMA table_info({name})")]
        assert columns == [
            *((column.name, column.type.sqlite) for column in table.columns),
            *([(DERIVED[name], "TEXT")] if name in DERIVED else []),
        ]
        indexes = {
            tuple(column for _, _, column in ask(path, f"PRAGMA index_info({index})"))
            for _, index, *_ in ask(path, f"PRAGMA index_list({name})")
        }
        assert indexes == set(table.indexes)
    assert ask(path, "PRAGMA integrity_check") == [("ok",)]
    assert ask(path, "PRAGMA page_count")[0][0] * ask(path, "PRAGMA page_size")[0][0] == path.stat().st_size


def test_values_are_typed_null_is_null_and_codes_keep_their_zeros(folder):
    one, two = folder / "patient_1.db", folder / "patient_2.db"
    assert ask(one, "SELECT rowid, hadm_id, charttime, valuenum, typeof(valuenum) FROM labevents ORDER BY rowid") == [
        (2, None, "2150-01-01 01:02:03", 4.0, "real"),
        (4, 11, "2150-01-01 01:02:03.12", 1.5, "real"),
    ]
    assert ask(two, "SELECT value, valuenum, typeof(hadm_id) FROM labevents") == [("None", None, "integer")]
    assert ask(one, "SELECT drug, ndc, gsn FROM prescriptions") == [("", "00012345678", None)]
    assert ask(one, "SELECT icd_code FROM diagnoses_icd WHERE rowid = 1") == [("0389",)]
    assert ask(one, "SELECT dod FROM patients") == [(None,)]
    assert ask(two, "SELECT dod FROM patients") == [("2160-02-03",)]


def test_ids_join(folder):
    joined = ask(folder / "patient_2.db", "SELECT count(*) FROM labevents JOIN admissions USING (hadm_id)")
    assert joined == [(1,)]


def test_the_derived_columns_follow_the_published_rules(folder):
    one, two = folder / "patient_1.db", folder / "patient_2.db"
    assert ask(one, "SELECT hadm_id, charttime FROM diagnoses_icd ORDER BY rowid") == [
        (11, "2150-02-28 23:59:00"),
        (12, None),
        (99, None),
    ]
    assert ask(two, "SELECT charttime FROM diagnoses_icd") == [("2151-01-01 11:59:30",)]
    assert ask(one, "SELECT stay_id, charttime FROM diagnosis ORDER BY rowid") == [
        (31, "2149-12-31 23:59:10"),
        (32, None),
    ]
    assert ask(one, "SELECT hadm_id, text FROM admissions ORDER BY rowid") == [(11, "HISTORY\nof  pain"), (12, None)]
    assert ask(two, "SELECT text FROM admissions") == [("PHYSICAL EXAM in capitals",)]


def test_without_the_other_table_a_derived_column_is_there_and_null(tables, tmp_path):
    alone = {"diagnoses_icd": tables["diagnoses_icd"]}
    build_patient_databases(alone, [1], tmp_path / "alone")
    assert ask(tmp_path / "alone" / "patient_1.db", "SELECT DISTINCT charttime FROM diagnoses_icd") == [(None,)]


def test_files_and_folder_are_private(folder):
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    assert sorted(path.name for path in folder.iterdir()) == [NOTES_FILE, "patient_1.db", "patient_2.db"]


def test_patients_without_rows_get_no_database_and_others_databases_are_left_alone(tables, folder):
    built = build_patient_databases(tables, [1, 7], folder)
    assert (built.written, built.up_to_date, built.without_rows, built.left_over) == (0, 1, 1, 1)
    assert not database_path(folder, 7).exists() and database_path(folder, 2).exists()


def states(folder):
    return {path.name: (path.stat().st_ino, path.read_bytes()) for path in folder.iterdir()}


def test_a_re_run_writes_nothing(tables, folder):
    before = states(folder)
    built = build_patient_databases(tables, [1, 2], folder)
    assert (built.written, built.up_to_date) == (0, 2)
    assert states(folder) == before


@pytest.mark.parametrize("change", ["stranger", "cut", "flipped", "gone", "another patient's"])
def test_what_is_not_our_file_is_written_anew(tables, folder, change):
    before = (folder / "patient_1.db").read_bytes()
    path = folder / "patient_1.db"
    if change == "stranger":
        path.unlink()
        with closing(sqlite3.connect(path)) as database:
            database.execute("CREATE TABLE labevents (x)")
    elif change == "cut":
        path.write_bytes(before[: len(before) // 2])
    elif change == "flipped":
        path.write_bytes(before[:5000] + bytes([before[5000] ^ 1]) + before[5001:])
    elif change == "gone":
        path.unlink()
    else:
        path.write_bytes((folder / "patient_2.db").read_bytes())
    built = build_patient_databases(tables, [1, 2], folder)
    assert (built.written, built.up_to_date) == (1, 1)
    assert path.read_bytes() == before


def test_changed_inputs_make_all_databases_anew(tables, folder, tmp_path):
    more = [*SOURCES["patients"], record("patients", subject_id="9")]
    source = write_source(tmp_path / "in", "patients", csv_text("patients", more))
    first = build_patient_databases(tables, [1, 2], folder)
    extract_table(source, {1, 2}, tables["patients"])
    assert build_patient_databases(tables, [1, 2], folder).up_to_date == 2  # no row that was kept has changed
    more[0]["gender"] = "F"
    extract_table(write_source(tmp_path / "in", "patients", csv_text("patients", more)), {1, 2}, tables["patients"])
    changed = build_patient_databases(tables, [1, 2], folder)
    assert (changed.written, changed.up_to_date) == (2, 0)
    assert changed.fingerprint != first.fingerprint
    assert ask(folder / "patient_1.db", "SELECT gender FROM patients") == [("F",)]


def test_a_second_run_at_the_same_time_is_turned_away_and_harms_nothing(tables, tmp_path):
    turned_away = []

    def at_the_same_time(done, total):
        with pytest.raises(Fault, match="another run is writing patient databases") as caught:
            build_patient_databases(tables, [1, 2], tmp_path / "twice")
        turned_away.append(caught.value)

    built = build_patient_databases(tables, [1, 2], tmp_path / "twice", progress=at_the_same_time)
    assert built.written == 2 and turned_away[0].mend
    assert build_patient_databases(tables, [1, 2], tmp_path / "twice").up_to_date == 2


def test_a_killed_run_continues_where_it_was(tables, tmp_path, monkeypatch):
    folder = tmp_path / "killed"
    write = patient_databases._write_database

    def killed_at_the_second(path, *arguments):
        if path.name == "patient_2.db":
            path.with_name(".unfinished-0-patient_2.db").write_bytes(b"half")
            raise KeyboardInterrupt
        return write(path, *arguments)

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(patient_databases, "_write_database", killed_at_the_second)
        build_patient_databases(tables, [1, 2], folder)
    with (folder / NOTES_FILE).open("a") as notes:
        notes.write('{"file": "patient_2.db", "inp')  # what a kill leaves of a line
    assert not (folder / "patient_2.db").exists()
    built = build_patient_databases(tables, [1, 2], folder)
    assert (built.written, built.up_to_date) == (1, 1)
    assert sorted(path.name for path in folder.iterdir()) == [NOTES_FILE, "patient_1.db", "patient_2.db"]


def test_a_file_that_is_no_extracted_table_is_refused(tables, tmp_path):
    tables["omr"] = tables["patients"]
    with pytest.raises(DatabaseFault, match="not the columns of an extracted hosp/omr"):
        build_patient_databases(tables, [1], tmp_path / "db")
    tables["omr"] = tmp_path / "omr.parquet"
    tables["omr"].write_bytes(b"no parquet")
    with pytest.raises(DatabaseFault, match="not a readable Parquet file"):
        build_patient_databases(tables, [1], tmp_path / "db")


def test_many_rows_are_all_there_in_order(tmp_path):
    rows = [record("outputevents", subject_id=str(1 + i % 3), hadm_id="5", itemid=str(i)) for i in range(30_000)]
    source = write_source(tmp_path, "outputevents", csv_text("outputevents", rows))
    table = {"outputevents": extract_table(source, None, tmp_path / "o.parquet").path}
    build_patient_databases(table, [1, 2, 3], tmp_path / "db")
    for patient in (1, 2, 3):
        found = ask(tmp_path / "db" / f"patient_{patient}.db", "SELECT rowid, itemid FROM outputevents ORDER BY rowid")
        assert found == [(place + 1, place) for place in range(patient - 1, 30_000, 3)]


@pytest.mark.skipif("MIMIC_DEMO_ROOT" not in os.environ, reason="MIMIC_DEMO_ROOT names the open demo")
def test_the_open_demo_s_rows_all_arrive_and_join(tmp_path):
    root = Path(os.environ["MIMIC_DEMO_ROOT"])
    ids = [int(line) for line in (root / "demo_subject_id.csv").read_text().split()[1:][::5]]
    inventory = find_source_files({module: root / module for module in ("hosp", "icu")})
    extracted = extract_tables(inventory, ids, lambda table: tmp_path / f"{table.name}.parquet")
    built = build_patient_databases(extracted.paths, ids, tmp_path / "db")
    assert (built.written, built.without_rows) == (len(ids), 0)
    expected = {done.table: done.rows for done in extracted.extractions if done.table in PATIENT_TABLES}
    counted = dict.fromkeys(expected, 0)
    for subject_id in ids:
        path = tmp_path / "db" / f"patient_{subject_id}.db"
        assert ask(path, "PRAGMA quick_check") == [("ok",)]
        for name in counted:
            counted[name] += ask(path, f"SELECT count(*) FROM {name}")[0][0]
        assert ask(path, "SELECT count(*) FROM diagnoses_icd WHERE charttime IS NULL") == [(0,)]
        apart = "SELECT count(*) FROM icustays LEFT JOIN admissions a USING (hadm_id) WHERE a.hadm_id IS NULL"
        assert ask(path, apart) == [(0,)]
    assert counted == expected
