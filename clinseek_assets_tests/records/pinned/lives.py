"""Hand-made patients as databases: what a test writes down is what the database holds."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from clinseek_assets.mimic.catalogue import CATALOGUES, MIMIC_IV, TABLES, Catalogue
from clinseek_assets.mimic.tables import ColumnType
from clinseek_assets.records import reference_tables, sqlite_tables
from clinseek_assets.records.database_schema import schema_statements
from clinseek_assets.records.derived_columns import DERIVED_OF_DATASET, DerivedColumn
from clinseek_assets.records.patient_databases import database_path
from clinseek_assets.records.sqlite_tables import SqliteTable

PATIENT = 10_000_032
Row = Mapping[str, Any]

# The moment of the question, and the admissions of most lives: one long over, the question's own, one to come.
T = datetime(2150, 6, 10, 12)
PAST, OWN, NEXT = 1, 2, 3


def at(hours: float = 0, seconds: float = 0) -> datetime:
    """A time so long after the moment; negative is before."""
    return T + timedelta(hours=hours, seconds=seconds)


def day(days: int) -> date:
    """A date so many days after that of the moment."""
    return T.date() + timedelta(days=days)


JUST_BEFORE = T - timedelta(microseconds=1)
PATIENTS: list[Row] = [{"anchor_year": 2150, "dod": day(400)}]
ADMISSIONS: list[Row] = [
    {"hadm_id": PAST, "admittime": at(-2000), "dischtime": at(-1900)},
    {"hadm_id": OWN, "admittime": at(-20), "dischtime": at(30)},
    {"hadm_id": NEXT, "admittime": at(2000), "dischtime": at(2100)},
]
BASE: dict[str, list[Row]] = {"patients": PATIENTS, "admissions": ADMISSIONS}

# What a column holds that a row does not name, where the catalogue requires a value.
FILLING = {ColumnType.INTEGER: 1, ColumnType.REAL: 1.0, ColumnType.TEXT: "x"}


def text_of(value: Any) -> Any:
    """A value as a patient database holds it."""
    if isinstance(value, datetime):
        text = value.isoformat(" ")
        return text.rstrip("0") if value.microsecond else text
    return value.isoformat() if isinstance(value, date) else value


def full_row(table: str, row: Row, catalogue: Catalogue = MIMIC_IV) -> dict[str, Any]:
    """A row with all columns of its table: what it does not name is NULL, or anything where a value is required."""
    columns = catalogue.patient_tables[table].columns
    unknown = set(row) - {column.name for column in columns}
    assert not unknown, f"{table} has no {unknown}"
    filled = {column.name: FILLING.get(column.type) if column.required else None for column in columns}
    return {**filled, "subject_id": PATIENT, **{name: text_of(value) for name, value in row.items()}}


def write_database(
    folder: Path, life: Mapping[str, Sequence[Row]], subject_id: int = PATIENT, *, dataset: str = "mimic_iv"
) -> Path:
    """A patient database with these rows, numbered from 1 in each table, and with the derived columns."""
    catalogue, derived = CATALOGUES[dataset], DERIVED_OF_DATASET[dataset]
    folder.mkdir(parents=True, exist_ok=True)
    path = database_path(folder, subject_id)
    path.unlink(missing_ok=True)
    rows = {table: [full_row(table, row, catalogue) for row in of_table] for table, of_table in life.items()}
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode = OFF")
        database.execute("BEGIN")
        for statement in schema_statements(catalogue):
            database.execute(statement)
        for table, of_table in rows.items():
            insert(database, table, of_table, catalogue)
            if table in derived:
                derive(database, derived[table], rows)
        database.execute("COMMIT")
    return path


def insert(database: sqlite3.Connection, table: str, rows: Sequence[Row], catalogue: Catalogue = MIMIC_IV) -> None:
    names = catalogue.patient_tables[table].column_names
    columns = ", ".join(f'"{name}"' for name in names)
    marks = ", ".join("?" * (len(names) + 1))
    values = [(number, *(row[name] for name in names)) for number, row in enumerate(rows, 1)]
    database.executemany(f'INSERT INTO "{table}" (rowid, {columns}) VALUES ({marks})', values)


def derive(database: sqlite3.Connection, derived: DerivedColumn, rows: Mapping[str, Sequence[Row]]) -> None:
    for row in rows.get(derived.source, ()):
        if row[derived.column]:
            database.execute(
                f'UPDATE "{derived.table}" SET "{derived.name}" = ? WHERE "{derived.key}" = ?',
                (derived.rule(row[derived.column]), row[derived.key]),
            )


def write_reference(path: Path, dictionaries: Mapping[str, Sequence[Sequence[Any]]] | None = None) -> Path:
    """A reference database; tables that are not given are empty."""
    given = dictionaries or {}
    written = [
        SqliteTable(
            name,
            {column.name: column.type.sqlite for column in TABLES[name].columns},
            given.get(name, ()),
            ((*TABLES[name].key, *reference_tables.COVERED.get(name, ())),),
        )
        for name in reference_tables.DICTIONARY_TABLES
    ]
    written += [
        SqliteTable(name, reference_tables.CCS_COLUMNS, given.get(name, ()), (("icd_code", "icd_version"),))
        for name in reference_tables.CCS_TABLES
    ]
    written.append(
        SqliteTable(
            reference_tables.ATC_TABLE,
            reference_tables.ATC_TYPES,
            given.get(reference_tables.ATC_TABLE, ()),
            (("ndc",),),
        )
    )
    sqlite_tables.write_tables(path, written, "0" * 64)
    return path
