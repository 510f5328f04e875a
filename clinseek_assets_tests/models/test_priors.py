from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pytest

from clinseek_assets.faults import DatabaseFault, SourceFault
from clinseek_assets.mimic.catalogue import TABLES
from clinseek_assets.models.priors import CandidatePriors, candidate_priors

REFERENCE = """
CREATE TABLE d_labitems (itemid INTEGER, label TEXT, fluid TEXT, category TEXT);
CREATE TABLE d_items (itemid INTEGER, label TEXT, category TEXT);
CREATE TABLE d_icd_diagnoses (icd_code TEXT, icd_version INTEGER, long_title TEXT);
CREATE TABLE d_icd_procedures (icd_code TEXT, icd_version INTEGER, long_title TEXT);
CREATE TABLE d_ccs_diagnoses (icd_code TEXT, icd_version INTEGER, long_title TEXT, ccs_code TEXT, ccs_name TEXT);
CREATE TABLE d_ccs_procedures (icd_code TEXT, icd_version INTEGER, long_title TEXT, ccs_code TEXT, ccs_name TEXT);
CREATE TABLE d_atc_prescriptions (ndc TEXT, name TEXT, atc_code TEXT, atc_name TEXT);
INSERT INTO d_labitems VALUES (1, 'Sodium', 'Blood', 'Chemistry'), (2, 'Potassium', 'Blood', 'Chemistry');
INSERT INTO d_icd_diagnoses VALUES ('I10', 10, 'Essential hypertension'), ('J189', 10, 'Pneumonia, unspecified');
INSERT INTO d_ccs_diagnoses VALUES ('I10', 10, 'x', '98', 'Hypertension'), ('J189', 10, 'x', '122', 'Pneumonia');
INSERT INTO d_atc_prescriptions VALUES ('00000000042', 'aspirin', 'B01AC06', 'Antithrombotic agents');
"""


def parquet(folder: Path, table: str, rows: Sequence[Mapping[str, Any]]) -> Path:
    """A source table as the extraction leaves it: all columns of the catalogue, then `source_row`."""
    columns = ", ".join(f'"{column.name}" {column.type.duckdb}' for column in TABLES[table].columns)
    path = folder / f"{table}.parquet"
    with duckdb.connect() as db:
        db.execute(f"CREATE TABLE rows ({columns}, source_row BIGINT)")
        for number, row in enumerate(rows, start=1):
            full = {**row, "source_row": number}
            marks = ", ".join("?" * len(full))
            db.execute(f"INSERT INTO rows ({', '.join(full)}) VALUES ({marks})", list(full.values()))
        db.execute(f"COPY rows TO '{path}' (FORMAT parquet)")
    return path


def lab(minute: int, itemid: int, subject_id: int = 1) -> dict[str, Any]:
    return {"subject_id": subject_id, "itemid": itemid, "charttime": f"2150-01-01 10:{minute:02d}:00"}


@pytest.fixture
def reference(tmp_path: Path) -> Path:
    path = tmp_path / "reference_table.db"
    with sqlite3.connect(path) as db:
        db.executescript(REFERENCE)
    return path


@pytest.fixture
def tables(tmp_path: Path) -> dict[str, Path]:
    """Patient 1: labs (two moments), a transfer, labs; patient 2: labs. So three lab events."""
    labs = [lab(0, 1), lab(0, 2), lab(1, 1), lab(10, 1), lab(30, 1, subject_id=2), lab(30, 99, subject_id=2)]
    moves = [
        {
            "subject_id": 1,
            "transfer_id": 1,
            "eventtype": "transfer",
            "careunit": "Ward",
            "intime": "2150-01-01 10:05:00",
        }
    ]
    drugs = [
        {"subject_id": 1, "drug": drug, "ndc": ndc, "starttime": f"2150-01-02 10:0{minute}:00"}
        for minute, (drug, ndc) in enumerate(
            [(" Aspirin ", "42"), ("aspirin", "42.0"), ("Water", "0"), ("", "00000000042")]
        )
    ]
    codes = [
        {"subject_id": 1, "hadm_id": hadm_id, "icd_code": code, "icd_version": 10, "seq_num": 1}
        for hadm_id, code in [(7, "I10"), (7, "J189"), (8, "I10"), (9, "I10")]
    ]
    rows = {"labevents": labs, "transfers": moves, "prescriptions": drugs, "diagnoses_icd": codes}
    return {name: parquet(tmp_path, name, entries) for name, entries in rows.items()}


def test_values_are_counted_once_an_event(tables: dict[str, Path], reference: Path) -> None:
    priors = candidate_priors(tables, reference)
    assert dict(priors.events_with("labevents")) == {"sodium": 3, "potassium": 1}
    assert priors.shares("labevents") == {"sodium": 1.0, "potassium": pytest.approx(1 / 3)}
    assert priors.values("labevents") == ["Sodium", "Potassium"]


def test_the_typical_size_is_the_median_of_distinct_values(tables: dict[str, Path], reference: Path) -> None:
    priors = candidate_priors(tables, reference)
    assert priors.typical_size("labevents") == 1  # 2, 1 and 1 values
    assert priors.typical_size("diagnoses_icd") == 1  # stays with 2, 1 and 1
    assert priors.typical_size("prescriptions") == 3  # one event of four moments; an empty name is none
    assert priors.typical_size("procedures_icd") == 1  # no such table: at least one


def test_stays_classes_and_spellings(tables: dict[str, Path], reference: Path) -> None:
    priors = candidate_priors(tables, reference)
    assert dict(priors.events_with("diagnoses_ccs")) == {"hypertension": 3, "pneumonia": 1}
    assert dict(priors.events_with("prescriptions_atc")) == {"antithrombotic agents": 1}
    assert dict(priors.events_with("transfers")) == {"ward": 1}
    assert dict(priors.events_with("next_event")) == {"labevents": 3, "transfers": 1, "prescriptions": 1}
    assert not priors.events_with("emar")


def test_saved_and_loaded_are_the_same(tables: dict[str, Path], reference: Path, tmp_path: Path) -> None:
    priors = candidate_priors(tables, reference)
    priors.save(tmp_path / "folder" / "priors.parquet")
    loaded = CandidatePriors.load(tmp_path / "folder" / "priors.parquet")
    assert loaded.fingerprint == priors.fingerprint == candidate_priors(tables, reference).fingerprint
    assert loaded.values("labevents") == priors.values("labevents")


def test_no_tables_have_no_frequencies(reference: Path) -> None:
    priors = candidate_priors({}, reference)
    assert not priors.values("labevents")
    assert priors.typical_size("labevents") == 1


def test_faults_quote_no_row(tables: dict[str, Path], reference: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.parquet"
    broken.write_bytes(b"PAR1 not really")
    with pytest.raises(SourceFault):
        candidate_priors({**tables, "labevents": broken}, reference)
    with pytest.raises(DatabaseFault):
        candidate_priors(tables, tmp_path / "none.db")
    with pytest.raises(SourceFault):
        CandidatePriors.load(broken)
    with pytest.raises(SourceFault):
        CandidatePriors.load(tables["labevents"])
