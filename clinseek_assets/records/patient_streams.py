"""Extracted tables read patient by patient, as rows that SQLite takes.

The tables are sorted by patient, so going through the patients in ascending order reads each table once, a batch at a
time: memory holds one batch a table and one patient's rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from clinseek_assets.faults import DatabaseFault
from clinseek_assets.mimic.cell_types import SOURCE_ROW
from clinseek_assets.mimic.tables import ColumnType, Table

ROWS_A_BATCH = 1 << 13

Row = tuple[Any, ...]


class TableStream:
    """The rows of one extracted table, asked for by ascending subject_id.

    Args:
        table: the catalogue entry.
        path: its Parquet file, sorted by (subject_id, source_row).

    Raises:
        DatabaseFault: the file is not what the extraction writes.
    """

    def __init__(self, table: Table, path: Path) -> None:
        self._table = table
        self._batches = _batches(table, path)
        self._batch: pa.RecordBatch | None = None
        self._subjects = np.empty(0, np.int64)
        self._next_batch()

    def rows_of(self, subject_id: int) -> list[Row]:
        """The patient's rows in file order: `source_row`, then the catalogue's columns as SQLite holds them.

        Rows of patients before this one that nobody asked for are passed over.
        """
        rows: list[Row] = []
        while self._batch is not None:
            low, high = np.searchsorted(self._subjects, [subject_id, subject_id + 1])
            if high > low:
                rows += _sqlite_rows(self._table, self._batch.slice(low, high - low))
            if high < len(self._subjects):
                break
            self._next_batch()
        return rows

    def _next_batch(self) -> None:
        self._batch = next(self._batches, None)
        if self._batch is not None:
            self._subjects = self._batch.column("subject_id").to_numpy()


def _batches(table: Table, path: Path) -> Iterator[pa.RecordBatch]:
    try:
        with pq.ParquetFile(path, pre_buffer=False) as parquet:
            names = parquet.schema_arrow.names
            if names != [*table.column_names, SOURCE_ROW]:
                raise DatabaseFault(
                    f"{path}: not the columns of an extracted {table.module}/{table.name}.", mend="Extract it again."
                )
            yield from parquet.iter_batches(ROWS_A_BATCH)
    except (pa.ArrowInvalid, OSError):
        raise DatabaseFault(f"{path}: not a readable Parquet file.", mend="Extract the table again.") from None


def _sqlite_rows(table: Table, batch: pa.RecordBatch) -> list[Row]:
    columns = [batch.column(SOURCE_ROW).to_numpy().tolist()]
    columns += [_sqlite_values(column.type, batch.column(place)) for place, column in enumerate(table.columns)]
    return list(zip(*columns, strict=True))


def _sqlite_values(column_type: ColumnType, cells: pa.Array) -> list[Any]:
    if column_type is ColumnType.DATETIME:
        cells = _time_texts(cells)
    elif column_type is ColumnType.DATE:
        cells = pc.cast(cells, pa.string())
    elif not cells.null_count and column_type is not ColumnType.TEXT:
        return cells.to_numpy().tolist()
    return cells.to_pylist()


def _time_texts(moments: pa.Array) -> pa.Array:
    """Times as `YYYY-MM-DD HH:MM:SS`, with a fraction only where it is not zero."""
    floored = pc.floor_temporal(moments, unit="second")
    texts = pc.cast(pc.cast(floored, pa.timestamp("s")), pa.string())
    whole = pc.equal(floored, moments)
    if pc.all(whole).as_py() is not False:
        return texts
    return pc.if_else(whole, texts, pc.utf8_rtrim(pc.cast(moments, pa.string()), "0"))
