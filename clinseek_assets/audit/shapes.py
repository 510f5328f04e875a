"""The shape of a record: how many rows its tables have, and how many of their values are missing.

What a record shows may be honest value by value and still tell the outcome by its shape: tables that exist only for
patients who are admitted, values that are filled in only for those who live.
"""

from __future__ import annotations

import math

from clinseek_assets.audit.comparison import tables_with_rows
from clinseek_assets.records.pinned.record import PinnedRecord

NO_ROWS = -1.0

Shape = tuple[float, ...]


def shape_of(record: PinnedRecord) -> Shape:
    """Of each table the number of rows (on a logarithmic scale) and the share of NULL in each column."""
    found: list[float] = []
    with_rows = tables_with_rows(record)
    for table, columns in sorted(record.tables.items()):
        if table not in with_rows:
            found += [0.0, *[NO_ROWS] * len(columns)]
            continue
        missing = ", ".join(f'sum("{column}" IS NULL)' for column in columns)
        ((rows, *nulls),) = record.query(f'SELECT count(*), {missing} FROM "{table}"').rows
        found += [math.log1p(rows), *(of_column / rows for of_column in nulls)]
    return tuple(found)
