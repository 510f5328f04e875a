"""Parquet files of patients made by hand, with the columns and types of the catalogue."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import polars as pl

from clinseek_assets.mimic.catalogue import PATIENT_TABLES
from clinseek_assets.mimic.tables import ColumnType
from clinseek_assets.timeline.rows import PatientRows

POLARS = {
    ColumnType.INTEGER: pl.Int64,
    ColumnType.REAL: pl.Float64,
    ColumnType.TEXT: pl.String,
    ColumnType.DATETIME: pl.Datetime("us"),
    ColumnType.DATE: pl.Date,
}


def write_tables(
    folder: Path, patients: Iterable[PatientRows], names: Iterable[str] = PATIENT_TABLES
) -> dict[str, Path]:
    """One Parquet file a table, sorted by patient and source_row; `source_row` is counted over all patients."""
    everyone = list(patients)
    paths = {}
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        table = PATIENT_TABLES[name]
        rows = [row for of_patient in everyone for row in of_patient[name]]
        numbered = [{**row, "source_row": place} for place, row in enumerate(rows, start=1)]
        schema = {column.name: POLARS[column.type] for column in table.columns} | {"source_row": pl.Int64}
        paths[name] = folder / f"{name}.parquet"
        pl.DataFrame(numbered, schema=schema, strict=False).sort("subject_id", "source_row").write_parquet(paths[name])
    return paths
