"""Where each question's curated context comes from, in this order:

1. the manifest's `input`;
2. the timeline section of the manifest's `question`;
3. EHR-Bench's own files (`ehr_bench.py`);
4. the patient's record, where the anchor is found again (`refinding.py`).

A question that none of them gives has no context and gets no curated answer. Where two give one, whether they differ
is recorded: every question is searched for in the record, also where its context is given.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas

from clinseek_assets.benchmark.questions import Question
from clinseek_assets.contexts.ehr_bench import ehr_bench_inputs
from clinseek_assets.contexts.prompts import timeline_of_question
from clinseek_assets.contexts.refinding import NOT_FOUND, Refound, refind_all
from clinseek_assets.contexts.schema import COLUMN_TYPES
from clinseek_assets.contexts.timeline_text import events_of
from clinseek_assets.contexts.tokens import count_all
from clinseek_assets.faults import DatabaseFault
from clinseek_assets.storage.fingerprint import of_text
from clinseek_assets.timeline.dictionaries import Dictionaries
from clinseek_assets.timeline.windows import Beginning

MOST_PROCESSES = 8


def curate(
    questions: Sequence[Question],
    *,
    databases: Path,
    dictionaries: Dictionaries,
    ehr_bench_root: Path | None,
    progress: Callable[[int, int], None] | None = None,
) -> pandas.DataFrame:
    """The curated context of each question.

    Args:
        questions: rows of one manifest, each subtask that occurs with all of its questions.
        databases: the folder of `patient_<subject_id>.db` files; a patient without one cannot be searched.
        dictionaries: what codes mean.
        ehr_bench_root: the folder of EHR-Bench's files, or None.
        progress: called with patients searched and patients in all.

    Returns:
        One row a question, in their order, of the schema `schema.CONTEXTS`: `source` and `context` (missing where there
        is none), `context_sha256`, `tokens` (approximate), `status` (`given`; or how the search ended: `exact`,
        `ambiguous`, `not_found`), `differs` (whether two sources that were both there say different things, to the
        character; missing where only one was there), `search` and `ties` (how the search in the record ended and by
        which rule of ties alone, given contexts included; `search` is missing for a patient without a database),
        `window_start` and `window_table` (time and table of the first event of the question's window: that of the
        refound anchor, else the first that the context shows; missing where neither tells).

    Raises:
        SourceFault: EHR-Bench's files are not those that the manifest names; or a database has no row in `patients`.
        DatabaseFault: a context has to be rendered and the folder of databases is missing; or one cannot be read.
    """
    released = ehr_bench_inputs(questions, ehr_bench_root) if ehr_bench_root is not None else {}
    given = [dict(_given(question, released)) for question in questions]
    if not databases.is_dir() and not all(given):
        raise DatabaseFault(
            f"The folder of patient databases {databases} is missing, and the manifest does not bring every context.",
            mend="Build the patient databases first.",
        )
    searched = refind_all(
        questions,
        databases=databases,
        dictionaries=dictionaries,
        processes=min(os.cpu_count() or 1, MOST_PROCESSES),
        progress=progress,
    )
    rows = [_row(question, texts, searched.get(question.qid)) for question, texts in zip(questions, given, strict=True)]
    lengths = count_all([row["context"] for row in rows])
    rows = [{**row, "tokens": length} for row, length in zip(rows, lengths, strict=True)]
    return pandas.DataFrame(rows, columns=list(COLUMN_TYPES)).astype(COLUMN_TYPES)


def _given(question: Question, released: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The contexts that come from outside, by their sources; a blank text is none."""
    texts = {
        "manifest_input": question.input,
        "manifest_question": timeline_of_question(question.question or ""),
        "ehr_bench": released.get(question.qid),
    }
    return ((source, text) for source, text in texts.items() if text is not None and text.strip())


def _row(question: Question, given: Mapping[str, str], searched: Refound | None) -> dict[str, Any]:
    rendered = {"rendered": searched.context} if searched and searched.context else {}
    texts = {**given, **rendered}
    source, context = next(iter(texts.items()), (None, None))
    beginning = (searched and searched.beginning) or (context and _first_shown(context))
    return {
        "qid": question.qid,
        "row_number": question.row_number,
        "subject_id": question.subject_id,
        "subtask": question.task,
        "source": source,
        "status": "given" if given else searched.status if searched else NOT_FOUND,
        "context": context,
        "context_sha256": context and of_text(context),
        "differs": len(set(texts.values())) > 1 if len(texts) > 1 else None,
        "search": searched and searched.status,
        "ties": searched and searched.ties,
        "window_start": beginning.start if beginning else None,
        "window_table": beginning.table if beginning else None,
    }


def _first_shown(context: str) -> Beginning | None:
    """Where the events of a context begin, or None where none has a time."""
    return next((Beginning(event.start, event.table) for event in events_of(context) if event.start), None)
