"""The contexts of the multimodal split: `input_text` as published, and its strict twin.

The release ships no `input_text`, so it is rendered here, by one renderer (`multimodal_layout`) from one kind of record
(`records/pinned`). The time rule is the record's. Published (`compat`): each table is cut by its first column whose
name contains `time` or `date`, strictly before the question's moment; rows without that time are left out, and a table
without such a column is whole. Strict: of each row and value what was known before the moment
(`docs/time_policy.md`). Nothing else differs, and nothing depends on which images or reports are on this disk.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas

from clinseek_assets.benchmark.questions import Question
from clinseek_assets.contexts.multimodal_layout import MOST_ROWS, ShownTable, render_input_text
from clinseek_assets.contexts.multimodal_schema import (
    COLUMN_TYPES,
    GIVEN,
    NO_DATABASE,
    RENDERED,
    STRICT_COLUMN_TYPES,
)
from clinseek_assets.contexts.processes import each
from clinseek_assets.contexts.tokens import count_all
from clinseek_assets.records.pinned.pin import Pin, Policy
from clinseek_assets.records.pinned.record_files import RecordFiles
from clinseek_assets.storage.fingerprint import of_text

MOST_PROCESSES = 8

Files = Mapping[str, RecordFiles]
"""Dataset -> where its records lie."""
Reports = Mapping[str, Sequence[str]]
"""qid -> the texts of its linked reports."""
Progress = Callable[[int, int], None]
Row = dict[str, Any]


def multimodal_contexts(
    questions: Sequence[Question], files: Files, *, reports: Reports | None = None, progress: Progress | None = None
) -> pandas.DataFrame:
    """The published context of each question.

    Args:
        questions: rows of the multimodal manifest.
        files: where the records of their datasets lie.
        reports: texts of the linked reports, put into every arm's input alike; None is switched off.
        progress: called with contexts rendered and contexts in all.

    Returns:
        One row a question, in their order, of the schema `multimodal_schema.MULTIMODAL_CONTEXTS`: `status` (`given`
        where the manifest has an `input_text`, `rendered`, or `no_database`), `context`, `context_sha256`, `tokens`
        (approximate).

    Raises:
        DatabaseFault: a database cannot be read, or a reference database is missing.
    """
    return _frame(questions, files, reports, progress, _published, COLUMN_TYPES)


def multimodal_strict_contexts(
    questions: Sequence[Question], files: Files, *, reports: Reports | None = None, progress: Progress | None = None
) -> pandas.DataFrame:
    """The strict twin of each question's context: the same layout, of what was known at the moment.

    Args:
        questions, files, reports, progress: as of `multimodal_contexts`.

    Returns:
        One row a question, in their order, of the schema `multimodal_schema.MULTIMODAL_STRICT_CONTEXTS`: `status`
        (`rendered` or `no_database`), `context`, `context_sha256`, `tokens`, and, against the same record under the
        published rule, `rows_curated_only`, `values_curated_only` (in rows that both show) and `rows_strict_only` (an
        older row in the place of one that is not known yet).

    Raises:
        DatabaseFault: a database cannot be read, or a reference database is missing.
    """
    return _frame(questions, files, reports, progress, _strict, STRICT_COLUMN_TYPES)


@dataclass(frozen=True)
class _Task:
    """One question with its reports, and where its record lies."""

    question: Question
    reports: tuple[str, ...]


def _frame(
    questions: Sequence[Question],
    files: Files,
    reports: Reports | None,
    progress: Progress | None,
    rendered: Callable[[Files, _Task], Row],
    types: Mapping[str, str],
) -> pandas.DataFrame:
    tasks = [
        _Task(question, tuple((reports or {}).get(question.qid, ())))
        for question in questions
        if _has_record(question, files)
    ]
    found: dict[str, Row] = {}
    processes = min(os.cpu_count() or 1, MOST_PROCESSES)
    for task, row in zip(tasks, each(rendered, tasks, files, processes), strict=True):
        found[task.question.qid] = row
        if progress:
            progress(len(found), len(tasks))
    rows = [_row(question, found.get(question.qid)) for question in questions]
    lengths = count_all([row["context"] for row in rows])
    rows = [{**row, "tokens": length} for row, length in zip(rows, lengths, strict=True)]
    return pandas.DataFrame(rows, columns=list(types)).astype(dict(types))


def _has_record(question: Question, files: Files) -> bool:
    return question.dataset in files and files[question.dataset].database_of(question.subject_id).is_file()


def _row(question: Question, found: Row | None) -> Row:
    return {
        "qid": question.qid,
        "row_number": question.row_number,
        "subject_id": question.subject_id,
        "subtask": question.task,
        **({"status": NO_DATABASE, "context": None} if found is None else found),
    }


def _published(files: Files, task: _Task) -> Row:
    """The published context of one question: the manifest's own where it has one."""
    if task.question.input is not None:
        return _told(GIVEN, task.question.input)
    return _told(RENDERED, _text(task, _shown(files, task.question, "compat")))


def _strict(files: Files, task: _Task) -> Row:
    """The strict context of one question, with what it leaves out."""
    curated, strict = _shown(files, task.question, "compat"), _shown(files, task.question, "strict")
    return {**_told(RENDERED, _text(task, strict)), **_left_out(curated, strict)}


def _told(status: str, context: str) -> Row:
    return {"status": status, "context": context, "context_sha256": of_text(context)}


def _text(task: _Task, tables: Sequence[ShownTable]) -> str:
    question = task.question
    return render_input_text(question.question or "", tables, question.image_paths, task.reports)


def _shown(files: Files, question: Question, policy: Policy) -> list[ShownTable]:
    """What a context shows of each table that the record serves."""
    with files[question.dataset].opened(Pin.of(question), policy) as record:
        latest = {table: record.latest_rows(table, MOST_ROWS) for table in record.tables}
    return [
        ShownTable(table, found.columns, tuple(found.rows), tuple(found.source_rows), found.visible)
        for table, found in latest.items()
    ]


def _left_out(curated: Sequence[ShownTable], strict: Sequence[ShownTable]) -> Row:
    """Rows and values that only one of the two shows; a row is the same if it is of the same source row."""
    rows_curated_only = values_curated_only = rows_strict_only = 0
    of_strict = {table.name: table for table in strict}
    for table in curated:
        other = of_strict.pop(table.name)
        less = dict(zip(other.source_rows, other.rows, strict=True))
        rows_curated_only += len(set(table.source_rows) - set(less))
        rows_strict_only += len(set(less) - set(table.source_rows))
        values_curated_only += sum(
            _missing(dict(zip(table.columns, row, strict=True)), dict(zip(other.columns, less[number], strict=True)))
            for number, row in zip(table.source_rows, table.rows, strict=True)
            if number in less
        )
    rows_strict_only += sum(len(table.rows) for table in of_strict.values())
    return {
        "rows_curated_only": rows_curated_only,
        "values_curated_only": values_curated_only,
        "rows_strict_only": rows_strict_only,
    }


def _missing(row: Row, less: Row) -> int:
    return sum(value is not None and less.get(column) is None for column, value in row.items())
