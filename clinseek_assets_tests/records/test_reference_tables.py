"""Reference tables: the user's own dictionaries with classes; whole, private, and rebuilt only when inputs change."""

import os
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from clinseek_assets.faults import SourceFault
from clinseek_assets.mimic.extraction import extract_table
from clinseek_assets.mimic.source_files import find_source_files
from clinseek_assets.records.reference_tables import DICTIONARY_TABLES, build_reference_tables
from clinseek_assets_tests.records.extracted import DICTIONARIES, extracted


def rows(path, statement):
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(statement).fetchall()


@pytest.fixture
def tables(tmp_path):
    return extracted(tmp_path, DICTIONARIES)


@pytest.fixture
def atc_file(tmp_path):
    path = tmp_path / "atc.csv"
    path.write_text("ndc,name,atc_code,atc_name\n0071-0155-23,Lipitor,C10AA,HMG CoA reductase inhibitors\n")
    return path


def test_dictionaries_are_as_in_mimic_and_codes_have_their_classes(tables, atc_file, tmp_path):
    path = tmp_path / "out" / "reference_table.db"
    built = build_reference_tables(tables, path, atc_classes=atc_file)
    assert rows(path, "SELECT itemid, label, linksto, typeof(itemid) FROM d_items") == [
        (220045, "Heart Rate", "chartevents", "integer")
    ]
    assert rows(path, "SELECT code, category, long_description FROM d_hcpcs") == [("A0428", None, "Ambulance service")]
    assert rows(path, "SELECT * FROM d_ccs_diagnoses") == [
        ("4280", 9, "Congestive heart failure, unspecified", "108", "Congestive heart failure; nonhypertensive"),
        ("I509", 10, "Heart failure, unspecified", "108", "Congestive heart failure; nonhypertensive"),
        ("I50", 10, "Heart failure", None, None),
    ]
    assert rows(path, "SELECT icd_code, ccs_code FROM d_ccs_procedures") == [("3612", None), ("0210093", "44")]
    assert rows(path, "SELECT * FROM d_atc_prescriptions") == [
        ("00071015523", "Lipitor", "C10AA", "HMG CoA reductase inhibitors")
    ]
    assert built.unclassed == {"d_ccs_diagnoses, ICD-10": 1, "d_ccs_procedures, ICD-9": 1}
    assert built.missing == {}
    assert built.rows["d_labitems"] == 2


def test_ahrq_s_own_file_gives_icd9_procedures_their_classes(tables, tmp_path):
    file = tmp_path / "AppendixBSinglePR.txt"
    file.write_text("44   Coronary artery bypass graft (CABG)\n     3610 3612\n")
    path = tmp_path / "reference_table.db"
    built = build_reference_tables(tables, path, atc_classes=None, ccs_icd9_procedures=file)
    assert rows(path, "SELECT ccs_name FROM d_ccs_procedures WHERE icd_version = 9") == [
        ("Coronary artery bypass graft (CABG)",)
    ]
    assert "d_ccs_procedures, ICD-9" not in built.unclassed


def test_the_file_is_private(tables, tmp_path):
    path = build_reference_tables(tables, tmp_path / "new" / "reference_table.db", atc_classes=None).path
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_missing_inputs_leave_empty_typed_tables_and_a_reason(tables, tmp_path):
    path = tmp_path / "reference_table.db"
    partly = {name: file for name, file in tables.items() if name != "d_icd_diagnoses"}
    built = build_reference_tables(partly, path, atc_classes=None)
    assert rows(path, "SELECT * FROM d_ccs_diagnoses") == rows(path, "SELECT * FROM d_icd_diagnoses") == []
    assert [row[1:3] for row in rows(path, "PRAGMA table_info(d_icd_diagnoses)")] == [
        ("icd_code", "TEXT"),
        ("icd_version", "INTEGER"),
        ("long_title", "TEXT"),
    ]
    assert set(built.missing) == {"d_icd_diagnoses", "d_ccs_diagnoses", "d_atc_prescriptions"}
    assert "CLINSEEK_ATC_CLASSES" in built.missing["d_atc_prescriptions"]


def test_the_same_inputs_give_the_same_bytes_and_a_second_run_writes_nothing(tables, atc_file, tmp_path):
    first = build_reference_tables(tables, tmp_path / "a.db", atc_classes=atc_file)
    second = build_reference_tables(tables, tmp_path / "b.db", atc_classes=atc_file)
    assert first.path.read_bytes() == second.path.read_bytes()
    written = first.path.stat().st_mtime_ns
    again = build_reference_tables(tables, first.path, atc_classes=atc_file)
    assert again.up_to_date
    assert first.path.stat().st_mtime_ns == written
    assert (again.rows, again.unclassed, again.fingerprint) == (first.rows, first.unclassed, first.fingerprint)


def test_what_changes_an_input_or_damages_the_file_builds_it_anew(tables, atc_file, tmp_path):
    path = tmp_path / "reference_table.db"
    build_reference_tables(tables, path, atc_classes=atc_file)
    atc_file.write_text(atc_file.read_text() + "2,Aspirin,B01AC,Platelet aggregation inhibitors\n")
    changed = build_reference_tables(tables, path, atc_classes=atc_file)
    assert not changed.up_to_date
    assert changed.rows["d_atc_prescriptions"] == 2
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert not build_reference_tables(tables, path, atc_classes=atc_file).up_to_date
    path.write_bytes(b"")
    assert not build_reference_tables(tables, path, atc_classes=atc_file).up_to_date


def test_a_bad_input_leaves_the_old_file_and_nothing_unfinished(tables, atc_file, tmp_path):
    path = tmp_path / "out" / "reference_table.db"
    build_reference_tables(tables, path, atc_classes=atc_file)
    before = path.read_bytes()
    atc_file.write_text("ndc,name,atc_code,atc_name\nnonsense,a,A10,b\n")
    with pytest.raises(SourceFault, match="line 2"):
        build_reference_tables(tables, path, atc_classes=atc_file)
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("content", [b"not parquet", b""])
def test_a_damaged_parquet_file_is_named(tables, tmp_path, content):
    tables["d_labitems"].write_bytes(content)
    with pytest.raises(SourceFault, match=r"d_labitems\.parquet"):
        build_reference_tables(tables, tmp_path / "reference_table.db", atc_classes=None)


def test_a_parquet_file_that_is_not_there_is_named(tables, tmp_path):
    tables["d_items"].unlink()
    with pytest.raises(SourceFault, match=r"d_items\.parquet"):
        build_reference_tables(tables, tmp_path / "reference_table.db", atc_classes=None)


def test_the_real_demo_s_dictionaries(tmp_path):
    root = os.environ.get("MIMIC_DEMO_ROOT")
    if not root:
        pytest.skip("MIMIC_DEMO_ROOT is not set")
    sources = find_source_files({module: Path(root) / module for module in ("hosp", "icu")}).files
    tables = {name: extract_table(sources[name], None, tmp_path / f"{name}.parquet").path for name in DICTIONARY_TABLES}
    built = build_reference_tables(tables, tmp_path / "reference_table.db", atc_classes=None)
    assert built.rows["d_icd_diagnoses"] == built.rows["d_ccs_diagnoses"] == 109_775
    # The published candidate table has 87,103 diagnoses: those of MIMIC's dictionary that have a CCS class.
    assert built.rows["d_ccs_diagnoses"] - built.unclassed["d_ccs_diagnoses, ICD-10"] == 87_103
    assert "d_ccs_diagnoses, ICD-9" not in built.unclassed
