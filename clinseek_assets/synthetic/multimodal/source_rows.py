"""One patient's MIMIC-IV rows, by column."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from operator import itemgetter
from typing import Any

from clinseek_assets.mimic.catalogue import TABLES

PatientRows = Mapping[str, Sequence[tuple[Any, ...]]]


def cells(rows: PatientRows, table: str, *columns: str) -> Iterator[tuple[Any, ...]]:
    """The named columns (two or more) of each row of a table, in its order."""
    names = TABLES[table].column_names
    return map(itemgetter(*map(names.index, columns)), rows.get(table, ()))


def nullable(number: int | None) -> str | None:
    """An id as pandas writes it once a column had an empty cell: `29990001.0`."""
    return None if number is None else f"{number}.0"
