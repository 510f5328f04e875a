"""All that a release and its rebuilt artifacts are held against, split by split.

The released manifest is looked at by itself first, which needs no protected data; then what was built from it. The
command line, the graph and the tests ask the same functions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from clinseek_assets.benchmark.questions import Question
from clinseek_assets.locations.settings import Settings
from clinseek_assets.release.checks import Progress, ReleaseCheck
from clinseek_assets.release.contexts import context_checks
from clinseek_assets.release.databases import CATALOGUE_OF, database_checks
from clinseek_assets.release.linked_images import image_checks
from clinseek_assets.release.linked_reports import report_checks
from clinseek_assets.release.multimodal_manifest import multimodal_manifest_checks
from clinseek_assets.release.shared_files import dataset_reference_check, shared_text_checks
from clinseek_assets.release.source_tables import (
    multimodal_source_checks,
    multimodal_table_checks,
    text_table_checks,
)
from clinseek_assets.release.text_manifest import text_manifest_checks

Read = tuple[list[ReleaseCheck], list[Question]]


@dataclass(frozen=True)
class Validated:
    """How one split is looked at.

    Attributes:
        manifest: reads the released manifest and holds it against its counts.
        built: looks at what was built for these questions.
    """

    manifest: Callable[[Settings], Read]
    built: Callable[[Settings, Sequence[Question], Progress], Iterator[ReleaseCheck]]


def manifest_checks(settings: Settings, splits: Sequence[str]) -> list[ReleaseCheck]:
    """Hold the released manifests of these splits against their counts; no protected data is looked at."""
    return [check for split in splits for check in SPLITS[split].manifest(settings)[0]]


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
        of_manifest, questions = SPLITS[split].manifest(settings)
        checks += of_manifest
        if questions:
            checks += SPLITS[split].built(settings, questions, tell)
    return checks


def _of_stage(tell: Progress, stage: str) -> Callable[[int, int], None]:
    return lambda done, total: tell(stage, done, total)


def _text_manifest(settings: Settings) -> Read:
    return text_manifest_checks(settings.text_manifest, settings.release_root)


def text_built_checks(settings: Settings, questions: Sequence[Question], tell: Progress) -> Iterator[ReleaseCheck]:
    """What was built for the text split: extracted tables, patient databases, shared files, contexts."""
    layout = settings.layout
    yield from text_table_checks(settings)
    yield from database_checks(
        "text: patient databases",
        questions,
        layout.patient_databases("text"),
        CATALOGUE_OF["text"],
        progress=_of_stage(tell, "Patient databases"),
    )
    yield from shared_text_checks(layout)
    yield from context_checks("text", questions, layout)


def _multimodal_manifest(settings: Settings) -> Read:
    return multimodal_manifest_checks(settings.multimodal_manifest, settings.release_root)


def multimodal_built_checks(
    settings: Settings, questions: Sequence[Question], tell: Progress
) -> Iterator[ReleaseCheck]:
    """What was built for the multimodal split, and the sources that it hangs on: tables, databases, linked X-rays and
    reports, contexts.
    """
    layout = settings.layout
    yield from multimodal_source_checks(settings, questions)
    yield from multimodal_table_checks(layout, questions)
    for dataset in sorted({question.dataset for question in questions}):
        yield from database_checks(
            f"multimodal: {dataset} patient databases",
            [question for question in questions if question.dataset == dataset],
            layout.patient_databases(dataset),
            CATALOGUE_OF[dataset],
            progress=_of_stage(tell, f"Patient databases of {dataset}"),
        )
        yield dataset_reference_check(dataset, layout)
    yield from image_checks(questions, settings, progress=_of_stage(tell, "Linked X-rays"))
    yield from report_checks(questions, settings, progress=_of_stage(tell, "Linked reports"))
    yield from context_checks("multimodal", questions, layout)


SPLITS = {
    "text": Validated(_text_manifest, text_built_checks),
    "multimodal": Validated(_multimodal_manifest, multimodal_built_checks),
}
