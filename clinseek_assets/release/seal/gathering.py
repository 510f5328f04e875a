"""All parts of a rebuilt benchmark, split by split, in the order in which they are sealed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from clinseek_assets.benchmark.groups import EHRXQA, MEDMOD
from clinseek_assets.benchmark.questions import Question
from clinseek_assets.faults import Fault
from clinseek_assets.locations.settings import Settings
from clinseek_assets.release.manifests import read_split
from clinseek_assets.release.scope import Scope
from clinseek_assets.release.seal.dictionaries import dataset_dictionaries, text_dictionaries
from clinseek_assets.release.seal.linked_files import linked_parts
from clinseek_assets.release.seal.parts import Part
from clinseek_assets.release.seal.questions import context_parts, question_part
from clinseek_assets.release.seal.records import record_parts


def questions_of(settings: Settings, split: str) -> list[Question]:
    """The questions of a split's released manifest.

    Raises:
        Fault: it cannot be read, or the release has no such split.
    """
    checks, questions = read_split(settings, split)
    if not questions:
        reasons = " ".join(reason for check in checks for reason in check.first)
        raise Fault(f"There are no questions of the {split} split. {reasons}".rstrip())
    return questions


def parts_of(scope: Scope, questions: Mapping[str, Sequence[Question]]) -> list[Part]:
    """All that was rebuilt of these questions; what is not there has no content.

    Args:
        scope: where it lies, and who is told how far the reading is.
        questions: split -> all of its questions.
    """
    return [part for split, of_split in questions.items() for part in PARTS[split](scope, of_split)]


def _text(scope: Scope, questions: Sequence[Question]) -> list[Part]:
    return [
        question_part(questions),
        *text_dictionaries(scope.layout),
        *record_parts("text", questions, scope.layout.patient_databases("text"), scope.stage("Patient databases")),
        *context_parts(questions, scope.layout),
    ]


def _multimodal(scope: Scope, questions: Sequence[Question]) -> list[Part]:
    parts = [question_part(questions)]
    for dataset in (EHRXQA, MEDMOD):
        if any(question.dataset == dataset for question in questions):
            parts += dataset_dictionaries(dataset, scope.layout)
            folder = scope.layout.patient_databases(dataset)
            parts += record_parts(dataset, questions, folder, scope.stage(f"Patient databases of {dataset}"))
    parts += linked_parts(questions, scope.settings, scope.stage("Linked X-rays"))
    return [*parts, *context_parts(questions, scope.layout)]


PARTS: Mapping[str, Callable[[Scope, Sequence[Question]], list[Part]]] = {"text": _text, "multimodal": _multimodal}
