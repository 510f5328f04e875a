"""All that a release and its rebuilt artifacts are held against, split by split.

The released manifest is looked at first (`manifests.py`), then what was built from it. The command line, the graph and
the tests ask the same functions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from clinseek_assets.benchmark.questions import Question
from clinseek_assets.locations.settings import Settings
from clinseek_assets.release.checks import Progress, ReleaseCheck
from clinseek_assets.release.contexts import context_checks
from clinseek_assets.release.databases import CATALOGUE_OF, database_checks
from clinseek_assets.release.linked_images import image_checks
from clinseek_assets.release.linked_reports import report_checks
from clinseek_assets.release.manifests import read_split
from clinseek_assets.release.shared_files import dataset_reference_check, shared_text_checks
from clinseek_assets.release.source_tables import (
    multimodal_source_checks,
    multimodal_table_checks,
    text_table_checks,
)

Checks = Iterator[ReleaseCheck]


def release_checks(settings: Settings, splits: Sequence[str], progress: Progress | None = None) -> list[ReleaseCheck]:
    """Hold the released manifests of these splits, and all that was built from them, against what they must be.

    Args:
        settings: where the release, the sources and the artifacts lie.
        splits: `text`, `multimodal`.
        progress: told the stage, how much of it is done and how much there is.
    """
    tell = progress or (lambda stage, done, total: None)
    checks: list[ReleaseCheck] = []
    for split in splits:
        of_manifest, questions = read_split(settings, split)
        checks += of_manifest
        for part in PARTS[split] if questions else ():
            checks += part(settings, questions, tell)
    return checks


def text_tables(settings: Settings, questions: Sequence[Question], tell: Progress) -> Checks:
    """The extracted tables of MIMIC-IV."""
    yield from text_table_checks(settings)


def text_databases(settings: Settings, questions: Sequence[Question], tell: Progress) -> Checks:
    """The text split's patient databases, and the files that all its patients share."""
    layout = settings.layout
    yield from database_checks(
        "text: patient databases",
        questions,
        layout.patient_databases("text"),
        CATALOGUE_OF["text"],
        progress=_of_stage(tell, "Patient databases"),
    )
    yield from shared_text_checks(layout)


def text_contexts(settings: Settings, questions: Sequence[Question], tell: Progress) -> Checks:
    """The text split's contexts."""
    yield from context_checks("text", questions, settings.layout)


def multimodal_tables(settings: Settings, questions: Sequence[Question], tell: Progress) -> Checks:
    """The source files of the multimodal split, and the tables extracted from them."""
    yield from multimodal_source_checks(settings, questions)
    yield from multimodal_table_checks(settings.layout, questions)


def multimodal_databases(settings: Settings, questions: Sequence[Question], tell: Progress) -> Checks:
    """The multimodal split's patient databases and dictionaries, dataset by dataset."""
    layout = settings.layout
    for dataset in sorted({question.dataset for question in questions}):
        yield from database_checks(
            f"multimodal: {dataset} patient databases",
            [question for question in questions if question.dataset == dataset],
            layout.patient_databases(dataset),
            CATALOGUE_OF[dataset],
            progress=_of_stage(tell, f"Patient databases of {dataset}"),
        )
        yield dataset_reference_check(dataset, layout)


def multimodal_images(settings: Settings, questions: Sequence[Question], tell: Progress) -> Checks:
    """The linked X-rays."""
    yield from image_checks(questions, settings, progress=_of_stage(tell, "Linked X-rays"))


def multimodal_reports(settings: Settings, questions: Sequence[Question], tell: Progress) -> Checks:
    """The linked reports."""
    yield from report_checks(questions, settings, progress=_of_stage(tell, "Linked reports"))


def multimodal_contexts(settings: Settings, questions: Sequence[Question], tell: Progress) -> Checks:
    """The multimodal split's contexts."""
    yield from context_checks("multimodal", questions, settings.layout)


def _of_stage(tell: Progress, stage: str) -> Callable[[int, int], None]:
    return lambda done, total: tell(stage, done, total)


PARTS: dict[str, tuple[Callable[[Settings, Sequence[Question], Progress], Checks], ...]] = {
    "text": (text_tables, text_databases, text_contexts),
    "multimodal": (
        *(multimodal_tables, multimodal_databases, multimodal_images, multimodal_reports),
        multimodal_contexts,
    ),
}
