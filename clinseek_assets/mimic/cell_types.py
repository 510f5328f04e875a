"""From text cells to the catalogue's types, strictly: what does not parse is a fault with its record number.

Numbers are plain decimals, times are ISO (`2150-01-31 23:59:00`, with or without a fraction; a date alone is its
midnight, since MIMIC writes some times so), dates may carry a midnight. A whole number may end in `.0` in the datasets
that pandas wrote. Nothing is trimmed and no word stands for a missing value: «None» in a text is that text, in a number
it is a fault. Only an empty cell is NULL, and in a required text column (`prescriptions.drug`) an empty cell is a value
of its own.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from clinseek_assets.faults import SourceFault
from clinseek_assets.mimic.record_bounds import line_told
from clinseek_assets.mimic.tables import DATASET_TITLES, Column, ColumnType, Table

ARROW_TYPE = {
    ColumnType.INTEGER: pa.int64(),
    ColumnType.REAL: pa.float64(),
    ColumnType.TEXT: pa.string(),
    ColumnType.DATETIME: pa.timestamp("us"),
    ColumnType.DATE: pa.date32(),
}
EXPECTED = {
    ColumnType.INTEGER: "a whole number",
    ColumnType.REAL: "a number",
    ColumnType.TEXT: "a text",
    ColumnType.DATETIME: "a time such as 2150-01-31 23:59:00",
    ColumnType.DATE: "a date such as 2150-01-31",
}
SOURCE_ROW = "source_row"
EXACT_BELOW = 2.0**53  # below, each whole number is a float of its own


def _characters(cells: pa.StringArray) -> np.ndarray:
    """All characters of the cells in a row, as bytes, without copying them."""
    _, offsets, data = cells.buffers()
    if data is None or not len(cells):
        return np.empty(0, np.uint8)
    bounds = np.frombuffer(offsets, np.int32)[cells.offset : cells.offset + len(cells) + 1]
    return np.frombuffer(data, np.uint8)[bounds[0] : bounds[-1]]


def _integers(cells: pa.Array) -> pa.Array:
    if np.any(_characters(cells) > ord("9")):
        raise pa.ArrowInvalid("pyarrow would read a hexadecimal number")
    return pc.cast(cells, pa.int64())


def _integers_by_pandas(cells: pa.Array) -> pa.Array:
    """Integers of a column that pandas may have held as a float one, since a cell was empty: `29990001.0`."""
    try:
        return _integers(cells)
    except pa.ArrowInvalid:
        if np.any(_characters(cells) > ord("9")):
            raise
        values = pc.cast(cells, pa.float64())
        if pc.all(pc.less(pc.abs(values), EXACT_BELOW)).as_py() is False:
            raise
        return pc.cast(values, pa.int64())  # raises where there is a fraction


def _reals(cells: pa.Array) -> pa.Array:
    values = pc.cast(cells, pa.float64())
    if pc.all(pc.is_finite(values)).as_py() is False:
        raise pa.ArrowInvalid("pyarrow would read the words nan and inf")
    return values


def _datetimes(cells: pa.Array) -> pa.Array:
    return pc.cast(cells, pa.timestamp("us"))


def _dates(cells: pa.Array) -> pa.Array:
    moments = pc.cast(cells, pa.timestamp("us"))
    dates = pc.cast(moments, pa.date32())
    if pc.all(pc.equal(pc.cast(dates, pa.timestamp("us")), moments)).as_py() is False:
        raise pa.ArrowInvalid("a date with a time of day")
    return dates


CONVERT: dict[ColumnType, Callable[[pa.Array], pa.Array]] = {
    ColumnType.INTEGER: _integers,
    ColumnType.REAL: _reals,
    ColumnType.TEXT: lambda cells: cells,
    ColumnType.DATETIME: _datetimes,
    ColumnType.DATE: _dates,
}


# EHRXQA's, MedMod's and some copies of MIMIC-CXR-JPG's files were written by pandas.
CONVERT_PANDAS = {**CONVERT, ColumnType.INTEGER: _integers_by_pandas}


def parquet_schema(table: Table) -> pa.Schema:
    """The columns of an extracted table: the catalogue's, then `source_row`."""
    fields = [pa.field(column.name, ARROW_TYPE[column.type]) for column in table.columns]
    return pa.schema([*fields, pa.field(SOURCE_ROW, pa.int64())])


def typed_column(table: Table, column: Column, cells: pa.Array, source_rows: pa.Array, where: str) -> pa.Array:
    """One column's cells in its type.

    Args:
        table: the catalogue entry.
        column: one of its columns.
        cells: strings, null where a cell was empty.
        source_rows: the record number of each cell.
        where: the file, as messages name it.

    Raises:
        SourceFault: a cell that does not parse, or a required value that is missing; it names the record, not the cell.
    """
    convert = (CONVERT_PANDAS if table.module in DATASET_TITLES else CONVERT)[column.type]
    try:
        values = convert(cells)
    except pa.ArrowInvalid:
        record = source_rows[_first_that_fails(cells, convert)].as_py()
        raise SourceFault(
            f"{where}: record {record}, column {column.name}: the cell is not {EXPECTED[column.type]}.",
            mend=f"{line_told(record)} Fetch the file again or correct the record.",
        ) from None
    if column.required and values.null_count:
        if column.type is ColumnType.TEXT and table.key != (column.name,):
            return pc.fill_null(values, "")
        record = source_rows[pc.index(pc.is_null(values), True).as_py()].as_py()
        raise SourceFault(
            f"{where}: record {record}, column {column.name}: the cell is empty, and {table.dataset} requires a value "
            "there.",
            mend=f"{line_told(record)} Fetch the file again or correct the record.",
        )
    return values


def _first_that_fails(cells: pa.Array, convert: Callable[[pa.Array], pa.Array]) -> int:
    """Bisect with the very conversion that failed, so that the place and the verdict cannot disagree."""
    low, high = 0, len(cells)
    while high - low > 1:
        middle = (low + high) // 2
        try:
            convert(cells[low:middle])
            low = middle
        except pa.ArrowInvalid:
            high = middle
    return low


def typed_batch(table: Table, cells: pa.RecordBatch, source_rows: pa.Array, where: str) -> pa.RecordBatch:
    """A batch of text cells in the catalogue's types, with `source_row` as the last column.

    Raises:
        SourceFault: see `typed_column`.
    """
    values = [
        typed_column(table, column, cells.column(place), source_rows, where)
        for place, column in enumerate(table.columns)
    ]
    return pa.RecordBatch.from_arrays([*values, source_rows], schema=parquet_schema(table))
