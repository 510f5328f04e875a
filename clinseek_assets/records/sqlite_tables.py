"""Small tables as one SQLite file: whole or not at all, and with the fingerprint of what it was built from."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clinseek_assets.faults import SourceFault
from clinseek_assets.storage import fingerprint
from clinseek_assets.storage.atomic import whole_file

Row = Sequence[Any]
HEADER_NUMBERS = ("application_id", "user_version")


@dataclass(frozen=True)
class SqliteTable:
    """A table to be written: column name -> SQLite type, its rows, and the column groups to index."""

    name: str
    columns: dict[str, str]
    rows: Sequence[Row]
    indexes: tuple[tuple[str, ...], ...] = ()


def quoted(name: str) -> str:
    """An SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def write_tables(path: Path, tables: Iterable[SqliteTable], inputs: str) -> None:
    """Write the tables as a new SQLite file at `path` and record in it the fingerprint of its `inputs`.

    The fingerprint's first 64 bits go into the two numbers that SQLite's header leaves to applications: a table of our
    own would stand among the published ones, and a file beside it could belong to another.
    """
    with whole_file(path) as temporary, closing(sqlite3.connect(temporary, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = OFF")
        connection.execute("BEGIN")
        for table in tables:
            columns = ", ".join(f"{quoted(name)} {kind}" for name, kind in table.columns.items())
            connection.execute(f"CREATE TABLE {quoted(table.name)} ({columns})")
            marks = ", ".join("?" * len(table.columns))
            connection.executemany(f"INSERT INTO {quoted(table.name)} VALUES ({marks})", table.rows)
            for group in table.indexes:
                index = quoted(f"{table.name}_{'_'.join(group)}")
                on = ", ".join(map(quoted, group))
                connection.execute(f"CREATE INDEX {index} ON {quoted(table.name)} ({on})")
        connection.execute("COMMIT")
        for name, number in zip(HEADER_NUMBERS, header_numbers(inputs), strict=True):
            connection.execute(f"PRAGMA {name} = {number}")


def header_numbers(inputs: str) -> tuple[int, int]:
    """A hex fingerprint's first 64 bits as SQLite's two signed 32-bit header numbers."""
    first, second = (int.from_bytes(bytes.fromhex(inputs[start : start + 8]), "big", signed=True) for start in (0, 8))
    return first, second


def is_built_from(path: Path, inputs: str) -> bool:
    """Whether the file at `path` is a whole SQLite file that was built from inputs with this fingerprint."""
    if not path.is_file():
        return False
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            numbers = [
                connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version")
            ]
            return tuple(numbers) == header_numbers(inputs) and not is_damaged(connection)
    except sqlite3.DatabaseError:
        return False


def is_damaged(connection: sqlite3.Connection) -> bool:
    """Whether SQLite's own quick check finds the file damaged."""
    return bool(connection.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok")


def row_counts(path: Path) -> dict[str, int]:
    """The rows of each table of an SQLite file."""
    names = [name for (name,) in rows_of(path, "SELECT name FROM sqlite_schema WHERE type = 'table'")]
    return {name: rows_of(path, f"SELECT count(*) FROM {quoted(name)}")[0][0] for name in names}


def content_fingerprint(path: Path) -> str:
    """A fingerprint of what a file written here holds: the one recorded in it, with its tables' names and row counts.

    Raises:
        SourceFault: the file is missing or is no SQLite file.
    """
    numbers = [rows_of(path, f"PRAGMA {name}")[0][0] for name in HEADER_NUMBERS]
    return fingerprint.of_value([numbers, row_counts(path)])


def rows_of(path: Path, statement: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """The rows that a statement of this project's own reads from an SQLite file.

    Raises:
        SourceFault: the file is missing, is no SQLite file, or lacks the table.
    """
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            return connection.execute(statement, parameters).fetchall()
    except sqlite3.Error as error:
        raise SourceFault(
            f"{path} cannot be read as an SQLite file with the expected tables ({type(error).__name__}).",
            mend="Remove the file and build it again.",
        ) from None
