"""The text split in the published layout.

`data/text/` is the root that the published EHR server is given: `database/` with a file a patient, the dictionaries and
the candidate tables, and `table_description/`. The filled manifest lies there under its released name, and as
`inputs/ehr_bench.json`: the published agent takes its own prompt by that file name alone, and gets the curated
question, timeline included, by any other.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from clinseek_assets.benchmark.questions import Question
from clinseek_assets.benchmark.subtasks import SUBTASKS
from clinseek_assets.contexts.prompts import ANSWER_TRAILER, curated_prompt
from clinseek_assets.locations.layout import TEXT_MANIFEST_FILE, Layout
from clinseek_assets.locations.settings import Settings
from clinseek_assets.records.patient_databases import database_path
from clinseek_assets.release.checks import Progress, row
from clinseek_assets.release.export.package import Package, PlacedFile, refuse_incomplete
from clinseek_assets.release.export.released_rows import Row, curated_contexts, questions_of, released_rows
from clinseek_assets.release.shared_files import DESCRIPTIONS

SPLIT = "text"
ROOT = "data/text"
AGENT_MANIFEST = "inputs/ehr_bench.json"


def text_part(settings: Settings, progress: Progress) -> Package:
    """The text split's part of a package.

    Args:
        settings: where the release and the artifacts lie.
        progress: not asked for here: nothing takes long.

    Raises:
        Fault: the manifest cannot be read, or something was not materialized; it names all that is lacking.
    """
    questions, layout = questions_of(settings, SPLIT), settings.layout
    contexts = curated_contexts(SPLIT, questions, layout)
    databases = {question.subject_id: row(question) for question in reversed(questions)}
    folder = layout.patient_databases(SPLIT)
    shared = dict(_shared(layout))
    refuse_incomplete(
        SPLIT,
        {
            "text_patient_databases, patients without one": [
                place for patient, place in databases.items() if not database_path(folder, patient).is_file()
            ],
            "reference_tables, candidate_tables, table_descriptions": [
                source.name for source in shared.values() if not source.is_file()
            ],
            "text_contexts, questions without a row": [row(one) for one in questions if one.qid not in contexts],
        },
    )
    rows = [
        filled(question, released, contexts[question.qid])
        for question, released in released_rows(settings.text_manifest, questions)
    ]
    manifest = (json.dumps(rows, indent=1, ensure_ascii=False) + "\n").encode("utf-8")
    patients = [database_path(folder, patient) for patient in sorted(databases)]
    return Package(
        files=(
            PlacedFile(TEXT_MANIFEST_FILE, settings.text_manifest),
            *(PlacedFile(f"{ROOT}/database/{path.name}", path) for path in patients),
            *(PlacedFile(f"{ROOT}/{target}", source) for target, source in shared.items()),
        ),
        texts={f"{ROOT}/{TEXT_MANIFEST_FILE}": manifest, AGENT_MANIFEST: manifest},
        facts=_facts(questions, contexts),
    )


def filled(question: Question, released: Row, context: str | None) -> Row:
    """A row as the published drivers need it: with `label`, `instruction`, `input` and the rendered `question`.

    Args:
        question: the row as it was read; ids become numbers, without which the published server finds no patient.
        released: the row of the file; its other keys stay.
        context: the curated input; None where there is none, and then the row has only what was released.
    """
    made = {
        **released,
        "qid": question.qid,
        "subject_id": question.subject_id,
        "hadm_id": question.hadm_id,
        "task": question.task,
        "task_type": question.task_type,
        "instruction": question.instruction or SUBTASKS[question.task].instruction,
        "input": question.input,
        "question": question.question,
        "label": question.label,
        "candidates": list(question.candidates) if question.candidates is not None else None,
    }
    if context is not None:
        made |= {"input": context, "question": curated_prompt(question, context).removesuffix(ANSWER_TRAILER)}
    return made


def _shared(layout: Layout) -> Iterator[tuple[str, Path]]:
    yield "database/reference_table.db", layout.reference_tables
    yield "database/candidate_table.db", layout.candidate_tables
    for name in DESCRIPTIONS:
        yield f"table_description/{name}", layout.table_descriptions / name


def _facts(questions: Sequence[Question], contexts: dict[str, str | None]) -> dict[str, int]:
    return {
        "text_rows": len(questions),
        "text_patients": len({question.subject_id for question in questions}),
        "text_rows_without_context": sum(contexts[question.qid] is None for question in questions),
    }
