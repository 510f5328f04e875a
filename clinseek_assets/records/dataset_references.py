"""Reference databases of EHRXQA and MedMod: what their items and codes are called, as one small SQLite file each.

EHRXQA ships its own dictionaries, cut out of MIMIC-IV's: `d_icd_diagnoses` and `d_icd_procedures` (a code once, without
its version), `d_items`, `d_labitems`. MedMod ships none, and its events mix what is charted with laboratory results; so
`items` (itemid, label, source) is made of MIMIC-IV's `d_items` and `d_labitems`.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from clinseek_assets.mimic import tables as table_shapes
from clinseek_assets.mimic.catalogue import CATALOGUES, MIMIC_IV
from clinseek_assets.mimic.tables import Table
from clinseek_assets.records import sqlite_tables
from clinseek_assets.records.reference_tables import file_fingerprint, read_dictionary
from clinseek_assets.records.sqlite_tables import Row, SqliteTable
from clinseek_assets.storage import fingerprint

# Dictionary of EHRXQA -> the columns of its index; what is looked up for many rows stands in the index itself.
EHRXQA_DICTIONARIES: dict[str, tuple[str, ...]] = {
    "d_icd_diagnoses": ("icd_code",),
    "d_icd_procedures": ("icd_code",),
    "d_items": ("itemid", "label"),
    "d_labitems": ("itemid", "label"),
}
ITEMS = "items"
ITEM_COLUMNS = {"itemid": "INTEGER", "label": "TEXT", "source": "TEXT"}
MEDMOD_SOURCES = ("d_items", "d_labitems")


@dataclass(frozen=True)
class DatasetReferenceBuilt:
    """What was built.

    Attributes:
        path: the SQLite file.
        rows: rows of each table.
        missing: source tables that are not there -> what that costs.
        fingerprint: of all inputs and of the code that builds.
        up_to_date: whether the file was there already, built from the same inputs; then nothing was written.
        seconds: how long it took.
    """

    path: Path
    rows: dict[str, int]
    missing: dict[str, str]
    fingerprint: str
    up_to_date: bool
    seconds: float


def build_ehrxqa_reference(tables: Mapping[str, Path], destination: Path) -> DatasetReferenceBuilt:
    """Write EHRXQA's dictionaries as one SQLite file, whole or not at all; nothing if its inputs have not changed.

    Args:
        tables: Parquet files of EHRXQA's tables by name; a dictionary that is not there becomes an empty table.
        destination: the SQLite file.

    Raises:
        SourceFault: a Parquet file is not what the extraction writes.
    """
    catalogue = CATALOGUES["ehrxqa"].tables
    used = {name: catalogue[name] for name in EHRXQA_DICTIONARIES}
    return _build(used, tables, destination, _ehrxqa_tables)


def build_medmod_reference(tables: Mapping[str, Path], destination: Path) -> DatasetReferenceBuilt:
    """Write MedMod's item names as one SQLite file, whole or not at all; nothing if its inputs have not changed.

    Args:
        tables: Parquet files of MIMIC-IV's source tables by name; of a dictionary that is not there no item has a name.
        destination: the SQLite file.

    Raises:
        SourceFault: a Parquet file is not what the extraction writes.
    """
    used = {name: MIMIC_IV.tables[name] for name in MEDMOD_SOURCES}
    return _build(used, tables, destination, _medmod_tables)


Dictionaries = Mapping[str, Sequence[Row]]


def _build(
    used: Mapping[str, Table],
    tables: Mapping[str, Path],
    destination: Path,
    made_of: Callable[[Dictionaries], list[SqliteTable]],
) -> DatasetReferenceBuilt:
    """Read the dictionaries and write what is made of them."""
    started = time.monotonic()
    inputs = fingerprint.of_value(
        {
            "files": {name: file_fingerprint(tables[name]) for name in used if name in tables},
            "code": fingerprint.of_code(sqlite_tables, table_shapes, sys.modules[__name__]),
            "columns": {name: table.column_names for name, table in used.items()},
        }
    )
    up_to_date = sqlite_tables.is_built_from(destination, inputs)
    if not up_to_date:
        dictionaries = {name: read_dictionary(tables.get(name), table) for name, table in used.items()}
        sqlite_tables.write_tables(destination, made_of(dictionaries), inputs)
    return DatasetReferenceBuilt(
        path=destination,
        rows=sqlite_tables.row_counts(destination),
        missing={name: "Its codes have no readable names." for name in used if name not in tables},
        fingerprint=inputs,
        up_to_date=up_to_date,
        seconds=time.monotonic() - started,
    )


def _ehrxqa_tables(dictionaries: Dictionaries) -> list[SqliteTable]:
    shapes = CATALOGUES["ehrxqa"].tables
    return [
        SqliteTable(
            name,
            {column.name: column.type.sqlite for column in shapes[name].columns},
            rows,
            (EHRXQA_DICTIONARIES[name],),
        )
        for name, rows in dictionaries.items()
    ]


def _medmod_tables(dictionaries: Dictionaries) -> list[SqliteTable]:
    rows = []
    for name, of_dictionary in dictionaries.items():
        places = [MIMIC_IV.tables[name].column_names.index(column) for column in ("itemid", "label")]
        rows += [(*(row[place] for place in places), name) for row in of_dictionary]
    return [SqliteTable(ITEMS, ITEM_COLUMNS, rows, (("itemid", "label"),))]
