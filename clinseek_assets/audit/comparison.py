"""What a record serves, held against what the naive oracle says: per table, in both directions, as counts.

Rows are compared as multisets of values, so that a row too many, a row too few and a value that is not known yet each
count. A column counts where it is served and should not be, or the other way round; names of codes that stand beside a
table's own columns may only be words of the dictionaries.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import Any, Protocol

from clinseek_assets.audit import naive_compat, naive_strict
from clinseek_assets.audit.life import Row
from clinseek_assets.records.pinned.answers import Refusal
from clinseek_assets.records.pinned.pin import Pin, Policy
from clinseek_assets.records.pinned.record import PinnedRecord
from clinseek_assets.timeline.rows import PatientRows


class Oracle(Protocol):
    """The naive oracle of a policy: a module with these functions."""

    def visible(self, rows: PatientRows, pin: Pin) -> Mapping[str, Sequence[Row]]:
        """Table -> the rows that a question may see, with `source_row`."""

    def columns(self, rows: PatientRows) -> Mapping[str, Sequence[str]]:
        """Table -> the columns that are served of it."""


ORACLES: dict[Policy, Oracle] = {"strict": naive_strict, "compat": naive_compat}

TIMES = frozenset({date, datetime})

# Columns that a record adds to a table's own: what its codes mean.
NAMES_OF_CODES = frozenset({"label", "long_title", "long_description", "ccs_name", "atc_name"})


class Served(Protocol):
    """What is served to whoever asks: tables with their columns, and their rows."""

    @property
    def tables(self) -> Mapping[str, tuple[str, ...]]:
        """Table -> columns."""

    def rows(self, table: str, columns: Sequence[str]) -> Sequence[tuple[Any, ...]]:
        """All rows of a table, as its columns hold them in a patient database."""


@dataclass(frozen=True)
class ServedByRecord:
    """A pinned record, asked as a model asks it: by SQL.

    Attributes:
        record: open, and without limits on rows.
    """

    record: PinnedRecord

    @property
    def tables(self) -> Mapping[str, tuple[str, ...]]:
        """Table -> columns."""
        return self.record.tables

    @cached_property
    def with_rows(self) -> frozenset[str]:
        """The tables that have any row."""
        return tables_with_rows(self.record)

    def rows(self, table: str, columns: Sequence[str]) -> Sequence[tuple[Any, ...]]:
        """All rows of a table; a refusal shows none, so that they count as lacking."""
        if table not in self.with_rows:
            return ()
        asked = ", ".join(f'"{name}"' for name in columns)
        try:
            return self.record.query(f'SELECT {asked} FROM "{table}"').rows
        except Refusal:
            return ()


def tables_with_rows(record: PinnedRecord) -> frozenset[str]:
    """The tables of a record that have any row, asked of all at once: half of a patient's tables are empty."""
    asked = ", ".join(f'EXISTS (SELECT 1 FROM "{table}")' for table in record.tables)
    ((*filled,),) = record.query(f"SELECT {asked}").rows
    return frozenset(table for table, there in zip(record.tables, filled, strict=True) if there)


@dataclass(frozen=True)
class Difference:
    """Where a record and the oracle do not agree, table by table.

    Attributes:
        beyond: rows that are served and should not be, or not with these values.
        lacking: rows that should be served with these values and are not.
        columns_beyond: columns that are served and should not be, and words beside codes that no dictionary has.
        columns_lacking: columns that should be served and are not.
    """

    beyond: Counter[str] = field(default_factory=Counter)
    lacking: Counter[str] = field(default_factory=Counter)
    columns_beyond: Counter[str] = field(default_factory=Counter)
    columns_lacking: Counter[str] = field(default_factory=Counter)

    @property
    def tables(self) -> frozenset[str]:
        """The tables in which there is any difference."""
        return frozenset(self.beyond + self.lacking + self.columns_beyond + self.columns_lacking)


def difference(
    served: Served,
    expected: Mapping[str, Sequence[Row]],
    columns: Mapping[str, Sequence[str]],
    names: Collection[str],
) -> Difference:
    """Compare one record with the oracle.

    Args:
        served: the record.
        expected: table -> the rows that should be visible.
        columns: table -> the columns that should be served.
        names: every word that may stand beside a code.
    """
    found = Difference()
    for table in sorted({*served.tables, *columns}):
        offered, wanted = served.tables.get(table, ()), columns.get(table, ())
        beside = [name for name in offered if name in NAMES_OF_CODES and name not in wanted]
        found.columns_beyond[table] += len(set(offered) - set(wanted) - set(beside))
        found.columns_lacking[table] += len(set(wanted) - set(offered))
        both = [name for name in wanted if name in offered]
        shown = served.rows(table, (*both, *beside)) if both else ()
        found.columns_beyond[table] += len(_words(shown, len(both)).difference(names))
        there = [row[: len(both)] for row in shown] if beside else list(shown)
        should_be = _as_held(expected.get(table, ()), both)
        if there != should_be:  # the order is nobody's business, but where it is the same there is nothing to count
            found.beyond[table] += (Counter(there) - Counter(should_be)).total()
            found.lacking[table] += (Counter(should_be) - Counter(there)).total()
    return found


def _as_held(rows: Sequence[Row], columns: Sequence[str]) -> list[tuple[Any, ...]]:
    """Rows as a patient database holds them, worked out column by column, since few of these hold times."""
    by_column = ([row[name] for row in rows] for name in columns)
    held = (values if TIMES.isdisjoint(map(type, values)) else [*map(text_of, values)] for values in by_column)
    return list(zip(*held, strict=True))


def text_of(value: Any) -> Any:
    """A value as a patient database holds it: times as texts, with a fraction only where there is one."""
    if isinstance(value, datetime):
        text = value.isoformat(" ")
        return text.rstrip("0") if value.microsecond else text
    return value.isoformat() if isinstance(value, date) else value


def _words(rows: Sequence[tuple[Any, ...]], start: int) -> set[Any]:
    return {word for row in rows for word in row[start:] if word is not None}
