"""What the catalogue says of a source table: a declarative entry each, from which everything else is derived.

Column names, types and modes are those of the official build schemas of MIMIC-IV 3.1 (hosp, icu), MIMIC-IV-ED 2.2 and
MIMIC-IV-Note 2.2 (MIT-LCP/mimic-code); the order is the order of the published CSV headers.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import cached_property


class ColumnType(Enum):
    """A column's type, and its name in the two engines that hold it."""

    INTEGER = ("integer", "BIGINT", "INTEGER")
    REAL = ("real", "DOUBLE", "REAL")
    TEXT = ("text", "VARCHAR", "TEXT")
    DATETIME = ("datetime", "TIMESTAMP", "TEXT")
    DATE = ("date", "DATE", "TEXT")

    def __init__(self, word: str, duckdb: str, sqlite: str) -> None:
        self.word = word
        self.duckdb = duckdb
        self.sqlite = sqlite


# The datasets other than MIMIC-IV that tables are read from, by `Table.module`.
DATASET_TITLES = {"mimic_cxr": "MIMIC-CXR-JPG", "ehrxqa": "EHRXQA", "medmod": "MedMod"}

FETCH_AGAIN = "Fetch the file again, and compare it with the SHA256SUMS.txt of its PhysioNet project."
# What users build themselves cannot be fetched.
BUILD_AGAIN = {
    "ehrxqa": "Write the file again with EHRXQA's own scripts (preprocess_db.py).",
    "medmod": "Write the file again with MedMod's own scripts (mimic4extract).",
}

TYPE_OF_WORD = {column_type.word: column_type for column_type in ColumnType}


@dataclass(frozen=True)
class Column:
    """One column: its published name, its type, whether the official schema requires a value, what it means."""

    name: str
    type: ColumnType
    required: bool
    description: str = ""


def columns(block: str) -> tuple[Column, ...]:
    """Read a catalogue block: a line a column, `name type[!] [description]`, where `!` marks a required value."""
    found = []
    for line in filter(None, (line.strip() for line in block.splitlines())):
        name, word, *description = line.split(None, 2)
        found.append(Column(name, TYPE_OF_WORD[word.rstrip("!")], word.endswith("!"), " ".join(description)))
    return tuple(found)


@dataclass(frozen=True)
class Label:
    """A dictionary that gives a code its readable name: `column` of the table is looked up in `dictionary`."""

    columns: tuple[str, ...]
    dictionary: str
    title: str


@dataclass(frozen=True)
class Table:
    """One source table.

    Attributes:
        module: of MIMIC-IV `hosp`, `icu`, `ed` or `note`, the folder that it lies in; else the dataset: `mimic_cxr`,
            `ehrxqa`, `medmod`.
        name: the published table name, unique over all modules of a dataset.
        description: one sentence, in our own words.
        columns: in the order of the published header.
        key: columns that tell its rows apart in the published data.
        event_time: the column by which the benchmark orders the table's rows in a patient's life, or None where a row
            has no time of its own (EHR-R1's trajectory rule; `timeline/` adds the times that it synthesises).
        indexes: column groups that a patient database indexes, for what the EHR tools ask. The columns by which a
            record is cut stand in that of the items, so that counting items needs no other page.
        labels: dictionaries that explain the table's codes.
        optional: columns that some builds of the source lack; they read NULL there.
    """

    module: str
    name: str
    description: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    event_time: str | None = None
    indexes: tuple[tuple[str, ...], ...] = ()
    labels: tuple[Label, ...] = ()
    optional: tuple[str, ...] = ()

    @property
    def dataset(self) -> str:
        """The published name of the dataset that the table belongs to, for messages."""
        return DATASET_TITLES.get(self.module, "MIMIC-IV")

    @property
    def mend(self) -> str:
        """What a user can do about a damaged file of the table."""
        return BUILD_AGAIN.get(self.module, FETCH_AGAIN)

    @cached_property
    def column_names(self) -> tuple[str, ...]:
        """The published column names, in the order of the header."""
        return tuple(column.name for column in self.columns)

    @cached_property
    def of_patients(self) -> bool:
        """Whether its rows belong to patients; the others are dictionaries and lists, taken whole."""
        return "subject_id" in self.column_names

    def column(self, name: str) -> Column:
        """The column of that name; KeyError where there is none."""
        return self.columns[{column.name: place for place, column in enumerate(self.columns)}[name]]
