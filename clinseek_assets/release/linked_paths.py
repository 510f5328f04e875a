"""The linked paths of a manifest by themselves: their form, the dataset of their prefix, whose they are.

Nothing is looked for on disk, so that it can be told without protected data.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from clinseek_assets.benchmark.questions import Question
from clinseek_assets.imaging.released_paths import read_image_path, read_report_path
from clinseek_assets.imaging.troubles import OK, ImageFault
from clinseek_assets.release.checks import ReleaseCheck, by_state, row

# What can be wrong with a path -> what the others are, in the order in which it is told.
PATH_STATES = {
    "not_a_path": "of the released form, inside their root",
    "foreign_prefix": "with the prefix of their dataset",
    "wrong_patient": "of the row's patient",
}


def path_checks(questions: Sequence[Question]) -> Iterator[ReleaseCheck]:
    """Whether every linked path of an image or a report has its form, its dataset's prefix and its row's patient."""
    for what, attribute, read in (
        ("image", "image_paths", read_image_path),
        ("report", "report_paths", read_report_path),
    ):
        failing: dict[str, list[str]] = {}
        total = 0
        for question in questions:
            for released in getattr(question, attribute):
                total += 1
                failing.setdefault(path_state(read, released, question), []).append(row(question))
        yield from by_state(f"multimodal: {what} paths", PATH_STATES, total, failing)


def path_state(read: Callable[[str, str, int], object], released: str, question: Question) -> str:
    """The key of `PATH_STATES` that holds for a path of this row, or `ok`.

    Args:
        read: reads a path of an image or of a report.
        released: the path.
        question: the row that links it.
    """
    try:
        read(released, question.dataset, question.subject_id)
    except ImageFault as fault:
        return fault.kind
    return OK
