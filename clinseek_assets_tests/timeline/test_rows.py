from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import polars as pl
import pytest

from clinseek_assets.faults import DatabaseFault, SourceFault
from clinseek_assets.timeline import rows as rows_module
from clinseek_assets.timeline.rows import patients_of, rows_from_database, rows_from_parquet
from clinseek_assets_tests.contexts.patients import a_morning_in_hospital, patient_rows, write_database
from clinseek_assets_tests.timeline.parquet import write_tables

THREE = (30, 10, 20)


@pytest.fixture
def tables(tmp_path: Path) -> dict[str, Path]:
    return write_tables(tmp_path, [a_morning_in_hospital(subject_id) for subject_id in THREE])


@pytest.mark.parametrize("rows_at_a_time", [1, 7, 1000])
def test_patients_come_one_by_one_in_ascending_order_whatever_the_batches(tables, rows_at_a_time, monkeypatch):
    monkeypatch.setattr(rows_module, "ROWS_AT_A_TIME", rows_at_a_time)
    streamed = list(rows_from_parquet(tables))
    assert [subject_id for subject_id, _ in streamed] == sorted(THREE)
    for subject_id, found in streamed:
        expected = a_morning_in_hospital(subject_id)
        assert found.keys() == expected.keys()
        for name, rows in found.items():
            assert [without_place(row) for row in rows] == [without_place(row) for row in expected[name]]


def without_place(row: dict) -> dict:
    return {name: value for name, value in row.items() if name != "source_row"}


def test_only_the_patients_and_columns_that_are_asked_for_are_read(tables):
    ((subject_id, found),) = rows_from_parquet(tables, [20], columns={"labevents": ("itemid",), "patients": ()})
    assert subject_id == 20
    assert found["labevents"] == [{"subject_id": 20, "itemid": 50983, "source_row": 3}]


def test_an_unknown_patient_has_no_rows(tables):
    ((subject_id, found),) = rows_from_parquet(tables, [99])
    assert subject_id == 99
    assert not any(found.values())


def test_who_is_counted_is_who_is_in_the_patients_table(tmp_path):
    stranger = patient_rows(5, poe=[{"order_type": "Lab"}])
    stranger["patients"] = []
    assert patients_of(write_tables(tmp_path, [a_morning_in_hospital(7), stranger])) == [7]


def test_a_file_that_lacks_a_column_or_is_damaged_is_named(tables):
    pl.read_parquet(tables["poe"]).drop("ordertime").write_parquet(tables["poe"])
    with pytest.raises(SourceFault, match="table poe lacks ordertime"):
        list(rows_from_parquet(tables))
    tables["poe"].write_bytes(b"PAR1")
    with pytest.raises(SourceFault, match="table poe cannot be read"):
        list(rows_from_parquet(tables))
    tables["poe"].unlink()
    with pytest.raises(SourceFault, match="table poe is missing"):
        list(rows_from_parquet(tables))


def test_a_database_that_is_missing_damaged_or_has_a_broken_time_is_refused_without_its_value(tmp_path):
    with pytest.raises(DatabaseFault, match="missing"):
        rows_from_database(tmp_path / "patient_1.db")
    path = write_database(tmp_path, a_morning_in_hospital())
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE poe SET ordertime = 'SECRET'")
    with pytest.raises(DatabaseFault, match="cannot be read") as refused:
        rows_from_database(path)
    assert "SECRET" not in str(refused.value)
    path.write_bytes(b"not a database")
    with pytest.raises(DatabaseFault, match="cannot be read"):
        rows_from_database(path)
