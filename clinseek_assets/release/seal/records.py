"""The patients' databases, table by table, by what stands in them and not by their bytes.

A table's rows are taken in the order of the source file, since by it the benchmark orders what happened in the same
second; the rows' numbers in that file do not count, nor indexes, pages or settings. A derived column is a part of its
own, since it is made of another source table.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from clinseek_assets.benchmark.questions import Question
from clinseek_assets.contexts.processes import each
from clinseek_assets.mimic.catalogue import Catalogue
from clinseek_assets.records.derived_columns import DERIVED_OF_DATASET, DerivedColumn
from clinseek_assets.records.patient_databases import database_path
from clinseek_assets.records.sqlite_tables import quoted
from clinseek_assets.release.databases import CATALOGUE_OF, TABLES
from clinseek_assets.release.seal.canonical import Cell, of_table
from clinseek_assets.release.seal.parts import NOTHING, Part

# MedMod's list of studies is made of MIMIC-CXR-JPG's metadata.
MADE_OF = {("medmod", "tb_cxr"): "mimic_cxr/metadata"}


def record_parts(
    records: str, questions: Sequence[Question], folder: Path, progress: Callable[[int, int], None]
) -> list[Part]:
    """One part a table of the patient databases of `text`, `ehrxqa` or `medmod`.

    Args:
        records: whose databases.
        questions: all of the split; those of another dataset have nothing there.
        folder: where `patient_<subject_id>.db` lie.
        progress: told the databases read and their number.
    """
    shape = RecordShape(CATALOGUE_OF[records])
    patients = list(dict.fromkeys(q.subject_id for q in questions if q.dataset == shape.catalogue.dataset))
    paths = [database_path(folder, patient) for patient in patients]
    contents: dict[int, Mapping[str, bytes] | None] = {}
    found = each(record_contents, paths, records, os.cpu_count() or 1)
    for done, (patient, of_patient) in enumerate(zip(patients, found, strict=True), 1):
        contents[patient] = of_patient
        progress(done, len(patients))

    def content(question: Question, name: str) -> bytes | None:
        if question.dataset != shape.catalogue.dataset:
            return NOTHING
        of_patient = contents[question.subject_id]
        return None if of_patient is None else of_patient.get(name)

    return [
        Part(
            f"{records}_patient_databases/{name}",
            questions[0].split,
            upstream,
            tuple(content(question, name) for question in questions),
            patients=tuple(question.subject_id for question in questions),
        )
        for name, upstream in shape.upstream.items()
    ]


def record_contents(records: str, path: Path) -> dict[str, bytes] | None:
    """Part -> its digest in one patient's database; None where that is not there, damaged, or has other tables."""
    return RecordShape(CATALOGUE_OF[records]).contents(path)


@dataclass(frozen=True)
class RecordShape:
    """How the databases of one catalogue fall into parts."""

    catalogue: Catalogue

    @cached_property
    def derived(self) -> Mapping[str, DerivedColumn]:
        """Table -> the column that the builder adds to it, as its last."""
        return DERIVED_OF_DATASET[self.catalogue.dataset]

    @cached_property
    def upstream(self) -> dict[str, tuple[str, ...]]:
        """Part (a table, or `table.column` of a derived column) -> the source table that it is made of."""
        found: dict[str, tuple[str, ...]] = {}
        for name in self.catalogue.patient_tables:
            found[name] = (self._source(name),)
            if derived := self.derived.get(name):
                found[f"{name}.{derived.name}"] = (self._source(derived.source),)
        return found

    def _source(self, name: str) -> str:
        dataset, module = self.catalogue.dataset, self.catalogue.tables[name].module
        own = f"{dataset}/{name}" if module == dataset else f"{dataset}/{module}/{name}"
        return MADE_OF.get((dataset, name), own)

    def contents(self, path: Path) -> dict[str, bytes] | None:
        """As `record_contents`."""
        if not path.is_file():
            return None
        try:
            with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
                if {name for (name,) in connection.execute(TABLES)} != set(self.catalogue.patient_tables):
                    return None
                return dict(self._digests(connection))
        except sqlite3.Error:
            return None

    def _digests(self, connection: sqlite3.Connection) -> Iterator[tuple[str, bytes]]:
        for name in self.catalogue.patient_tables:
            columns, rows = read_table(connection, name)
            derived = self.derived.get(name)
            if derived and columns[-1:] == [derived.name]:
                yield f"{name}.{derived.name}", of_table(columns[-1:], [row[-1:] for row in rows])
                columns, rows = columns[:-1], [row[:-1] for row in rows]
            yield name, of_table(columns, rows)


def read_table(connection: sqlite3.Connection, name: str) -> tuple[list[str], list[tuple[Cell, ...]]]:
    """The column names and all rows of a table, in the order of the file that it was made of."""
    cursor = connection.execute(f"SELECT * FROM {quoted(name)} ORDER BY rowid")
    return [column for column, *_ in cursor.description], cursor.fetchall()
