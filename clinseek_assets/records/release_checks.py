"""Whether a text release and what was built from it is whole: the released counts, and each linked file.

Source of the counts: the dataset card of ClinSeek-Bench for the official release, `expected_counts.json` for any other.
A check names the first rows that fail by their number in the manifest, never a patient.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from clinseek_assets.benchmark.manifest_file import read_manifest
from clinseek_assets.benchmark.manifest_review import count_checks
from clinseek_assets.benchmark.questions import Question
from clinseek_assets.benchmark.released_counts import ExpectedCounts, expected_counts
from clinseek_assets.benchmark.subtasks import RISK
from clinseek_assets.faults import Fault
from clinseek_assets.locations.layout import Layout
from clinseek_assets.mimic.catalogue import PATIENT_TABLES
from clinseek_assets.records import candidate_tables, reference_tables, sqlite_tables, table_descriptions
from clinseek_assets.records.derived_columns import DERIVED_COLUMNS

NAMED_ROWS = 5


@dataclass(frozen=True)
class ReleaseCheck:
    """One thing that must be so.

    Attributes:
        name: what is counted or looked at.
        expected, found: the figures, or words where there is nothing to count.
        ok: whether they agree.
        first: the first places that fail, as `row 12`, or the reason.
    """

    name: str
    expected: int | str
    found: int | str
    ok: bool
    first: tuple[str, ...] = ()


def count(name: str, expected: int, found: int, first: Sequence[str] = ()) -> ReleaseCheck:
    """A check of a figure."""
    return ReleaseCheck(name, expected, found, expected == found, tuple(first[:NAMED_ROWS]))


def manifest_checks(manifest: Path, release_root: Path) -> tuple[list[ReleaseCheck], list[Question]]:
    """Read the text manifest and hold it against the counts of its release.

    Returns:
        The checks, and the questions; none where the manifest cannot be read, which is then the failing check.
    """
    try:
        questions = read_manifest(manifest)
        expected = expected_counts(release_root)
    except Fault as fault:
        return [ReleaseCheck("text: manifest", "readable", "not readable", False, (str(fault),))], []
    return [
        ReleaseCheck("text: manifest", "readable", "readable", True),
        *released_counts(questions, expected),
    ], questions


def released_counts(questions: Sequence[Question], expected: ExpectedCounts) -> Iterator[ReleaseCheck]:
    """Every released count of the text split, and what must hold for each row."""
    promised = {name for name, rows in expected.text.per_subtask.items() if rows}
    tasks = {question.task for question in questions}
    risks = sum(question.task_type == RISK for question in questions)
    yield count("text: subtasks", len(promised), len(tasks), sorted(promised ^ tasks))
    yield count("text: risk rows", expected.text.risk_rows, risks)
    yield count("text: decision rows", expected.text.decision_rows, len(questions) - risks)
    for check in count_checks(questions, expected):
        yield count(f"text: {check.name}", check.expected, check.found, surplus(questions, check.name, check.expected))
    yield count("text: unique qids", len(questions), len({question.qid for question in questions}))
    yield count("text: rows without gold", 0, *where(questions, lambda question: not question.gold))
    yield count(
        "text: rows whose moment is before their latest event",
        0,
        *where(
            questions,
            lambda question: bool(question.latest_event_time and question.prediction_time < question.latest_event_time),
        ),
    )


def where(questions: Sequence[Question], fails: Callable[[Question], bool]) -> tuple[int, list[str]]:
    """How many rows fail, and their places."""
    places = [f"row {question.row_number}" for question in questions if fails(question)]
    return len(places), places


def surplus(questions: Sequence[Question], counted: str, expected: int) -> list[str]:
    """The rows of one subtask beyond the expected number; nothing for other counts or where rows are missing."""
    rows = [question.row_number for question in questions if counted == f"rows of {question.task}"]
    return [f"row {number}" for number in rows[expected:]]


def artifact_checks(
    questions: Sequence[Question], layout: Layout, *, progress: Callable[[int, int], None] | None = None
) -> Iterator[ReleaseCheck]:
    """Whether each patient has a database that opens, has the catalogue's tables and is of that patient, and whether
    the tables that all patients share are there.

    Args:
        questions: of the text manifest.
        layout: the home whose artifacts are looked at.
        progress: told the databases looked at and their number.
    """
    first_row: dict[int, str] = {}
    for question in questions:
        first_row.setdefault(question.subject_id, f"row {question.row_number}")
    states: dict[str, list[str]] = {}
    for done, (subject_id, row) in enumerate(first_row.items(), 1):
        path = layout.patient_databases("text") / f"patient_{subject_id}.db"
        states.setdefault(database_state(path, subject_id), []).append(row)
        if progress:
            progress(done, len(first_row))
    left = len(first_row)
    for fault, name in STATES.items():
        failing = states.get(fault, [])
        yield count(f"text: patient databases {name}", left, left - len(failing), failing)
        left -= len(failing)
    yield from shared_checks(layout)


# What can be wrong with a patient's database, in the order in which it is looked for -> what the good ones are.
STATES = {
    "missing": "that are there",
    "broken": "that open",
    "other tables": "with the catalogue's tables",
    "other patient": "of their patient",
}


def database_state(path: Path, subject_id: int) -> str:
    """The first key of `STATES` that holds for a patient's database, or `good`.

    Only the first and the last row of each table are looked at: whole tables would take minutes.
    """
    if not path.is_file():
        return "missing"
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            if any(columns_of(connection, name) != names for name, names in PUBLISHED_COLUMNS.items()):
                return "other tables"
            patients = connection.execute("SELECT subject_id FROM patients").fetchall()
            if patients != [(subject_id,)]:
                return "other patient"
            ends = {row for name in PATIENT_TABLES for row in connection.execute(FIRST_AND_LAST.format(name=name))}
            return "good" if ends == {(subject_id,)} else "other patient"
    except sqlite3.Error:
        return "broken"


FIRST_AND_LAST = """
    SELECT subject_id FROM "{name}"
    WHERE rowid IN (SELECT min(rowid) FROM "{name}" UNION SELECT max(rowid) FROM "{name}")
"""
PUBLISHED_COLUMNS = {
    name: (*table.column_names, *([DERIVED_COLUMNS[name].name] if name in DERIVED_COLUMNS else []))
    for name, table in PATIENT_TABLES.items()
}


def columns_of(connection: sqlite3.Connection, table: str) -> tuple[str, ...]:
    """The column names of a table, none where it is not there."""
    return tuple(row[1] for row in connection.execute(f"PRAGMA table_info({sqlite_tables.quoted(table)})"))


def shared_checks(layout: Layout) -> Iterator[ReleaseCheck]:
    """Whether the reference tables, the candidate tables and the table descriptions are there and whole."""
    reference = (*reference_tables.DICTIONARY_TABLES, *reference_tables.CCS_TABLES, reference_tables.ATC_TABLE)
    yield sqlite_check("reference tables", layout.reference_tables, reference)
    yield sqlite_check("candidate tables", layout.candidate_tables, tuple(candidate_tables.MEANINGS))
    files = (table_descriptions.DESCRIPTIONS_FILE, table_descriptions.LINKS_FILE)
    whole = [name for name in files if is_json_lines(layout.table_descriptions / name)]
    yield count("table descriptions", len(files), len(whole), sorted(set(files) - set(whole)))


def sqlite_check(name: str, path: Path, tables: Sequence[str]) -> ReleaseCheck:
    """Whether an SQLite file opens and has these tables."""
    try:
        present = sqlite_tables.row_counts(path)
    except Fault:
        return count(name, len(tables), 0, [f"{path} is missing or cannot be read"])
    absent = sorted(set(tables) - set(present))
    return count(name, len(tables), len(tables) - len(absent), absent)


def is_json_lines(path: Path) -> bool:
    """Whether the file is there and every line of it is a JSON object."""
    try:
        return all(isinstance(json.loads(line), dict) for line in path.read_text(encoding="utf-8").splitlines())
    except (OSError, ValueError):
        return False
