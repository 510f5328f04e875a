"""What the page shows of an artifact: sizes, schemas and aggregates, in Dagster's own metadata types."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dagster as dg
import pandas

from clinseek_assets.mimic.tables import Table

ROW_COUNT = "dagster/row_count"
COLUMN_SCHEMA = "dagster/column_schema"


def of_file_and_rows(path: Path, rows: int) -> dict[str, Any]:
    """Where the artifact lies, its size and its number of rows."""
    return {
        ROW_COUNT: rows,
        "path": dg.MetadataValue.path(str(path)),
        "bytes": path.stat().st_size,
    }


def of_frame(path: Path, frame: pandas.DataFrame) -> dict[str, Any]:
    """As `of_file_and_rows`, with the columns and their types."""
    columns = [dg.TableColumn(str(name), str(dtype)) for name, dtype in frame.dtypes.items()]
    return {**of_file_and_rows(path, len(frame)), COLUMN_SCHEMA: dg.TableSchema(columns)}


def schema_of_table(table: Table) -> dg.TableSchema:
    """The columns of a source table as the catalogue has them."""
    columns = [
        dg.TableColumn(
            column.name,
            column.type.duckdb,
            column.description or None,
            constraints=dg.TableColumnConstraints(nullable=not column.required, unique=(column.name,) == table.key),
        )
        for column in table.columns
    ]
    columns.append(dg.TableColumn("source_row", "BIGINT", "The record's number in the source file, from 1."))
    return dg.TableSchema(columns)


def aggregates(frame: pandas.DataFrame, columns: list[str] | None = None) -> dg.MetadataValue:
    """A small frame of aggregates as a table on the page."""
    shown = frame[columns] if columns else frame
    records = [
        dg.TableRecord({str(name): plain(value) for name, value in row.items()})
        for row in shown.to_dict(orient="records")
    ]
    return dg.MetadataValue.table(records, dg.TableSchema([dg.TableColumn(str(name)) for name in shown.columns]))


def plain(value: Any) -> str | int | float | bool | None:
    """A cell as a value that a table on the page can hold."""
    if value is None or value is pandas.NA or (isinstance(value, float) and pandas.isna(value)):
        return None
    return value.item() if hasattr(value, "item") else value
