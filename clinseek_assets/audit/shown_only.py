"""How much one policy shows that another hides: rows, and values in rows that both show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from clinseek_assets.audit.life import Row

Shown = Mapping[str, Sequence[Row]]


@dataclass(frozen=True)
class ShownOnly:
    """Counts over one question.

    Attributes:
        rows: rows that only the first shows.
        values: values that only the first shows, in rows that both show.
        rows_of_the_other: rows that only the other one shows.
    """

    rows: int
    values: int
    rows_of_the_other: int


def shown_only(by: Shown, not_by: Shown) -> ShownOnly:
    """What `by` shows and `not_by` hides.

    Args:
        by, not_by: table -> rows with `source_row`, by which they are found again.
    """
    rows = values = common = 0
    for table, of_table in by.items():
        others = {row["source_row"]: row for row in not_by.get(table, ())}
        both = [(row, others[row["source_row"]]) for row in of_table if row["source_row"] in others]
        rows += len(of_table) - len(both)
        common += len(both)
        values += sum(_hidden_values(row, less) for row, less in both)
    return ShownOnly(rows, values, sum(map(len, not_by.values())) - common)


def _hidden_values(row: Row, less: Row) -> int:
    if row == less:
        return 0
    return sum(value is not None and value != "" and less.get(name) is None for name, value in row.items())
