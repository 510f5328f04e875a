"""Extracted tables read patient by patient, in the values that SQLite holds.

The tables are sorted by patient, so going through the patients in ascending order reads each table once, a batch at a
time: memory holds one batch a table and one patient's rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from clinseek_assets.faults import DatabaseFault
from clinseek_assets.mimic.cell_types import SOURCE_ROW
from clinseek_assets.mimic.tables import Table

ROWS_A_BATCH = 1 << 12
BYTES_A_BATCH = 1 << 22
ROWID = "rowid"


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

    def rows_of(self, subject_id: int) -> pa.Table | None:
        """The patient's rows in file order, None where there are none.

        Columns: `rowid` (the record's number in the source file), then the catalogue's; times are texts
        `YYYY-MM-DD HH:MM:SS` with a fraction only where it is not zero, dates are texts `YYYY-MM-DD`. Rows of earlier
        patients that nobody asked for are passed over.
        """
        parts: list[pa.RecordBatch] = []
        while self._batch is not None:
            low, high = np.searchsorted(self._subjects, [subject_id, subject_id + 1])
            if high > low:
                parts.append(self._batch.slice(low, high - low))
            if high < len(self._subjects):
                break
            self._next_batch()
        return pa.Table.from_batches(parts) if parts else None

    def _next_batch(self) -> None:
        batch = next(self._batches, None)
        self._batch = None if batch is None else _as_sqlite_holds_it(self._table, batch)
        if batch is not None:
            self._subjects = batch.column("subject_id").to_numpy()


def _batches(table: Table, path: Path) -> Iterator[pa.RecordBatch]:
    try:
        with pq.ParquetFile(path, pre_buffer=False) as parquet:
            if parquet.schema_arrow.names != [*table.column_names, SOURCE_ROW]:
                raise DatabaseFault(
                    f"{path}: not the columns of an extracted {table.module}/{table.name}.", mend="Extract it again."
                )
            yield from parquet.iter_batches(_rows_a_batch(parquet.metadata), use_threads=False)
    except (pa.ArrowInvalid, OSError):
        raise DatabaseFault(f"{path}: not a readable Parquet file.", mend="Extract the table again.") from None


def _rows_a_batch(metadata: pq.FileMetaData) -> int:
    """As many rows as memory has room for: notes are a thousand times as wide as a laboratory's rows."""
    size = sum(metadata.row_group(group).total_byte_size for group in range(metadata.num_row_groups))
    return max(1, min(ROWS_A_BATCH, BYTES_A_BATCH * metadata.num_rows // max(1, size)))


def _as_sqlite_holds_it(table: Table, batch: pa.RecordBatch) -> pa.RecordBatch:
    cells = [_sqlite_cells(batch.column(name)) for name in table.column_names]
    return pa.RecordBatch.from_arrays([batch.column(SOURCE_ROW), *cells], [ROWID, *table.column_names])


def _sqlite_cells(cells: pa.Array) -> pa.Array:
    if pa.types.is_timestamp(cells.type):
        return _time_texts(cells)
    return pc.cast(cells, pa.string()) if pa.types.is_date(cells.type) else cells


def _time_texts(moments: pa.Array) -> pa.Array:
    seconds = pc.cast(pc.floor_temporal(moments, unit="second"), pa.timestamp("s"))
    whole = pc.equal(pc.cast(seconds, moments.type), moments)
    texts = pc.cast(seconds, pa.string())
    if pc.all(whole).as_py() is not False:
        return texts
    return pc.if_else(whole, texts, pc.utf8_rtrim(pc.cast(moments, pa.string()), "0"))
