"""Damaged source tables: refused as written with nothing left behind, or extracted exactly as written."""

from __future__ import annotations

import csv
import io
import os
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet
import pytest

from clinseek_assets.faults import SourceFault
from clinseek_assets.mimic.catalogue import TABLES
from clinseek_assets.mimic.extraction import extract_table
from clinseek_assets.mimic.source_files import SourceInventory, find_source_files
from clinseek_assets.mimic.tables import ColumnType
from clinseek_assets_tests.mutations.outcomes import AS_WITHOUT, SECRET, SECRET_ID, Refused
from clinseek_assets_tests.mutations.source_cases import CASES, COHORT, FILES, SourceCase

READ = {
    ColumnType.INTEGER: int,
    ColumnType.REAL: float,
    ColumnType.TEXT: str,
    ColumnType.DATETIME: datetime.fromisoformat,
    ColumnType.DATE: date.fromisoformat,
}


def plainly_read(name: str) -> list[dict[str, Any]]:
    """The cohort's rows of an undamaged file, by Python's own means."""
    table = TABLES[name]
    rows = []
    for number, cells in enumerate(csv.DictReader(io.StringIO(FILES[name], newline="")), start=1):
        row: dict[str, Any] = {
            column.name: READ[column.type](cells[column.name]) if cells[column.name] else None
            for column in table.columns
        }
        if row.get("subject_id", COHORT[0]) in COHORT:
            rows.append({**row, "source_row": number})
    return sorted(rows, key=lambda row: (row.get("subject_id", 0), row["source_row"]))


def found(folder: Path, name: str) -> SourceInventory:
    return find_source_files({TABLES[name].module: folder})


@pytest.mark.parametrize(
    "case",
    [*(SourceCase("none", name, lambda content: content, AS_WITHOUT) for name in FILES), *CASES],
    ids=lambda case: f"{case.table} {case.name}",
)
def test_a_damaged_source_table(case: SourceCase, tmp_path: Path) -> None:
    (tmp_path / "source").mkdir()
    file = tmp_path / "source" / f"{case.table}{case.suffix}"
    file.write_bytes(case.damage(FILES[case.table].encode()))
    source = found(file.parent, case.table).files[case.table]
    destination = tmp_path / "out" / f"{case.table}.parquet"
    if isinstance(case.outcome, Refused):
        with pytest.raises(SourceFault) as caught:
            extract_table(source, COHORT, destination)
        message = str(caught.value)
        for part in case.outcome.says:
            assert part in message
        assert SECRET not in message
        assert str(SECRET_ID) not in message
        assert not destination.parent.exists() or not list(destination.parent.iterdir())
        return
    extraction = extract_table(source, COHORT, destination)
    rows = pyarrow.parquet.read_table(destination).to_pylist()
    assert rows == case.outcome.expected(plainly_read(case.table))
    assert extraction.rows == len(rows)
    notices = " ".join(extraction.notices)
    assert (case.outcome.notice in notices) if case.outcome.notice else not notices
    assert SECRET not in notices


def test_the_damage_of_a_case_is_no_older_than_its_file(tmp_path: Path) -> None:
    """A file damaged after it was extracted is read again: what was extracted before vouches for nothing."""
    file, destination = tmp_path / "omr.csv", tmp_path / "out" / "omr.parquet"
    file.write_text(FILES["omr"])
    extract_table(found(tmp_path, "omr").files["omr"], COHORT, destination)
    file.write_text(FILES["omr"].replace("2126-11-22", SECRET))
    with pytest.raises(SourceFault, match="record 2, column chartdate"):
        extract_table(found(tmp_path, "omr").files["omr"], COHORT, destination)


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("no file", lambda folder: None),
        ("another suffix", lambda folder: (folder / "omr.csv.bz2").write_bytes(b"")),
        ("another name", lambda folder: (folder / "omr (1).csv").write_text(FILES["omr"])),
        ("a folder in its place", lambda folder: (folder / "omr.csv").mkdir()),
        ("a dangling link", lambda folder: (folder / "omr.csv").symlink_to(folder / "gone.csv")),
        ("an unfinished download", lambda folder: (folder / "omr.csv.gz.part").write_bytes(b"")),
    ],
)
def test_a_table_that_is_not_there(name: str, make, tmp_path: Path) -> None:
    make(tmp_path)
    inventory = found(tmp_path, "omr")
    assert "omr" not in inventory.files
    assert "There is no omr.csv or omr.csv.gz" in inventory.missing["omr"]


def test_of_two_forms_the_newer_is_read(tmp_path: Path) -> None:
    (tmp_path / "omr.csv").write_text(FILES["omr"])
    (tmp_path / "omr.csv.gz").write_bytes(b"older and damaged")
    os.utime(tmp_path / "omr.csv.gz", (1, 1))
    source = found(tmp_path, "omr").files["omr"]
    extraction = extract_table(source, COHORT, tmp_path / "out" / "omr.parquet")
    assert pyarrow.parquet.read_table(extraction.path).to_pylist() == plainly_read("omr")
    assert any("the newer, omr.csv, is read" in notice for notice in extraction.notices)
