"""The SQL of a patient database, derived from the catalogue: the same tables, columns and indexes for every patient."""

from __future__ import annotations

from clinseek_assets.mimic.catalogue import PATIENT_TABLES
from clinseek_assets.mimic.tables import Table

# The three columns that the published builder adds, always the last of their table: see `derived_columns`.
DERIVED_COLUMNS = {"admissions": "text", "diagnoses_icd": "charttime", "diagnosis": "charttime"}

# A database has over a hundred tables and indexes, most of them small or empty: small pages keep it a quarter the size.
PAGE_BYTES = 1024


def column_names(table: Table) -> tuple[str, ...]:
    """A table's columns in a patient database: the published ones, then the derived one where there is one."""
    derived = DERIVED_COLUMNS.get(table.name)
    return (*table.column_names, derived) if derived else table.column_names


def create_tables() -> list[str]:
    """The statements that create all tables of the catalogue that belong to patients."""
    return [_create_table(table) for table in PATIENT_TABLES.values()]


def create_indexes() -> list[str]:
    """The statements that create the catalogue's indexes; cheaper after the rows are in."""
    return [
        f'CREATE INDEX "{table.name}_by_{"_".join(group)}" ON "{table.name}" ({_quoted(group)})'
        for table in PATIENT_TABLES.values()
        for group in table.indexes
    ]


def insert_statement(table: Table) -> str:
    """The statement that inserts one row: `source_row` as rowid, then the columns in order."""
    names = column_names(table)
    return f'INSERT INTO "{table.name}" (rowid, {_quoted(names)}) VALUES (?{", ?" * len(names)})'


def _create_table(table: Table) -> str:
    typed = [f'"{column.name}" {column.type.sqlite}' for column in table.columns]
    if table.name in DERIVED_COLUMNS:
        typed.append(f'"{DERIVED_COLUMNS[table.name]}" TEXT')
    return f'CREATE TABLE "{table.name}" ({", ".join(typed)})'


def _quoted(names: tuple[str, ...]) -> str:
    return ", ".join(f'"{name}"' for name in names)
