"""A readable multimodal manifest looked over: its counts beside the expected ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from clinseek_assets.benchmark.groups import GROUPS, TASKS
from clinseek_assets.benchmark.manifest_review import CountCheck
from clinseek_assets.benchmark.questions import Question
from clinseek_assets.benchmark.released_counts import MultimodalCounts


def multimodal_count_checks(questions: Sequence[Question], expected: MultimodalCounts) -> list[CountCheck]:
    """Every count that a multimodal manifest alone can tell, beside the expected one: rows, rows by dataset and task,
    patients, unique images and reports by dataset.
    """
    datasets = sorted({*expected.per_dataset, *(question.dataset for question in questions)})
    return [
        CountCheck("multimodal rows", expected.rows, len(questions)),
        *_counted("multimodal rows of", datasets, expected.per_dataset, Counter(q.dataset for q in questions)),
        *_counted("multimodal rows of", TASKS, expected.per_task, Counter(q.task_type for q in questions)),
        *_counted("patients of", datasets, expected.patients, _unique(questions, lambda q: (q.subject_id,))),
        *_counted("linked images of", datasets, expected.images, _unique(questions, lambda q: q.image_paths)),
        *_counted("linked reports of", datasets, expected.reports, _unique(questions, lambda q: q.report_paths)),
    ]


def group_checks(questions: Sequence[Question], expected: MultimodalCounts) -> list[CountCheck]:
    """The rows of each group beside the expected ones; of our rule, so that on an official release they may differ."""
    found = Counter(question.task for question in questions)
    return [CountCheck(f"rows of group {name}", expected.per_group.get(name, 0), found[name]) for name in GROUPS]


def _counted(what: str, names: Iterable[str], expected: dict[str, int], found: Counter[str]) -> list[CountCheck]:
    return [CountCheck(f"{what} {name}", expected.get(name, 0), found[name]) for name in names]


def _unique(questions: Sequence[Question], of: Callable[[Question], Iterable[object]]) -> Counter[str]:
    """How many different things each dataset's questions name."""
    pairs = {(question.dataset, thing) for question in questions for thing in of(question)}
    return Counter(dataset for dataset, _ in pairs)
