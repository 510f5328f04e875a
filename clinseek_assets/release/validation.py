"""All that a release and its rebuilt artifacts are held against, split by split.

The released manifest is looked at first (`manifests.py`), then what was built from it. The command line, the graph and
the tests ask the same functions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from clinseek_assets.benchmark.questions import Question
from clinseek_assets.release.checks import ReleaseCheck
from clinseek_assets.release.contexts import context_checks
from clinseek_assets.release.databases import CATALOGUE_OF, database_checks
from clinseek_assets.release.linked_images import image_checks
from clinseek_assets.release.linked_reports import report_checks
from clinseek_assets.release.manifests import read_split
from clinseek_assets.release.scope import Scope
from clinseek_assets.release.shared_files import dataset_reference_check, shared_text_checks
from clinseek_assets.release.source_tables import (
    multimodal_source_checks,
    multimodal_table_checks,
    text_table_checks,
)

Checks = Iterator[ReleaseCheck]


def release_checks(scope: Scope, splits: Sequence[str]) -> list[ReleaseCheck]:
    """Hold the released manifests of these splits, and all that was built from them, against what they must be.

    Args:
        scope: where the release, the sources and the artifacts lie, and how much of them must be there.
        splits: `text`, `multimodal`.
    """
    checks: list[ReleaseCheck] = []
    for split in splits:
        of_manifest, questions = read_split(scope.settings, split)
        checks += of_manifest
        for part in PARTS[split] if questions else ():
            checks += part(scope, questions)
    return checks


def text_tables(scope: Scope, questions: Sequence[Question]) -> Checks:
    """The extracted tables of MIMIC-IV."""
    yield from text_table_checks(scope.settings)


def text_databases(scope: Scope, questions: Sequence[Question]) -> Checks:
    """The text split's patient databases, and the files that all its patients share."""
    yield from database_checks(
        "text: patient databases",
        questions,
        scope.layout.patient_databases("text"),
        CATALOGUE_OF["text"],
        progress=scope.stage("Patient databases"),
    )
    yield from shared_text_checks(scope.layout)


def text_contexts(scope: Scope, questions: Sequence[Question]) -> Checks:
    """The text split's contexts."""
    yield from context_checks("text", questions, scope)


def multimodal_tables(scope: Scope, questions: Sequence[Question]) -> Checks:
    """The source files of the multimodal split, and the tables extracted from them."""
    yield from multimodal_source_checks(scope.settings, questions)
    yield from multimodal_table_checks(scope.layout, questions)


def multimodal_databases(scope: Scope, questions: Sequence[Question]) -> Checks:
    """The multimodal split's patient databases and dictionaries, dataset by dataset."""
    for dataset in sorted({question.dataset for question in questions}):
        yield from database_checks(
            f"multimodal: {dataset} patient databases",
            [question for question in questions if question.dataset == dataset],
            scope.layout.patient_databases(dataset),
            CATALOGUE_OF[dataset],
            progress=scope.stage(f"Patient databases of {dataset}"),
        )
        yield dataset_reference_check(dataset, scope.layout)


def multimodal_images(scope: Scope, questions: Sequence[Question]) -> Checks:
    """The linked X-rays."""
    yield from image_checks(questions, scope)


def multimodal_reports(scope: Scope, questions: Sequence[Question]) -> Checks:
    """The linked reports."""
    yield from report_checks(questions, scope)


def multimodal_contexts(scope: Scope, questions: Sequence[Question]) -> Checks:
    """The multimodal split's contexts."""
    yield from context_checks("multimodal", questions, scope)


PARTS: dict[str, tuple[Callable[[Scope, Sequence[Question]], Checks], ...]] = {
    "text": (text_tables, text_databases, text_contexts),
    "multimodal": (
        *(multimodal_tables, multimodal_databases, multimodal_images, multimodal_reports),
        multimodal_contexts,
    ),
}
