"""Candidate tables: the vocabularies that the candidate tools search, seven tables with a column `candidate`.

Four come from the reference tables and are as wide as the user's own dictionaries: the ICD codes that have a CCS class,
laboratory tests, medicines with an ATC class. Three have no dictionary in MIMIC-IV and are the distinct names in source
tables; as those hold the benchmark's patients only, such a vocabulary is what occurs with these patients.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import polars

from clinseek_assets.faults import SourceFault
from clinseek_assets.records import sqlite_tables
from clinseek_assets.records.sqlite_tables import SqliteTable
from clinseek_assets.storage import fingerprint


@dataclass(frozen=True)
class ReferenceVocabulary:
    """A candidate table out of a reference table: its columns (the one called `candidate` under its name there)."""

    name: str
    reference: str
    columns: dict[str, str]
    candidate: str
    where: str

    @property
    def statement(self) -> str:
        """The query of its rows, in the order of the dictionary."""
        names = ", ".join(f"{self.candidate} AS candidate" if name == "candidate" else name for name in self.columns)
        named = f"trim({self.candidate}) <> ''"
        return f"SELECT {names} FROM {self.reference} WHERE {named} AND {self.where} ORDER BY rowid"


@dataclass(frozen=True)
class ObservedVocabulary:
    """A candidate table out of the distinct values of one column of a source table, where `kind` has a value."""

    name: str
    source: str
    column: str
    kind: tuple[str, str] | None = None


CCS = {
    "icd_code": "TEXT",
    "icd_version": "INTEGER",
    "candidate": "TEXT",
    "ccs_code": "TEXT",
    "ccs_name": "TEXT",
}
FROM_REFERENCE = (
    ReferenceVocabulary("diagnoses_ccs_candidates", "d_ccs_diagnoses", CCS, "long_title", "ccs_code IS NOT NULL"),
    ReferenceVocabulary("procedures_ccs_candidates", "d_ccs_procedures", CCS, "long_title", "ccs_code IS NOT NULL"),
    ReferenceVocabulary(
        "labevents_candidates",
        "d_labitems",
        {"itemid": "INTEGER", "candidate": "TEXT", "fluid": "TEXT", "category": "TEXT"},
        "label",
        "TRUE",
    ),
    ReferenceVocabulary(
        "prescriptions_atc_candidates",
        "d_atc_prescriptions",
        {"ndc": "TEXT", "candidate": "TEXT", "atc_code": "TEXT", "atc_name": "TEXT"},
        "name",
        "TRUE",
    ),
)
FROM_SOURCES = (
    ObservedVocabulary("microbiologyevents_candidates", "microbiologyevents", "test_name"),
    ObservedVocabulary("transfers_candidates", "transfers", "careunit", ("eventtype", "transfer")),
    ObservedVocabulary("radiology_candidates", "radiology_detail", "field_value", ("field_name", "exam_name")),
)

ICD_COLUMNS = {
    "icd_code": "the ICD code, without dot",
    "icd_version": "9 or 10: the revision that the code belongs to",
    "ccs_code": "the code's CCS class",
    "ccs_name": "name of the CCS class",
}
# Candidate table -> what it is, and column -> what that is.
MEANINGS: dict[str, tuple[str, dict[str, str]]] = {
    "diagnoses_ccs_candidates": (
        "Names of diagnoses with a CCS class.",
        {**ICD_COLUMNS, "candidate": "name of the diagnosis"},
    ),
    "procedures_ccs_candidates": (
        "Names of procedures with a CCS class.",
        {**ICD_COLUMNS, "candidate": "name of the procedure"},
    ),
    "labevents_candidates": (
        "Names of laboratory tests.",
        {
            "itemid": "the laboratory test",
            "candidate": "the test's name",
            "fluid": "the fluid that is tested, such as blood or urine",
            "category": "the kind of test: blood gas, chemistry or hematology",
        },
    ),
    "prescriptions_atc_candidates": (
        "Names of medicines with an ATC class.",
        {
            "ndc": "national drug code with 11 digits",
            "candidate": "the medicine's name",
            "atc_code": "the medicine's ATC class",
            "atc_name": "name of the ATC class",
        },
    ),
    "microbiologyevents_candidates": (
        "Names of microbiology tests done on the benchmark's patients.",
        {"candidate": "name of the test"},
    ),
    "transfers_candidates": (
        "Names of units that the benchmark's patients were transferred to.",
        {"candidate": "name of the unit"},
    ),
    "radiology_candidates": (
        "Names of radiology exams done on the benchmark's patients.",
        {"candidate": "name of the exam"},
    ),
}


@dataclass(frozen=True)
class CandidatesBuilt:
    """What was built.

    Attributes:
        path: the SQLite file.
        rows: rows of each candidate table.
        missing: empty tables -> why they are empty.
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


def build_candidate_tables(tables: Mapping[str, Path], reference_db: Path, destination: Path) -> CandidatesBuilt:
    """Write the candidate tables as one SQLite file, whole or not at all; nothing if its inputs have not changed.

    Args:
        tables: Parquet files of the source tables by name; a table that is not there leaves its vocabulary empty.
        reference_db: the reference tables.
        destination: the SQLite file.

    Raises:
        SourceFault: the reference tables or a Parquet file cannot be read.
    """
    started = time.monotonic()
    observed = {vocabulary.name: names_in(vocabulary, tables.get(vocabulary.source)) for vocabulary in FROM_SOURCES}
    inputs = fingerprint.of_value(
        {
            "reference": sqlite_tables.content_fingerprint(reference_db),
            "observed": observed,
            "code": fingerprint.of_code(sqlite_tables, sys.modules[__name__]),
        }
    )
    up_to_date = sqlite_tables.is_built_from(destination, inputs)
    if not up_to_date:
        known = [
            SqliteTable(each.name, each.columns, sqlite_tables.rows_of(reference_db, each.statement), (("candidate",),))
            for each in FROM_REFERENCE
        ]
        seen = [
            SqliteTable(name, {"candidate": "TEXT"}, [(candidate,) for candidate in names], (("candidate",),))
            for name, names in observed.items()
        ]
        sqlite_tables.write_tables(destination, [*known, *seen], inputs)
    rows = sqlite_tables.row_counts(destination)
    return CandidatesBuilt(
        destination, rows, reasons(tables, rows), inputs, up_to_date, seconds=time.monotonic() - started
    )


def names_in(vocabulary: ObservedVocabulary, path: Path | None) -> list[str]:
    """The distinct names that a vocabulary takes from a source table, sorted; none where there is no file.

    Raises:
        SourceFault: the Parquet file is damaged or lacks a column.
    """
    if path is None:
        return []
    try:
        rows = polars.scan_parquet(path)
        if vocabulary.kind:
            column, value = vocabulary.kind
            rows = rows.filter(polars.col(column) == value)
        names = rows.select(polars.col(vocabulary.column).unique()).collect().to_series().to_list()
    except (polars.exceptions.PolarsError, OSError) as error:
        raise SourceFault(
            f"{path} does not hold the columns of {vocabulary.source} ({type(error).__name__}).",
            mend="Remove the file and extract the table again.",
        ) from None
    return sorted(name for name in names if name and name.strip())


def reasons(tables: Mapping[str, Path], rows: Mapping[str, int]) -> dict[str, str]:
    """Why each empty candidate table is empty."""
    why = {each.name: f"The reference table {each.reference} has no row for it." for each in FROM_REFERENCE}
    why |= {
        each.name: f"The source table {each.source} "
        + ("holds no such name." if each.source in tables else "is not there.")
        for each in FROM_SOURCES
    }
    return {name: why[name] for name, count in rows.items() if not count}
