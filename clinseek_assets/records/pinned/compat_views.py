"""The views of the `compat` policy: the published rule of time, on typed databases.

A table is cut by its first column whose name contains `time` or `date`; one without such a column is shown whole. A
column whose first ten values are days means their ends, 23:59:00. Nothing else of a row is looked at.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache

import apsw

from clinseek_assets.mimic.tables import ColumnType, Table
from clinseek_assets.records.pinned.kinds import KINDS, RecordKind
from clinseek_assets.records.pinned.pin import Pin
from clinseek_assets.records.pinned.texts_of_time import time_text
from clinseek_assets.records.pinned.views import EVERY_ROW, NO_ROW, ROW, SOURCE, View, view_of

NAME_OF_TIME = re.compile("time|date", re.IGNORECASE)
VALUES_LOOKED_AT = 10
END_OF_DAY = " 23:59:00"
EMPTIED = "pharmacy"


def compat_views(connection: apsw.Connection, pin: Pin) -> list[View]:
    """The views of the tables that the patient has rows in, in the catalogue's order, cut at the pin's moment."""
    kind = KINDS[pin.dataset]
    with_rows = _tables_with_rows(connection, kind)
    constants = {"moment": time_text(pin.prediction_time)}
    views = []
    for table in with_rows:
        derived = _derived_column(kind, table, with_rows)
        days = derived is not None and _begins_without_times(connection, table, derived)
        views.append(replace(_template(kind, table, derived, days), constants=constants))
    return views


def _tables_with_rows(connection: apsw.Connection, kind: RecordKind) -> list[str]:
    counted = ", ".join(f'EXISTS (SELECT 1 FROM {SOURCE}."{name}")' for name in kind.tables)
    (present,) = connection.execute(f"SELECT {counted}")
    return [name for name, there in zip(kind.tables, present, strict=True) if there]


def _derived_column(kind: RecordKind, table: str, with_rows: list[str]) -> str | None:
    """The published builder adds a column only where the patient has rows of the table that it is derived from."""
    derived = kind.derived.get(table)
    return derived.name if derived is not None and derived.source in with_rows else None


def _begins_without_times(connection: apsw.Connection, table: str, column: str) -> bool:
    """Whether the first values of a derived column are all missing: empty, thus short, texts in the published one."""
    first = connection.execute(
        f'SELECT "{column}" IS NULL FROM {SOURCE}."{table}" ORDER BY rowid LIMIT {VALUES_LOOKED_AT}'
    )
    return all(missing for (missing,) in first)


@cache
def _template(kind: RecordKind, table: str, derived: str | None, days: bool) -> View:
    """A table's view with a mark for the moment.

    Args:
        kind: of the record.
        table: its name.
        derived: its derived column, where it has one.
        days: whether that column is taken for one of days.
    """
    own = kind.tables[table].column_names
    columns = own if derived is None else (*own, derived)
    shown = {column: f'{ROW}."{column}"' for column in columns}
    if derived is not None and not NAME_OF_TIME.search(derived):
        shown[derived] = _empty_for_null(derived)
    if table == "prescriptions" and "ndc" in columns:
        shown["ndc"] = _eleven_digits("ndc")
    time_column = next(filter(NAME_OF_TIME.search, columns), None)
    where = EVERY_ROW
    if time_column is not None:
        if _of_days(kind.tables[table], time_column, days):
            shown[time_column] = f'{_end_of_day(time_column)} AS "{time_column}"'
            where = f"{_end_of_day(time_column)} < '{{moment}}'"
        else:
            where = f"+{ROW}.\"{time_column}\" < '{{moment}}'"
    return view_of(
        table,
        shown,
        NO_ROW if table == EMPTIED else where,
        also_read=frozenset(),
        time_column=time_column,
        labels=kind.labels.get(table, ()),
    )


def _of_days(table: Table, column: str, days: bool) -> bool:
    if column not in table.column_names:
        return days
    return table.column(column).type is ColumnType.DATE


def _end_of_day(column: str) -> str:
    return f"CAST(substr({ROW}.\"{column}\", 1, 10) || '{END_OF_DAY}' AS TEXT)"


def _empty_for_null(column: str) -> str:
    return f'CAST(coalesce({ROW}."{column}", \'\') AS TEXT) AS "{column}"'


def _eleven_digits(column: str) -> str:
    """The integer part, with zeros in front up to eleven places."""
    code = f'{ROW}."{column}"'
    whole = f"substr({code}, 1, CASE WHEN instr({code}, '.') THEN instr({code}, '.') - 1 ELSE length({code}) END)"
    padded = f"CASE WHEN length({whole}) < 11 THEN substr('00000000000' || {whole}, -11) ELSE {whole} END"
    return f'CAST({padded} AS TEXT) AS "{column}"'
