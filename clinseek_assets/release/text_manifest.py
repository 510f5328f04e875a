"""The text manifest held against the counts of its release.

Source of the counts: the dataset card of ClinSeek-Bench for the official release, `expected_counts.json` for any other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from clinseek_assets.benchmark.manifest_file import read_manifest
from clinseek_assets.benchmark.manifest_review import count_checks, manifest_warnings
from clinseek_assets.benchmark.questions import Question
from clinseek_assets.benchmark.released_counts import ExpectedCounts, expected_counts
from clinseek_assets.benchmark.subtasks import RISK
from clinseek_assets.faults import Fault
from clinseek_assets.release.checks import ANY, ReleaseCheck, count, failing_rows, unusable


def text_manifest_checks(manifest: Path, release_root: Path) -> tuple[list[ReleaseCheck], list[Question]]:
    """Read the text manifest and hold it against the counts of its release.

    Args:
        manifest: the released file.
        release_root: where `expected_counts.json` lies, if the release has one.

    Returns:
        The checks, and the questions; none where the manifest cannot be read, which is then the failing check.
    """
    try:
        questions = read_manifest(manifest)
        expected = expected_counts(release_root)
    except Fault as fault:
        return [unusable("text: manifest", "not readable", str(fault))], []
    readable = ReleaseCheck("text: manifest", "readable", "readable", True)
    return [readable, *_counts(questions, expected), *_oddities(questions)], questions


def _counts(questions: Sequence[Question], expected: ExpectedCounts) -> Iterator[ReleaseCheck]:
    """Every released count of the text split, and what must hold for each row."""
    promised = {name for name, rows in expected.text.per_subtask.items() if rows}
    tasks = {question.task for question in questions}
    risks = sum(question.task_type == RISK for question in questions)
    yield count("text: subtasks", len(promised), len(tasks), sorted(promised ^ tasks))
    yield count("text: risk rows", expected.text.risk_rows, risks)
    yield count("text: decision rows", expected.text.decision_rows, len(questions) - risks)
    for check in count_checks(questions, expected):
        yield count(f"text: {check.name}", check.expected, check.found, _surplus(questions, check.name, check.expected))
    yield count("text: unique qids", len(questions), len({question.qid for question in questions}))
    yield failing_rows("text: rows without gold", questions, lambda question: not question.gold)
    yield failing_rows("text: rows whose moment is before their latest event", questions, _before_its_latest_event)


def _before_its_latest_event(question: Question) -> bool:
    return question.latest_event_time is not None and question.prediction_time < question.latest_event_time


def _surplus(questions: Sequence[Question], counted: str, expected: int) -> list[str]:
    """The rows of one subtask beyond the expected number; nothing for other counts or where rows are missing."""
    rows = [question.row_number for question in questions if counted == f"rows of {question.task}"]
    return [f"row {number}" for number in rows[expected:]]


def _oddities(questions: Sequence[Question]) -> Iterator[ReleaseCheck]:
    """What rows may have and readers should know: checks that always hold, with the rows that have it."""
    for odd in manifest_warnings(questions):
        places = tuple(f"row {number}" for number in odd.first_rows)
        yield ReleaseCheck(f"text: rows with {odd.name}", ANY, odd.rows, True, places)
