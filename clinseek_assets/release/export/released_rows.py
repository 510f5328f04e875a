"""The rows of a released manifest as they stand in the file, beside their questions and contexts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from clinseek_assets.benchmark.questions import Question
from clinseek_assets.faults import Fault, ManifestFault
from clinseek_assets.locations.layout import Layout
from clinseek_assets.locations.settings import Settings
from clinseek_assets.release.checks import row
from clinseek_assets.release.contexts import has_its_hash, read_contexts
from clinseek_assets.release.manifests import read_split
from clinseek_assets.storage.json_rows import JsonRow, json_rows, read_utf8

Row = dict[str, Any]


def questions_of(settings: Settings, split: str) -> list[Question]:
    """The questions of a split's released manifest.

    Raises:
        Fault: it cannot be read, or the release has no such split.
    """
    checks, questions = read_split(settings, split)
    if not questions:
        reasons = [reason for check in checks for reason in check.first]
        raise Fault(f"The {split} split cannot be exported. {' '.join(reasons)}")
    return questions


def released_rows(manifest: Path, questions: Sequence[Question]) -> Iterator[tuple[Question, Row]]:
    """Each question with its row of the file, all keys as released.

    Args:
        manifest: the file that the questions were read from.
        questions: all of them.

    Raises:
        ManifestFault: the file was changed since.
    """
    found = json_rows(read_utf8(manifest, ManifestFault))
    rows = {one.number: one.value for one in found if isinstance(one, JsonRow) and isinstance(one.value, dict)}
    for question in questions:
        if question.row_number not in rows:
            raise ManifestFault(f"{manifest} was changed while it was exported.", mend="Run the same command again.")
        yield question, rows[question.row_number]


def curated_contexts(split: str, questions: Sequence[Question], layout: Layout) -> dict[str, str | None]:
    """qid -> the curated context as the graph made it; None where none could be made, absent where there is no row.

    Raises:
        Fault: a context is not the one that was recorded.
    """
    found: dict[str, tuple[str | None, str | None]] = {}
    for subtask in dict.fromkeys(question.task for question in questions):
        found |= read_contexts(layout.contexts(split, "curated", subtask)) or {}
    for question in questions:
        if question.qid in found and not has_its_hash(*found[question.qid]):
            raise Fault(
                f"The context of {row(question)} of the {split} split is not the one that was recorded.",
                mend=f"Materialize {split}_contexts of {question.task} again.",
            )
    return {qid: text for qid, (text, _) in found.items()}
