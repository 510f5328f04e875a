"""What tables and columns mean, as the file of table descriptions tells it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from clinseek_assets.faults import SourceFault
from clinseek_assets.mimic.catalogue import CATALOGUES
from clinseek_assets.records.pinned.labels import LabelColumn
from clinseek_assets.records.tools import closed_vocabularies
from clinseek_assets.records.tools.candidates import NAME
from clinseek_assets.storage.fingerprint import of_text, of_value

MEND = "Build the table descriptions again."


@dataclass(frozen=True)
class Description:
    """What a table is.

    Attributes:
        kind: the module that it is of, or `candidate`.
        text: what it holds.
        columns: column -> what it means.
    """

    kind: str
    text: str
    columns: Mapping[str, str]


@dataclass(frozen=True)
class Descriptions:
    """The descriptions of one file: table -> description, and a hash of the file."""

    tables: Mapping[str, Description]
    fingerprint: str


def read_descriptions(path: Path) -> Descriptions:
    """The descriptions in a file of JSON Lines, read again only when the file has changed.

    Raises:
        SourceFault: it is missing or not of that form.
    """
    try:
        written = path.stat()
    except OSError as error:
        raise SourceFault(f"{path} cannot be read ({type(error).__name__}).", mend=MEND) from None
    return _read(path, written.st_mtime_ns, written.st_size)


@lru_cache(maxsize=4)
def _read(path: Path, written: int, size: int) -> Descriptions:
    try:
        text = path.read_text(encoding="utf-8")
        rows = [json.loads(line) for line in text.split("\n") if line.strip()]
        tables = {
            row["file_name"]: Description(
                row["class"],
                row["description"],
                {column["column_name"]: column["description"] for column in row["columns"]},
            )
            for row in rows
        }
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SourceFault(f"{path} does not describe tables ({type(error).__name__}).", mend=MEND) from None
    return Descriptions(tables, of_text(text))


@cache
def catalogue_descriptions(dataset: str) -> Descriptions:
    """The descriptions of a dataset's tables, and of the closed vocabularies, as the catalogue has them: no file."""
    tables = {
        table.name: Description(
            table.module, table.description, {column.name: column.description for column in table.columns}
        )
        for table in CATALOGUES[dataset].patient_tables.values()
    }
    for name, meaning in closed_vocabularies.MEANINGS.items():
        tables[f"{name}{closed_vocabularies.ENDING}"] = Description("candidate", meaning, {NAME: "the name"})
    return Descriptions(tables, of_value({name: vars(described) for name, described in tables.items()}))


def label_meanings(labels: Sequence[LabelColumn]) -> dict[str, str]:
    """Label column -> what it means: the descriptions know only what the tables themselves have."""
    return {label.name: f"what {_codes(label.keys)} means (from {label.dictionary})" for label in labels}


def _codes(keys: tuple[tuple[str, str], ...]) -> str:
    return " and ".join(theirs for theirs, _ in keys)
