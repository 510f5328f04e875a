"""A readable manifest looked over: its counts beside the expected ones, and what is odd but allowed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from clinseek_assets.benchmark.answer_keys import answer_key
from clinseek_assets.benchmark.questions import Question
from clinseek_assets.benchmark.released_counts import ExpectedCounts
from clinseek_assets.benchmark.subtasks import SUBTASKS
from clinseek_assets.storage.fault_tally import NAMED_PLACES


@dataclass(frozen=True)
class ManifestWarning:
    """Something that a manifest may have and that its readers should know.

    Attributes:
        name: what it is.
        rows: how many rows have it.
        per_subtask: the same by subtask, without those that have none.
        first_rows: the first row numbers.
    """

    name: str
    rows: int
    per_subtask: dict[str, int]
    first_rows: tuple[int, ...]


def manifest_warnings(questions: Iterable[Question]) -> list[ManifestWarning]:
    """What is odd but allowed, each with its count; warnings that no row has are left out.

    Gold outside the candidates is in the released file; compared by the strict answer key.
    """
    found: dict[str, list[Question]] = {}
    for question in questions:
        for name in _oddities(question):
            found.setdefault(name, []).append(question)
    return [
        ManifestWarning(
            name=name,
            rows=len(having),
            per_subtask=dict(Counter(question.task for question in having)),
            first_rows=tuple(question.row_number for question in having[:NAMED_PLACES]),
        )
        for name, having in found.items()
    ]


def _oddities(question: Question) -> Iterable[str]:
    if question.candidates is not None:
        keys = Counter(answer_key(candidate) for candidate in question.candidates)
        if any(answer_key(name) not in keys for name in question.gold):
            yield "gold outside the candidates"
        if len(keys) != len(question.candidates):
            yield "candidates that differ only in case or spaces, or twice the same"
    if len({answer_key(name) for name in question.gold}) != len(question.gold):
        yield "gold answers that differ only in case or spaces, or twice the same"


@dataclass(frozen=True)
class CountCheck:
    """One count of a manifest beside what it must be."""

    name: str
    expected: int
    found: int

    @property
    def ok(self) -> bool:
        """Whether they agree."""
        return self.expected == self.found


def count_checks(questions: Sequence[Question], expected: ExpectedCounts) -> list[CountCheck]:
    """Every count of a text manifest beside the expected one: rows, patients, and the rows of each subtask."""
    text = expected.text
    per_subtask = Counter(question.task for question in questions)
    return [
        CountCheck("rows", text.rows, len(questions)),
        CountCheck("patients", text.patients, len({question.subject_id for question in questions})),
        *(
            CountCheck(f"rows of {name}", text.per_subtask.get(name, 0), per_subtask[name])
            for name in SUBTASKS
            if text.per_subtask.get(name, 0) or per_subtask[name]
        ),
    ]
