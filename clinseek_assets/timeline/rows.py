"""A patient's source rows, read from a patient database or streamed from the cohort's Parquet files."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from datetime import date, datetime
from pathlib import Path
from typing import Any

import polars as pl

from clinseek_assets.faults import DatabaseFault, SourceFault
from clinseek_assets.mimic.catalogue import MIMIC_IV, Catalogue
from clinseek_assets.mimic.tables import ColumnType, Table

PatientRows = dict[str, list[dict[str, Any]]]
"""Table name -> its rows, each a dict of the catalogue's columns (datetimes as datetime, dates as date, missing None)
and `source_row`, the 1-based record number in the source file."""

# How many source rows are held as Python objects at a time; one patient's rows are never split.
ROWS_AT_A_TIME = 150_000


def rows_from_database(path: Path, catalogue: Catalogue = MIMIC_IV) -> PatientRows:
    """All rows of one `patient_<subject_id>.db`, in file order; derived columns are left out.

    Raises:
        DatabaseFault: the file is missing, is no patient database, or holds a time that does not parse.
    """
    if not path.is_file():
        raise DatabaseFault("A patient database is missing.", mend="Build the patient databases first.")
    found: PatientRows = {}
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)) as connection:
            for name, table in catalogue.patient_tables.items():
                found[name] = _database_rows(connection, table)
    except (sqlite3.Error, ValueError) as error:
        raise DatabaseFault(
            f"A patient database cannot be read ({type(error).__name__}).",
            mend="Remove the folder of patient databases and build it again.",
        ) from None
    return found


def _database_rows(connection: sqlite3.Connection, table: Table) -> list[dict[str, Any]]:
    quoted = ", ".join(f'"{name}"' for name in table.column_names)
    names = (*table.column_names, "source_row")
    rows = [
        dict(zip(names, values, strict=True))
        for values in connection.execute(f'SELECT {quoted}, rowid FROM "{table.name}" ORDER BY rowid')
    ]
    for column in table.columns:
        if column.type is ColumnType.DATETIME:
            for row in rows:
                row[column.name] = None if row[column.name] is None else datetime.fromisoformat(row[column.name])
        elif column.type is ColumnType.DATE:
            for row in rows:
                row[column.name] = None if row[column.name] is None else date.fromisoformat(row[column.name])
    return rows


def rows_from_parquet(
    tables: Mapping[str, Path],
    subject_ids: Sequence[int] | None = None,
    *,
    columns: Mapping[str, Sequence[str]] | None = None,
    catalogue: Catalogue = MIMIC_IV,
) -> Iterator[tuple[int, PatientRows]]:
    """Stream patient by patient, in ascending `subject_id`; memory holds a batch of patients, not the tables.

    Args:
        tables: table name -> Parquet file of the cohort's rows; tables without patients are passed over.
        subject_ids: whose rows to read; None for every patient of `patients`, or of all tables where there is none.
        columns: table name -> the columns wanted (`source_row` comes along); None for all of the catalogue.
        catalogue: whose tables.

    Yields:
        `(subject_id, rows)` with every patient table of the catalogue as a key, empty where there are no rows.

    Raises:
        SourceFault: a file is missing or lacks a column of the catalogue.
    """
    shapes = catalogue.patient_tables
    frames = {name: _scan(shapes[name], path) for name, path in tables.items() if name in shapes}
    wanted = {name: _selection(shapes[name], columns) for name in frames}
    for batch in _batches(frames, subject_ids):
        yield from _batch_rows(frames, wanted, {subject_id: {name: [] for name in shapes} for subject_id in batch})


def patients_of(tables: Mapping[str, Path]) -> list[int]:
    """All subject ids of the `patients` table (of all tables where there is none), ascending."""
    shapes = MIMIC_IV.patient_tables
    frames = {name: _scan(shapes[name], path) for name, path in tables.items() if name in shapes}
    return sorted(_row_counts(frames))


def _scan(table: Table, path: Path) -> pl.LazyFrame:
    mend = "Extract the source tables again."
    if not path.is_file():
        raise SourceFault(f"The Parquet file of table {table.name} is missing.", mend=mend)
    frame = pl.scan_parquet(path)
    try:
        present = frame.collect_schema().names()
    except (pl.exceptions.PolarsError, OSError) as error:
        raise SourceFault(
            f"The Parquet file of table {table.name} cannot be read ({type(error).__name__}).", mend=mend
        ) from None
    lacking = [name for name in (*table.column_names, "source_row") if name not in present]
    if lacking:
        raise SourceFault(f"The Parquet file of table {table.name} lacks {', '.join(lacking)}.", mend=mend)
    return frame


def _selection(table: Table, columns: Mapping[str, Sequence[str]] | None) -> list[str]:
    names = table.column_names if columns is None else columns.get(table.name, ())
    return [*dict.fromkeys(("subject_id", *names)), "source_row"]


def _row_counts(frames: Mapping[str, pl.LazyFrame]) -> dict[int, int]:
    """Rows of each patient over all tables; who is counted is who is in `patients`."""
    counts = [frame.group_by("subject_id").agg(pl.len().alias("n")) for frame in frames.values()]
    if not counts:
        return {}
    total = pl.concat(counts).group_by("subject_id").agg(pl.col("n").sum())
    if "patients" in frames:
        total = total.join(frames["patients"].select("subject_id").unique(), on="subject_id", how="semi")
    return dict(total.collect().iter_rows())


def _batches(frames: Mapping[str, pl.LazyFrame], subject_ids: Sequence[int] | None) -> Iterator[list[int]]:
    counts = _row_counts(frames)
    chosen = sorted(counts if subject_ids is None else set(subject_ids))
    batch: list[int] = []
    held = 0
    for subject_id in chosen:
        rows = counts.get(subject_id, 0)
        if batch and held + rows > ROWS_AT_A_TIME:
            yield batch
            batch, held = [], 0
        batch.append(subject_id)
        held += rows
    if batch:
        yield batch


def _batch_rows(
    frames: Mapping[str, pl.LazyFrame], wanted: Mapping[str, list[str]], of_patient: dict[int, PatientRows]
) -> Iterator[tuple[int, PatientRows]]:
    """Fill in the rows of a batch of patients, given in ascending order and without any."""
    batch = list(of_patient)
    # The range lets the reader pass over row groups of other patients; the list then picks the patients themselves.
    chosen = pl.col("subject_id").is_between(batch[0], batch[-1]) & pl.col("subject_id").is_in(batch)
    for name, frame in frames.items():
        for row in frame.filter(chosen).select(wanted[name]).sort("source_row").collect().iter_rows(named=True):
            of_patient[row["subject_id"]][name].append(row)
    yield from of_patient.items()
