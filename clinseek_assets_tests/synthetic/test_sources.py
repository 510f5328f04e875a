"""The 41 source tables: published headers, types, keys that join, the same bytes from the same seed."""

import gzip
import os
import re
import subprocess
import sys
from pathlib import Path

import pandas
import pytest

from clinseek_assets.mimic.catalogue import PATIENT_TABLES, TABLES
from clinseek_assets.mimic.tables import ColumnType
from clinseek_assets.storage.fingerprint import of_file
from clinseek_assets.synthetic import sources as writing
from clinseek_assets.synthetic.sources import write_sources
from clinseek_assets_tests.synthetic.conftest import PATIENTS, SEED

SHAPES = {
    ColumnType.INTEGER: re.compile(r"-?\d+"),
    ColumnType.REAL: re.compile(r"-?\d+(\.\d+)?(e-?\d+)?"),
    ColumnType.DATETIME: re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,6})?"),
    ColumnType.DATE: re.compile(r"\d{4}-\d\d-\d\d"),
}


def hashes(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): of_file(path) for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.mark.parametrize("name", TABLES)
def test_header_is_the_published_one_and_there_are_rows(name, text_of):
    assert tuple(text_of(name).columns) == TABLES[name].column_names
    assert len(text_of(name)) > 0


@pytest.mark.parametrize("name", TABLES)
def test_every_cell_is_of_its_column_s_type_and_required_ones_are_there(name, text_of):
    for column in TABLES[name].columns:
        cells = text_of(name)[column.name]
        if column.required and column.type is not ColumnType.TEXT:
            assert (cells != "").all(), column.name
        if column.type in SHAPES:
            filled = cells[cells != ""].unique()
            wrong = [cell for cell in filled if not SHAPES[column.type].fullmatch(cell)]
            assert not wrong, (column.name, wrong[:3])


@pytest.mark.parametrize("name", TABLES)
def test_key_tells_rows_apart(name, table_of):
    assert not table_of(name).duplicated(list(TABLES[name].key)).any()


@pytest.mark.parametrize("name", [name for name, table in PATIENT_TABLES.items() if "hadm_id" in table.column_names])
def test_hadm_id_is_an_admission_of_the_same_patient(name, table_of):
    admissions = set(table_of("admissions")[["subject_id", "hadm_id"]].itertuples(index=False, name=None))
    rows = table_of(name)[["subject_id", "hadm_id"]].dropna().drop_duplicates()
    assert set(rows.itertuples(index=False, name=None)) <= admissions


@pytest.mark.parametrize("name", list(PATIENT_TABLES))
def test_patient_is_in_patients(name, table_of):
    assert set(table_of(name)["subject_id"]) <= set(table_of("patients")["subject_id"])


@pytest.mark.parametrize(
    ("name", "column", "parent", "key"),
    [
        ("prescriptions", "pharmacy_id", "pharmacy", "pharmacy_id"),
        ("prescriptions", "poe_id", "poe", "poe_id"),
        ("pharmacy", "poe_id", "poe", "poe_id"),
        ("emar", "poe_id", "poe", "poe_id"),
        ("emar", "pharmacy_id", "pharmacy", "pharmacy_id"),
        ("emar_detail", "emar_id", "emar", "emar_id"),
        ("poe_detail", "poe_id", "poe", "poe_id"),
        ("poe", "discontinue_of_poe_id", "poe", "poe_id"),
        ("poe", "discontinued_by_poe_id", "poe", "poe_id"),
        ("chartevents", "stay_id", "icustays", "stay_id"),
        ("inputevents", "stay_id", "icustays", "stay_id"),
        ("procedureevents", "stay_id", "icustays", "stay_id"),
        ("ingredientevents", "orderid", "inputevents", "orderid"),
        ("triage", "stay_id", "edstays", "stay_id"),
        ("vitalsign", "stay_id", "edstays", "stay_id"),
        ("diagnosis", "stay_id", "edstays", "stay_id"),
        ("radiology_detail", "note_id", "radiology", "note_id"),
        ("discharge_detail", "note_id", "discharge", "note_id"),
        ("labevents", "itemid", "d_labitems", "itemid"),
        ("labevents", "order_provider_id", "provider", "provider_id"),
        ("poe", "order_provider_id", "provider", "provider_id"),
        ("chartevents", "caregiver_id", "caregiver", "caregiver_id"),
        ("hcpcsevents", "hcpcs_cd", "d_hcpcs", "code"),
    ],
)
def test_ids_join(name, column, parent, key, table_of):
    assert set(table_of(name)[column].dropna()) <= set(table_of(parent)[key])


@pytest.mark.parametrize(
    "name", ["chartevents", "datetimeevents", "ingredientevents", "inputevents", "outputevents", "procedureevents"]
)
def test_icu_items_are_those_of_their_table(name, table_of):
    items = table_of("d_items")
    assert set(table_of(name)["itemid"]) <= set(items[items["linksto"] == name]["itemid"])


@pytest.mark.parametrize(
    ("name", "dictionary"), [("diagnoses_icd", "d_icd_diagnoses"), ("procedures_icd", "d_icd_procedures")]
)
def test_codes_have_titles_in_both_versions(name, dictionary, table_of):
    pairs = ["icd_code", "icd_version"]
    used = set(table_of(name)[pairs].itertuples(index=False, name=None))
    assert used <= set(table_of(dictionary)[pairs].itertuples(index=False, name=None))
    assert {version for _, version in used} == {9, 10}


def test_drug_codes_are_well_formed_and_have_a_class(sources, text_of):
    classes = pandas.read_csv(sources / "atc_classes.csv", dtype=str)
    assert list(classes.columns) == ["ndc", "name", "atc_code", "atc_name"]
    assert classes["ndc"].str.fullmatch(r"\d{11}").all() and classes["ndc"].is_unique
    assert classes["ndc"].str.startswith("0").any()
    codes = text_of("prescriptions")["ndc"]
    assert set(codes) <= set(classes["ndc"]) | {"0"}
    assert set(text_of("medrecon")["ndc"]) <= set(classes["ndc"])


def test_quotes_commas_and_newlines_survive(text_of):
    descriptions = text_of("d_hcpcs")["long_description"]
    assert descriptions.str.contains('"', regex=False).any()
    assert descriptions.str.contains("\n", regex=False).any()
    for name in ("discharge", "radiology"):
        text = text_of(name)["text"]
        assert text.str.contains("\n", regex=False).all() and text.str.contains('"', regex=False).all()
        assert text.str.contains(",", regex=False).any()


def test_the_same_seed_gives_the_same_bytes_in_another_process_with_another_hash_seed(tmp_path):
    write_sources(tmp_path / "here", patients=12, seed=3)
    code = (
        "import sys; from pathlib import Path; from clinseek_assets.synthetic.sources import write_sources;"
        "write_sources(Path(sys.argv[1]), patients=12, seed=3)"
    )
    environ = {**os.environ, "PYTHONHASHSEED": "4711"}
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "there")], check=True, env=environ)
    assert hashes(tmp_path / "here") == hashes(tmp_path / "there")


def test_the_number_of_processes_does_not_change_the_bytes(tmp_path, monkeypatch):
    monkeypatch.setattr(writing, "WORTH_PROCESSES", 10)
    monkeypatch.setattr(writing, "BATCH", 5)
    write_sources(tmp_path / "one", patients=18, seed=3, processes=1)
    write_sources(tmp_path / "two", patients=18, seed=3, processes=2)
    assert hashes(tmp_path / "one") == hashes(tmp_path / "two")


def test_another_seed_gives_other_patients(tmp_path, sources):
    write_sources(tmp_path, patients=10, seed=SEED + 1)
    other = pandas.read_csv(tmp_path / "mimic_iv" / "hosp" / "patients.csv.gz")
    mine = pandas.read_csv(sources / "mimic_iv" / "hosp" / "patients.csv.gz")
    assert not other.equals(mine.head(10))


def test_a_patient_does_not_depend_on_how_many_there_are(tmp_path, sources):
    write_sources(tmp_path, patients=10, seed=SEED)
    few = pandas.read_csv(tmp_path / "mimic_iv" / "hosp" / "labevents.csv.gz", dtype=str)
    many = pandas.read_csv(sources / "mimic_iv" / "hosp" / "labevents.csv.gz", dtype=str)
    pandas.testing.assert_frame_equal(few, many.head(len(few)))
    assert PATIENTS > 10


def test_gz_files_hold_no_time_and_no_name(sources):
    for path in sources.rglob("*.csv.gz"):
        head = path.read_bytes()[:10]
        flags, stamp = head[3], head[4:8]
        assert (flags, stamp) == (0, b"\0\0\0\0"), path.name
        with gzip.open(path) as stream:
            assert stream.readline()
