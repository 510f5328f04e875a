"""What a served column holds, whichever policy serves it."""

from __future__ import annotations

from clinseek_assets.mimic.tables import ColumnType
from clinseek_assets.records.pinned.record import PinnedRecord

NUMBERS = frozenset({ColumnType.INTEGER, ColumnType.REAL})
TIMES = frozenset({ColumnType.DATETIME, ColumnType.DATE})


def kind_of(record: PinnedRecord, table: str, column: str) -> ColumnType:
    """The type of a served column's values.

    Under `compat` a table's days are shown as times; its derived times are times, and all labels are texts.
    """
    known = record.kind.tables[table]
    is_time = column == record.time_column(table)
    if column not in known.column_names:
        return ColumnType.DATETIME if is_time else ColumnType.TEXT
    kind = known.column(column).type
    return ColumnType.DATETIME if record.policy == "compat" and is_time and kind is ColumnType.DATE else kind
