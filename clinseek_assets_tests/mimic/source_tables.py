"""Source files for tests, written by the csv module: the published dialect, or a deviation on purpose."""

from __future__ import annotations

import csv
import gzip
import io
from pathlib import Path

from clinseek_assets.mimic.catalogue import TABLES
from clinseek_assets.mimic.source_files import SourceFile
from clinseek_assets.mimic.tables import Column, ColumnType

# A plausible cell of each type, for columns that a test does not care about.
FILLING = {
    ColumnType.INTEGER: "7",
    ColumnType.REAL: "1.5",
    ColumnType.TEXT: "text",
    ColumnType.DATETIME: "2150-01-02 03:04:05",
    ColumnType.DATE: "2150-01-02",
}


def filling(column: Column) -> str:
    return FILLING[column.type]


def record(table: str, **cells: str) -> dict[str, str]:
    """A record of a table: what is given, and something of the right type elsewhere."""
    return {column.name: cells.get(column.name, filling(column)) for column in TABLES[table].columns}


def csv_text(table: str, records: list[dict[str, str]], header: list[str] | None = None, **dialect) -> str:
    """The file's text; `header` gives the columns another order."""
    names = header or list(TABLES[table].column_names)
    buffer = io.StringIO()
    writer = csv.writer(buffer, **{"lineterminator": "\n", **dialect})
    writer.writerow(names)
    writer.writerows([[cells[name] for name in names] for cells in records])
    return buffer.getvalue()


def write_source(folder: Path, table: str, content: str | bytes, *, gz: bool = False) -> SourceFile:
    """Write a source file as it lies below a MIMIC-IV root."""
    data = content.encode() if isinstance(content, str) else content
    path = folder / f"{table}.csv{'.gz' if gz else ''}"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(data, mtime=0) if gz else data)
    return SourceFile(TABLES[table], path)
