"""Source tables for the benchmark: the published columns, deterministic from a seed, about 105 bytes a row, gzip.

Only shape matters here: widths, types, NULLs, quotes, rows sorted by patient. Realistic data is `clinseek synthesize`.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl
from isal import igzip

from clinseek_assets.mimic.catalogue import TABLES
from clinseek_assets.mimic.tables import Column, ColumnType, Table

SEED = 20_261_123
PATIENTS = 3_000
COHORT_EVERY = 10
FIRST_PATIENT = 10_000_000
ROWS_A_CHUNK = 250_000

# Rows of each table; the whole is 9 million.
ROWS = {
    "chartevents": 4_200_000,
    "labevents": 2_500_000,
    "transfers": 600_000,
    "outputevents": 500_000,
    "datetimeevents": 400_000,
    "services": 400_000,
    "diagnoses_icd": 300_000,
    "omr": 100_000,
}
WORDS = ("mmHg", "mg/dL", "ROUTINE", "Emergency", "Medicine/Cardiology", 'IF "LOW", repeat', "12.5", "abnormal", "MED")
MONTH_ONE = np.datetime64("2150-01-01T00:00:00", "us")


def cohort() -> list[int]:
    """The patients who are kept: 300 of 3,000, spread over the files."""
    return [FIRST_PATIENT + place for place in range(0, PATIENTS, COHORT_EVERY)]


def write_tables(folder: Path, times: int = 1) -> Path:
    """Write all tables below `folder`, unless an earlier run did; `times` multiplies the rows. Return the folder."""
    root = folder / f"{sum(ROWS.values()) * times}_rows_seed_{SEED}"
    if root.is_dir():
        return root
    unfinished = root.with_name(f".{root.name}")
    shutil.rmtree(unfinished, ignore_errors=True)
    for name, rows in ROWS.items():
        path = unfinished / TABLES[name].module / f"{name}.csv.gz"
        path.parent.mkdir(parents=True, exist_ok=True)
        _write_table(path, TABLES[name], rows * times)
    unfinished.rename(root)
    return root


def _write_table(path: Path, table: Table, rows: int) -> None:
    with igzip.open(path, "wb", compresslevel=3) as stream:
        stream.write((",".join(table.column_names) + "\n").encode())
        for frame in _chunks(table, rows):
            stream.write(frame.write_csv(include_header=False, datetime_format="%Y-%m-%d %H:%M:%S").encode())


def _chunks(table: Table, rows: int) -> Iterator[pl.DataFrame]:
    """The table in pieces, sorted by patient over the whole."""
    chance = np.random.default_rng([SEED, *table.name.encode()])
    for first in range(0, rows, ROWS_A_CHUNK):
        numbers = np.arange(first, min(rows, first + ROWS_A_CHUNK))
        patients = numbers * PATIENTS // rows
        yield pl.DataFrame({column.name: _cells(table, column, numbers, patients, chance) for column in table.columns})


def _cells(
    table: Table, column: Column, numbers: np.ndarray, patients: np.ndarray, chance: np.random.Generator
) -> pl.Series:
    count = len(numbers)
    if column.name == "subject_id":
        return pl.Series(FIRST_PATIENT + patients)
    if column.name in ("hadm_id", "stay_id"):
        return pl.Series(FIRST_PATIENT * 2 + patients)
    if (column.name == table.key[-1] and column.type is ColumnType.INTEGER) or column.name == "seq_num":
        return pl.Series(numbers)  # an id that numbers the rows
    if column.type is ColumnType.INTEGER:
        return pl.Series(chance.integers(50_000, 230_000, count))
    if column.type is ColumnType.REAL:
        return pl.Series(chance.normal(80, 20, count).round(1))
    if column.type is ColumnType.DATETIME:
        return pl.Series(MONTH_ONE + chance.integers(0, 3 * 10**8, count).astype("timedelta64[s]"))
    if column.type is ColumnType.DATE:
        return pl.Series(
            (MONTH_ONE + chance.integers(0, 3_000, count).astype("timedelta64[D]")).astype("datetime64[us]")
        )
    words = pl.Series(WORDS).gather(pl.Series(chance.integers(0, len(WORDS), count)))
    return words if column.required else words.set(pl.Series(chance.random(count) < 0.3), None)
