"""Whether each patient has a database that opens, has the catalogue's tables and no other, and is of that patient."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from clinseek_assets.benchmark.questions import Question
from clinseek_assets.mimic.catalogue import CATALOGUES, Catalogue
from clinseek_assets.records.database_schema import column_names
from clinseek_assets.records.patient_databases import Note, database_path, read_notes
from clinseek_assets.records.sqlite_tables import quoted
from clinseek_assets.release.checks import ReleaseCheck, by_state, row

# What can be wrong with a patient's database -> what the others are, in the order in which it is looked for.
STATES = {
    "missing": "that are there",
    "broken": "that open",
    "other tables": "with the catalogue's tables",
    "other patient": "of their patient",
    "changed": "of the size that was noted when they were built",
}
GOOD = "good"
# Only the first and the last row of each table are looked at: whole tables would take minutes.
FIRST_AND_LAST = """
    SELECT subject_id FROM {name}
    WHERE rowid IN (SELECT min(rowid) FROM {name} UNION SELECT max(rowid) FROM {name})
"""
TABLES = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite^_%' ESCAPE '^'"


def database_checks(
    what: str,
    questions: Sequence[Question],
    folder: Path,
    catalogue: Catalogue,
    *,
    progress: Callable[[int, int], None] | None = None,
) -> Iterator[ReleaseCheck]:
    """Whether all patients of these questions have their database.

    Args:
        what: how the checks name the databases: `text: patient databases`.
        questions: whose patients are meant; a database is named by the first row that needs it.
        folder: where `patient_<subject_id>.db` lie.
        catalogue: whose tables they have.
        progress: told the databases looked at and their number.
    """
    first_row: dict[int, str] = {}
    for question in questions:
        first_row.setdefault(question.subject_id, row(question))
    look = _Look(folder, catalogue)
    failing: dict[str, list[str]] = {}
    for done, (subject_id, place) in enumerate(first_row.items(), 1):
        failing.setdefault(look.state(subject_id), []).append(place)
        if progress:
            progress(done, len(first_row))
    yield from by_state(what, STATES, len(first_row), failing)


@dataclass(frozen=True)
class _Look:
    """Looks at the databases of one folder."""

    folder: Path
    catalogue: Catalogue

    @cached_property
    def columns(self) -> dict[str, tuple[str, ...]]:
        """The tables that a database has, with their columns."""
        return {name: column_names(table, self.catalogue) for name, table in self.catalogue.patient_tables.items()}

    @cached_property
    def notes(self) -> Mapping[str, Note]:
        """What was noted of the databases when they were built."""
        return read_notes(self.folder)

    def state(self, subject_id: int) -> str:
        """The first key of `STATES` that holds for a patient's database, or `good`."""
        path = database_path(self.folder, subject_id)
        if not path.is_file():
            return "missing"
        try:
            with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
                state = self._of_content(connection, subject_id)
        except sqlite3.Error:
            return "broken"
        note = self.notes.get(path.name)
        return "changed" if state == GOOD and note and note.size != path.stat().st_size else state

    def _of_content(self, connection: sqlite3.Connection, subject_id: int) -> str:
        names = {name for (name,) in connection.execute(TABLES)}
        if names != set(self.columns) or any(
            _columns_of(connection, name) != columns for name, columns in self.columns.items()
        ):
            return "other tables"
        own = {(subject_id,)}
        ends = {
            found for name in self.columns for found in connection.execute(FIRST_AND_LAST.format(name=quoted(name)))
        }
        if ends != own:
            return "other patient"
        listed = connection.execute("SELECT subject_id FROM patients").fetchall() if "patients" in names else [*own]
        return GOOD if listed == [*own] else "other patient"


def _columns_of(connection: sqlite3.Connection, table: str) -> tuple[str, ...]:
    """The column names of a table."""
    return tuple(found[1] for found in connection.execute(f"PRAGMA table_info({quoted(table)})"))


# Records by the folder's name -> whose catalogue their tables are.
CATALOGUE_OF = {"text": CATALOGUES["mimic_iv"], "ehrxqa": CATALOGUES["ehrxqa"], "medmod": CATALOGUES["medmod"]}
