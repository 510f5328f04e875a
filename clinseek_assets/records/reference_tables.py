"""Reference tables: the user's own dictionaries, and classes of codes derived from them, as one SQLite file.

`d_hcpcs`, `d_icd_diagnoses`, `d_icd_procedures`, `d_labitems` and `d_items` are as in MIMIC-IV. `d_ccs_diagnoses` and
`d_ccs_procedures` give each ICD code of the dictionaries its CCS class (NULL where CCS has none), and
`d_atc_prescriptions` the ATC classes of medicines by NDC, from a mapping file that the user gives.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import polars

from clinseek_assets.faults import SourceFault
from clinseek_assets.mimic import code_classes
from clinseek_assets.mimic import tables as table_shapes
from clinseek_assets.mimic.catalogue import TABLES
from clinseek_assets.mimic.code_classes import CodeClass, IcdCode, icd_key
from clinseek_assets.mimic.tables import Table
from clinseek_assets.records import sqlite_tables
from clinseek_assets.records.sqlite_tables import Row, SqliteTable
from clinseek_assets.storage import fingerprint

DICTIONARY_TABLES = ("d_hcpcs", "d_icd_diagnoses", "d_icd_procedures", "d_labitems", "d_items")
# What is looked up for every row of big tables stands in the index itself: one place to go to instead of two.
COVERED = {"d_labitems": ("label",), "d_items": ("label",)}
CCS_TABLES = {"d_ccs_diagnoses": "d_icd_diagnoses", "d_ccs_procedures": "d_icd_procedures"}
CCS_COLUMNS = {
    "icd_code": "TEXT",
    "icd_version": "INTEGER",
    "long_title": "TEXT",
    "ccs_code": "TEXT",
    "ccs_name": "TEXT",
}
ATC_TABLE = "d_atc_prescriptions"
ATC_TYPES = dict.fromkeys(code_classes.ATC_COLUMNS, "TEXT")


@dataclass(frozen=True)
class ReferenceBuilt:
    """What was built.

    Attributes:
        path: the SQLite file.
        rows: rows of each table.
        unclassed: dictionary codes without a CCS class, by table and ICD version (`d_ccs_procedures, ICD-9`).
        missing: empty tables -> why they are empty.
        fingerprint: of all inputs and of the code that builds.
        up_to_date: whether the file was there already, built from the same inputs; then nothing was written.
        seconds: how long it took.
    """

    path: Path
    rows: dict[str, int]
    unclassed: dict[str, int]
    missing: dict[str, str]
    fingerprint: str
    up_to_date: bool
    seconds: float
    versions: dict[str, str] = field(default_factory=code_classes.shipped_versions)


def build_reference_tables(
    tables: Mapping[str, Path],
    destination: Path,
    *,
    atc_classes: Path | None,
    ccs_icd9_procedures: Path | None = None,
) -> ReferenceBuilt:
    """Write the reference tables as one SQLite file, whole or not at all; nothing if its inputs have not changed.

    Args:
        tables: Parquet files of the source tables by name, as the extraction writes them; a dictionary that is not
            there becomes an empty table.
        destination: the SQLite file.
        atc_classes: a CSV file `ndc,name,atc_code,atc_name`, or None.
        ccs_icd9_procedures: AHRQ's CCS file of ICD-9 procedures, or None.

    Raises:
        SourceFault: a Parquet file, or one of the two files given, is not what it should be.
    """
    started = time.monotonic()
    inputs = reference_fingerprint(tables, atc_classes, ccs_icd9_procedures)
    up_to_date = sqlite_tables.is_built_from(destination, inputs)
    if not up_to_date:
        dictionaries = {name: read_dictionary(tables.get(name), TABLES[name]) for name in DICTIONARY_TABLES}
        classes = {
            "d_ccs_diagnoses": code_classes.ccs_of_diagnoses(),
            "d_ccs_procedures": code_classes.ccs_of_procedures(ccs_icd9_procedures),
        }
        derived = [ccs_table(name, dictionaries[CCS_TABLES[name]], classes[name]) for name in CCS_TABLES]
        written = [dictionary_table(name, rows) for name, rows in dictionaries.items()]
        sqlite_tables.write_tables(destination, [*written, *derived, atc_table(atc_classes)], inputs)
    return ReferenceBuilt(
        path=destination,
        rows=sqlite_tables.row_counts(destination),
        unclassed=count_unclassed(destination),
        missing=reasons(tables, atc_classes),
        fingerprint=inputs,
        up_to_date=up_to_date,
        seconds=time.monotonic() - started,
    )


def reference_fingerprint(
    source: Mapping[str, Path], atc_classes: Path | None, ccs_icd9_procedures: Path | None
) -> str:
    """A fingerprint of all that the reference tables depend on."""
    files = {name: source[name] for name in DICTIONARY_TABLES if name in source}
    files |= {"atc": atc_classes} if atc_classes else {}
    files |= {"icd9_procedures": ccs_icd9_procedures} if ccs_icd9_procedures else {}
    return fingerprint.of_value(
        {
            "files": {name: file_fingerprint(path) for name, path in files.items()},
            "packages": code_classes.shipped_versions(),
            "code": fingerprint.of_code(code_classes, sqlite_tables, table_shapes, sys.modules[__name__]),
            "columns": {name: [(c.name, c.type.sqlite) for c in TABLES[name].columns] for name in DICTIONARY_TABLES},
        }
    )


def file_fingerprint(path: Path) -> str:
    """A file's content hash.

    Raises:
        SourceFault: it cannot be read.
    """
    try:
        return fingerprint.of_file(path)
    except OSError as error:
        raise SourceFault(
            f"{path} cannot be read ({type(error).__name__}).", mend="Name a file that is there."
        ) from None


def read_dictionary(path: Path | None, table: Table) -> Sequence[Row]:
    """A dictionary's rows in the order of the source file, with the catalogue's columns; none where there is no file.

    Raises:
        SourceFault: the Parquet file is damaged or lacks a column.
    """
    if path is None:
        return []
    try:
        frame = polars.read_parquet(path)
        return frame.sort("source_row").select(table.column_names).rows()
    except (polars.exceptions.PolarsError, OSError) as error:
        raise SourceFault(
            f"{path} does not hold the columns of {table.name} ({type(error).__name__}).",
            mend="Remove the file and extract the table again.",
        ) from None


def dictionary_table(name: str, rows: Sequence[Row]) -> SqliteTable:
    """A dictionary as in MIMIC-IV, indexed by its key."""
    columns = {column.name: column.type.sqlite for column in TABLES[name].columns}
    return SqliteTable(name, columns, rows, ((*TABLES[name].key, *COVERED.get(name, ())),))


def ccs_table(name: str, dictionary: Sequence[Row], classes: Mapping[IcdCode, CodeClass]) -> SqliteTable:
    """The ICD codes of a dictionary, each with its CCS class or NULL."""
    rows = []
    for icd_code, icd_version, long_title in dictionary:
        found = classes.get((icd_key(icd_code), icd_version))
        rows.append((icd_code, icd_version, long_title, found and found.code, found and found.name))
    return SqliteTable(name, CCS_COLUMNS, rows, (("icd_code", "icd_version"), ("ccs_code",)))


def atc_table(path: Path | None) -> SqliteTable:
    """The ATC classes by NDC; an empty table where no mapping file is given."""
    entries = code_classes.read_atc_classes(path) if path else []
    rows = [(entry.ndc, entry.name, entry.atc_code, entry.atc_name) for entry in entries]
    return SqliteTable(ATC_TABLE, ATC_TYPES, rows, (("ndc",), ("atc_code",)))


def count_unclassed(path: Path) -> dict[str, int]:
    """Codes without a CCS class, by table and ICD version; what has none is left out."""
    counted = "SELECT icd_version, count(*) FROM {} WHERE ccs_code IS NULL GROUP BY icd_version ORDER BY icd_version"
    return {
        f"{table}, ICD-{version}": count
        for table in CCS_TABLES
        for version, count in sqlite_tables.rows_of(path, counted.format(table))
    }


def reasons(source: Mapping[str, Path], atc_classes: Path | None) -> dict[str, str]:
    """Which tables are empty for want of an input, and of which."""
    missing = {name: f"The source table {name} is not there." for name in DICTIONARY_TABLES if name not in source}
    missing |= {name: missing[wanted] for name, wanted in CCS_TABLES.items() if wanted in missing}
    if atc_classes is None:
        missing[ATC_TABLE] = "No mapping file was given (CLINSEEK_ATC_CLASSES); ATC classes are unknown."
    return missing
