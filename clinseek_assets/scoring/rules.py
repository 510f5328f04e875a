"""The two rules of scoring: what counts as the same answer, and which outcomes count at all.

`compat` is the published scorer's rule: letters' case apart, texts must be the same to the character; whatever a row
holds is compared, so that a failed call scores 0; a question without rows is not in any mean.
`strict` compares by `answer_key` (NFKC, case folded, spaces trimmed and collapsed); a call that failed is missing, not
wrong: it lowers the coverage.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from clinseek_assets.benchmark.answer_keys import answer_key
from clinseek_assets.benchmark.questions import Question
from clinseek_assets.models.outcomes import ANSWERS, MISSING, Outcome
from clinseek_assets.scoring.set_metrics import NOTHING_RIGHT, SetScore, set_score


@dataclass(frozen=True)
class ScoringRule:
    """One rule.

    Attributes:
        name: `strict` or `compat`.
        likeness: the set of keys of some answers; two answers are the same when their keys are.
        compared: outcomes whose answer is compared with the gold.
        missing: outcomes that have no score. All others score 0.
        task: the name under which a question is grouped, from the manifest's and the rows' own.
    """

    name: str
    likeness: Callable[[Iterable[str]], frozenset[str]]
    compared: frozenset[Outcome]
    missing: frozenset[Outcome]
    task: Callable[[Question, Sequence[str | None]], str]

    def score(self, answer: Iterable[str], outcome: Outcome, gold: frozenset[str]) -> SetScore | None:
        """The figures of one answer against the keys of its gold; None where it is missing."""
        if outcome in self.missing:
            return None
        return set_score(self.likeness(answer), gold) if outcome in self.compared else NOTHING_RIGHT


def _lower(answers: Iterable[str]) -> frozenset[str]:
    return frozenset(answer.lower() for answer in answers)


def _keys(answers: Iterable[str]) -> frozenset[str]:
    return frozenset(key for answer in answers if (key := answer_key(answer)))


def _task_of_first_row(question: Question, tasks_of_rows: Sequence[str | None]) -> str:
    return (tasks_of_rows[0] if tasks_of_rows else None) or question.task


def _task_of_manifest(question: Question, tasks_of_rows: Sequence[str | None]) -> str:
    return question.task


STRICT = ScoringRule("strict", _keys, compared=ANSWERS, missing=MISSING, task=_task_of_manifest)
COMPAT = ScoringRule(
    "compat",
    _lower,
    compared=frozenset(Outcome) - {Outcome.NOT_RUN},
    missing=frozenset({Outcome.NOT_RUN}),
    task=_task_of_first_row,
)
RULES: dict[str, ScoringRule] = {rule.name: rule for rule in (STRICT, COMPAT)}
