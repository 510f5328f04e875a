"""What tools look for in a table, as conditions in SQL with the values beside them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from clinseek_assets.mimic.tables import ColumnType
from clinseek_assets.records.pinned.record import PinnedRecord
from clinseek_assets.records.sqlite_tables import quoted
from clinseek_assets.records.tools.column_kinds import NUMBERS, TIMES, kind_of
from clinseek_assets.records.tools.mistakes import Mistake, shortened
from clinseek_assets.records.tools.plain_text import contains
from clinseek_assets.records.tools.times_given import Given, read_time

MISSING = "NULL"
# Texts made of digits that are names: 0389 is another code than 389.
CODE = re.compile(r"code|_cd\b|ndc|gsn|_id\b", re.IGNORECASE)
NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
LARGEST_INTEGER = 2**63
# A piece of a number, or of a time, as SQLite writes them: a keyword of another form is in none.
PIECE_OF_NUMBER = re.compile(r"-?\d*\.?\d*(?:e[+-]?\d*)?|[+-]\d*|-?i?n?f?", re.ASCII | re.IGNORECASE)
PIECE_OF_TIME = re.compile(r"[-0-9: .]*")


@dataclass(frozen=True)
class Condition:
    """A condition on a table's rows, and the values of its placeholders."""

    sql: str
    values: tuple[Any, ...] = ()


EVERY_ROW = Condition("TRUE")


def in_span(record: PinnedRecord, table: str, start: Given, end: Given) -> Condition:
    """That a table's time lies between two, both included; a row that has a day only counts if the days overlap."""
    column = record.time_column(table)
    if column is None:
        raise ValueError(f"{table} has no time")
    return within(kind_of(record, table, column), column, start, end)


def within(kind: ColumnType, column: str, start: Given, end: Given) -> Condition:
    """That a column's time lies between two, both included."""
    bounds = (start.day, end.day) if kind is ColumnType.DATE else (start.first, end.last)
    return Condition(f"{quoted(column)} >= ? AND {quoted(column)} <= ?", bounds)


def at_latest(record: PinnedRecord, table: str) -> Condition:
    """That a table's time is the latest that there is."""
    column = quoted(record.time_column(table) or "")
    return Condition(f"{column} = (SELECT max({column}) FROM {quoted(table)})")


def with_keyword(record: PinnedRecord, table: str, keyword: str) -> Condition:
    """That any column contains a text, whatever its case.

    Raises:
        Mistake: the text is too long.
    """
    text, piece = contains(keyword), keyword.strip()
    if piece in str(record.pin.subject_id) and "subject_id" in record.tables[table]:
        return EVERY_ROW
    conditions = [
        _on(record, table, column, text.condition_on(quoted(column)))
        for column in record.tables[table]
        if column != "subject_id" and _may_contain(kind_of(record, table, column), piece)
    ]
    return Condition(" OR ".join(conditions) or "FALSE", text.values * len(conditions))


def with_value(record: PinnedRecord, table: str, column: str, value: str) -> Condition:
    """That a column has a value: numbers as numbers, times as times (a date is its whole day), texts whatever their
    case and the blanks around them; `NULL` is a missing value.

    Raises:
        Mistake: the column holds numbers or times, and the value is none.
    """
    kind, text, name = kind_of(record, table, column), value.strip(), quoted(column)
    if text == MISSING:
        return Condition(f"{name} IS NULL")
    if kind in NUMBERS:
        number = number_in(text)
        if number is None:
            raise Mistake("bad_arguments", f"{column} holds numbers, and «{shortened(text)}» is none.")
        return Condition(f"{name} = ?", (number,))
    if kind in TIMES:
        given = read_time(text, "value")
        return within(kind, column, given, given)
    return _with_text(record, table, column, text)


def _with_text(record: PinnedRecord, table: str, column: str, text: str) -> Condition:
    """That a column of texts has one; where it is a number and the column no code, also written as another number."""
    name, number = quoted(column), number_in(text)
    same = f"trim({name}) = ? COLLATE NOCASE"
    if number is None or CODE.search(column):
        return Condition(_on(record, table, column, same), (text,))
    return Condition(f"({same} OR CAST({name} AS REAL) = ? AND {_is_number(f'trim({name})')})", (text, number))


def _is_number(text: str) -> str:
    """That a text is written as a number: of digits with at most one point, and no sign behind the first character."""
    forms = (f"{text} GLOB '*[0-9]*'", *(f"{text} NOT GLOB '{form}'" for form in ("*[^0-9.+-]*", "*.*.*", "?*[+-]*")))
    return " AND ".join(forms)


def number_in(text: str) -> int | float | None:
    """The number that a text is, a whole one as such where SQLite can hold it; else None."""
    if not NUMBER.fullmatch(text):
        return None
    number = float(text)
    if not number.is_integer():
        return number if number - number == 0 else None  # not what overflows
    exact = int(text) if re.fullmatch(r"[+-]?\d+", text) else int(number)
    return exact if -LARGEST_INTEGER <= exact < LARGEST_INTEGER else number


def _may_contain(kind: ColumnType, piece: str) -> bool:
    if kind in NUMBERS:
        return PIECE_OF_NUMBER.fullmatch(piece) is not None
    return kind not in TIMES or PIECE_OF_TIME.fullmatch(piece) is not None


def names_of_items(record: PinnedRecord, table: str) -> frozenset[str]:
    """The label columns of a table that name its items."""
    labels = record.kind.labels.get(table, ())
    return frozenset(label.name for label in labels if [theirs for theirs, _ in label.keys] == ["itemid"])


def _on(record: PinnedRecord, table: str, column: str, condition: str) -> str:
    """A condition on a column; for the name of an item, on the items that are so called: there are few of them, and
    many rows of each."""
    if column not in names_of_items(record, table) or "itemid" not in record.tables[table]:
        return condition
    return f"itemid IN (SELECT itemid FROM {quoted(table)} GROUP BY itemid HAVING {condition})"
