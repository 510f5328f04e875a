"""The SQL of a patient database, derived from the catalogue: the same tables, columns and indexes for every patient."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from clinseek_assets.mimic.catalogue import MIMIC_IV, Catalogue
from clinseek_assets.mimic.tables import Table
from clinseek_assets.records.derived_columns import DERIVED_OF_DATASET, DerivedColumn

# A database has over a hundred tables and indexes, most of them small or empty: small pages keep it a quarter the size.
PAGE_BYTES = 1024


def column_names(table: Table, catalogue: Catalogue = MIMIC_IV) -> tuple[str, ...]:
    """A table's columns in a patient database: the published ones, then the derived one where there is one."""
    derived = DERIVED_OF_DATASET[catalogue.dataset].get(table.name)
    return (*table.column_names, derived.name) if derived else table.column_names


def create_tables(catalogue: Catalogue = MIMIC_IV) -> list[str]:
    """The statements that create all tables of a catalogue that belong to patients."""
    derived = DERIVED_OF_DATASET[catalogue.dataset]
    return [_create_table(table, derived.get(table.name)) for table in catalogue.patient_tables.values()]


def index_name(table: Table, group: tuple[str, ...]) -> str:
    """The name of one of a table's indexes."""
    return f"{table.name}_by_{'_'.join(group)}"


def create_indexes(table: Table) -> list[str]:
    """The statements that create a table's indexes."""
    return [
        f'CREATE INDEX "{index_name(table, group)}" ON "{table.name}" ({", ".join(map(_quoted, group))})'
        for group in table.indexes
    ]


def drop_indexes(table: Table) -> list[str]:
    """The statements that drop a table's indexes."""
    return [f'DROP INDEX "{index_name(table, group)}"' for group in table.indexes]


def empty_database(user_version: int, catalogue: Catalogue = MIMIC_IV) -> bytes:
    """The bytes of a database with all tables and indexes and without a row: what every patient's begins as.

    Args:
        user_version: the number that its header carries for whoever opens it.
        catalogue: whose tables.
    """
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as database:
        database.execute(f"PRAGMA page_size = {PAGE_BYTES}")
        database.execute(f"PRAGMA user_version = {user_version}")
        database.execute("BEGIN")
        for statement in schema_statements(catalogue):
            database.execute(statement)
        database.execute("COMMIT")
        return database.serialize()


def schema_statements(catalogue: Catalogue = MIMIC_IV) -> list[str]:
    """All statements that make an empty database."""
    indexes = [statement for table in catalogue.patient_tables.values() for statement in create_indexes(table)]
    return [*create_tables(catalogue), *indexes]


def _create_table(table: Table, derived: DerivedColumn | None) -> str:
    typed = [f"{_quoted(column.name)} {column.type.sqlite}" for column in table.columns]
    if derived is not None:
        typed.append(f"{_quoted(derived.name)} TEXT")
    return f'CREATE TABLE "{table.name}" ({", ".join(typed)})'


def _quoted(name: str) -> str:
    return f'"{name}"'
