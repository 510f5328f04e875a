"""The multimodal manifest held against the counts of its release, and its linked paths against their rows.

Source of the counts: as for the text split. The six groups go by our own rule, so that on the official release another
number of rows in a group is told and fails nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from clinseek_assets.benchmark.answer_keys import answer_key
from clinseek_assets.benchmark.groups import GROUPS, TASKS
from clinseek_assets.benchmark.multimodal.manifest_file import read_multimodal_manifest
from clinseek_assets.benchmark.multimodal.qids import parse_qid
from clinseek_assets.benchmark.multimodal.review import group_checks, multimodal_count_checks
from clinseek_assets.benchmark.questions import Question
from clinseek_assets.benchmark.released_counts import MultimodalCounts, expected_counts
from clinseek_assets.benchmark.vocabularies import VOCABULARIES
from clinseek_assets.faults import Fault
from clinseek_assets.imaging.released_paths import read_image_path
from clinseek_assets.imaging.troubles import ImageFault
from clinseek_assets.release.checks import ANY, NAMED_ROWS, ReleaseCheck, count, failing_rows, row, unusable, warned
from clinseek_assets.release.linked_paths import path_checks

OFFICIAL = "official"
YES_NO = frozenset(map(answer_key, ("yes", "no")))


def multimodal_manifest_checks(manifest: Path, release_root: Path) -> tuple[list[ReleaseCheck], list[Question]]:
    """Read the multimodal manifest and hold it against the counts of its release.

    Args:
        manifest: the released file; a release that promises no multimodal split may have none.
        release_root: where `expected_counts.json` lies, if the release has one.

    Returns:
        The checks, and the questions; none where there is no manifest or it cannot be read.
    """
    try:
        expected = expected_counts(release_root)
        if not manifest.is_file():
            return [_absent(manifest, expected.multimodal)], []
        questions = read_multimodal_manifest(manifest)
    except Fault as fault:
        return [unusable("multimodal: manifest", "not readable", str(fault))], []
    checks = [ReleaseCheck("multimodal: manifest", "readable", "readable", True)]
    if expected.multimodal:
        checks += _counts(questions, expected.multimodal, official=expected.release == OFFICIAL)
    else:
        checks.append(ReleaseCheck("multimodal: rows", ANY, len(questions), True, ("The release promises no counts.",)))
    return [*checks, *_rows(questions), *path_checks(questions)], questions


def _absent(manifest: Path, promised: MultimodalCounts | None) -> ReleaseCheck:
    """A release without a multimodal manifest: as it should be where it promises none."""
    if promised is None:
        return ReleaseCheck("multimodal: manifest", "none", "none", True, ("This release has no multimodal split.",))
    reason = f"{manifest} is missing. Put the released file there, or look at the other split alone (--split text)."
    return unusable("multimodal: manifest", "missing", reason)


def _counts(questions: Sequence[Question], expected: MultimodalCounts, *, official: bool) -> Iterator[ReleaseCheck]:
    """Every released count of the multimodal split."""
    for check in multimodal_count_checks(questions, expected):
        name = check.name.removeprefix("multimodal ")
        yield count(f"multimodal: {name}", check.expected, check.found)
    of_group = warned if official else count
    for check in group_checks(questions, expected):
        yield of_group(f"multimodal: {check.name}", check.expected, check.found)


def _rows(questions: Sequence[Question]) -> Iterator[ReleaseCheck]:
    """What must hold for each row, and what its readers should know."""
    yield count("multimodal: unique qids", len(questions), len({question.qid for question in questions}))
    yield failing_rows("multimodal: rows without gold", questions, lambda question: not question.gold)
    yield failing_rows("multimodal: mortality rows whose gold is not one yes or no", questions, _is_no_yes_no)
    yield failing_rows("multimodal: rows of another ICU stay than their qid names", questions, _of_another_stay)
    yield failing_rows("multimodal: rows linking another study than their qid names", questions, _of_another_study)
    yield _odd("multimodal: rows with gold outside the closed vocabulary", questions, _outside_the_vocabulary)
    yield _odd("multimodal: rows without a linked image", questions, lambda question: not question.image_paths)


def _odd(name: str, questions: Sequence[Question], has: Callable[[Question], bool]) -> ReleaseCheck:
    places = [row(question) for question in questions if has(question)]
    return ReleaseCheck(name, ANY, len(places), True, tuple(places[:NAMED_ROWS]))


def _is_no_yes_no(question: Question) -> bool:
    group = TASKS[question.task_type].group
    asks_yes_no = bool(group) and GROUPS[group].yes_no
    return asks_yes_no and (len(question.gold) != 1 or answer_key(question.gold[0]) not in YES_NO)


def _outside_the_vocabulary(question: Question) -> bool:
    vocabulary = VOCABULARIES.get(TASKS[question.task_type].vocabulary)
    return vocabulary is not None and not set(question.gold) <= set(vocabulary)


def _of_another_stay(question: Question) -> bool:
    parts = parse_qid(question.qid)
    return parts is not None and None not in (parts.stay_id, question.stay_id) and parts.stay_id != question.stay_id


def _of_another_study(question: Question) -> bool:
    """Whether a radiology row's image is of another study than its qid; paths that say nothing are told elsewhere."""
    parts = parse_qid(question.qid)
    if parts is None or parts.study_id is None:
        return False
    for released in question.image_paths:
        try:
            if read_image_path(released, question.dataset, question.subject_id).study_id != parts.study_id:
                return True
        except ImageFault:
            continue
    return False
