"""Strict contexts: the window of each published context, rendered from what was known at the question's moment.

Window and layout are those of the published context, so that nothing but the policy of time differs: the events that
start from the first event of its window up to the moment, as far as the pinned record shows them. Header blocks follow
the published rules on what is visible: demographics; the last visible discharge note, where it is of another admission;
the question's own admission. What an admission's text tells is never shown, since it is written at discharge. A value
that is not known yet prints as a missing one.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas

from clinseek_assets.benchmark.questions import Question
from clinseek_assets.benchmark.subtasks import SUBTASKS
from clinseek_assets.contexts.left_out import left_out
from clinseek_assets.contexts.processes import each
from clinseek_assets.contexts.rendering import latest_bracketed_time, render_input
from clinseek_assets.contexts.schema import STRICT_COLUMN_TYPES
from clinseek_assets.contexts.timeline_text import read_timeline
from clinseek_assets.contexts.tokens import count_all
from clinseek_assets.faults import DatabaseFault
from clinseek_assets.records.patient_databases import database_path
from clinseek_assets.records.pinned.pin import Pin
from clinseek_assets.records.pinned.record import PinnedRecord
from clinseek_assets.storage.fingerprint import of_text
from clinseek_assets.timeline.dictionaries import Dictionaries
from clinseek_assets.timeline.events import Event, Trajectory, trajectory_of
from clinseek_assets.timeline.windows import Beginning, ContextWindow, Span, cut

RENDERED, NO_PUBLISHED_CONTEXT, NO_DATABASE = "rendered", "no_published_context", "no_database"
MOST_PROCESSES = 8


@dataclass(frozen=True)
class Records:
    """Where pinned records are opened, and what their codes mean."""

    databases: Path
    reference: Path
    dictionaries: Dictionaries


@dataclass(frozen=True)
class Published:
    """What is taken from a question's published context.

    Attributes:
        pin: whose record, and at which moment.
        context: its text.
        beginning: where its window begins; None where no event of it has a time.
    """

    pin: Pin
    context: str
    beginning: Beginning | None


def strict_contexts(
    questions: Sequence[Question],
    published: pandas.DataFrame,
    *,
    databases: Path,
    reference: Path,
    progress: Callable[[int, int], None] | None = None,
) -> pandas.DataFrame:
    """The strict context of each question.

    Args:
        questions: rows of one manifest.
        published: their contexts, of the schema `schema.CONTEXTS`; a question without one has no strict one either.
        databases: the folder of patient databases.
        reference: the reference database.
        progress: called with contexts rendered and contexts in all.

    Returns:
        One row a question, in their order, of the schema `schema.STRICT_CONTEXTS`: `status` (`rendered`, or why there
        is none: `no_published_context`, `no_database`), `context`, `context_sha256`, `tokens` (approximate),
        `window_start`, `window_table`, and, against the published context, `rows_curated_only`, `values_curated_only`
        (in rows that both show) and `rows_strict_only` (an older discharge note in the place of one that is not known
        yet; what happened in the window's last second but stands behind the question's event).

    Raises:
        DatabaseFault: the folder or the reference database is missing, or one of the databases cannot be read.
    """
    if not databases.is_dir():
        raise DatabaseFault(f"The folder of patient databases {databases} is missing.", mend="Build them first.")
    of_qid: dict[str, dict[Any, Any]] = {row["qid"]: row for row in published.to_dict(orient="records")}
    tasks = {
        question.qid: task
        for question in questions
        if (task := _published(question, of_qid.get(question.qid)))
        and database_path(databases, question.subject_id).is_file()
    }
    records = Records(databases, reference, Dictionaries.load(reference))
    processes = min(os.cpu_count() or 1, MOST_PROCESSES)
    rendered: dict[str, dict[str, Any]] = {}
    for qid, found in zip(tasks, each(_compared, list(tasks.values()), records, processes), strict=True):
        rendered[qid] = found
        if progress:
            progress(len(rendered), len(tasks))
    rows = [_row(question, of_qid.get(question.qid), rendered.get(question.qid)) for question in questions]
    lengths = count_all([row.get("context") for row in rows])
    rows = [{**row, "tokens": length} for row, length in zip(rows, lengths, strict=True)]
    return pandas.DataFrame(rows, columns=list(STRICT_COLUMN_TYPES)).astype(STRICT_COLUMN_TYPES)


def _published(question: Question, row: dict[Any, Any] | None) -> Published | None:
    """What a question's row says, or None where it has no context."""
    if row is None or pandas.isna(row["context"]):
        return None
    start, table = row["window_start"], row["window_table"]
    beginning = None if pandas.isna(start) else Beginning(start.to_pydatetime(), table)
    return Published(Pin.of(question), row["context"], beginning)


def _row(question: Question, published: dict[Any, Any] | None, rendered: dict[str, Any] | None) -> dict[str, Any]:
    shown = published is not None and not pandas.isna(published["context"])
    return {
        "qid": question.qid,
        "row_number": question.row_number,
        "subject_id": question.subject_id,
        "subtask": question.task,
        "status": RENDERED if rendered else NO_DATABASE if shown else NO_PUBLISHED_CONTEXT,
        **{name: published[name] if published is not None else None for name in ("window_start", "window_table")},
        **(rendered or {"context": None}),
    }


def _compared(records: Records, published: Published) -> dict[str, Any]:
    """One strict context with what it leaves out."""
    context = render_strict(records, published)
    difference = left_out(published.context, context)
    return {
        "context": context,
        "context_sha256": of_text(context),
        "rows_curated_only": difference.rows,
        "values_curated_only": difference.values,
        "rows_strict_only": difference.rows_added,
    }


def render_strict(records: Records, published: Published) -> str:
    """The strict context of one question.

    Raises:
        DatabaseFault: a database is missing or cannot be read.
    """
    with PinnedRecord(published.pin, "strict", databases=records.databases, reference=records.reference) as record:
        rows = record.timeline_rows()
    border = published.beginning.start if published.beginning else None
    return render_input(strict_window(trajectory_of(rows, records.dictionaries, apart_at=border), published))


def strict_window(visible: Trajectory, published: Published) -> ContextWindow:
    """The window of a visible trajectory from the published one's start to its end.

    Args:
        visible: what the pinned record shows, apart at the start of the window.
        published: the question's published context.
    """
    stop = len(visible.events)
    first = published.beginning.place_in(visible) if published.beginning else stop
    subtask = SUBTASKS[published.pin.subtask]
    window = cut(visible, Span(first, stop, stop, _own_admission(visible, published)), subtask)
    return replace(window, admission=window.admission and _without_text(window.admission))


def _own_admission(visible: Trajectory, published: Published) -> int | None:
    """The question's admission; where it names none, the visible one that the published context shows."""
    if published.pin.hadm_id is not None:
        return published.pin.hadm_id
    shown = {block.start for block in read_timeline(published.context) if block.table == "admissions"}
    began = (row for row in visible.rows_of("admissions") if row["admittime"] in shown)
    return next((row["hadm_id"] for row in began), None)


def _without_text(admission: Event) -> Event:
    return replace(admission, rows=tuple({**row, "admission_info": None} for row in admission.rows))


def told_too_early(contexts: pandas.DataFrame, questions: Sequence[Question]) -> int:
    """How many strict contexts show a time in brackets that is not before their question's moment.

    Args:
        contexts: columns qid and context.
        questions: the questions that they belong to.
    """
    moments = {question.qid: question.prediction_time for question in questions}
    shown = zip(contexts["qid"], contexts["context"], strict=True)
    latest = ((qid, latest_bracketed_time(text)) for qid, text in shown if isinstance(text, str))
    return sum(time is not None and qid in moments and time >= moments[qid] for qid, time in latest)
