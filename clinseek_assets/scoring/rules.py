"""What a rule of scoring is, and the two rules of the text split.

`compat` is the published scorer's rule: letters' case apart, texts must be the same to the character; whatever a row
holds is compared, so that a failed call scores 0; a question without rows is not in any mean.
`strict` compares by `answer_key` (NFKC, case folded, spaces trimmed and collapsed); a call that failed is missing, not
wrong: it lowers the coverage.

The rules of the multimodal split go by the same two names (`multimodal/rules.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from clinseek_assets.benchmark.answer_keys import answer_key
from clinseek_assets.benchmark.questions import Question
from clinseek_assets.models.outcomes import ANSWERS, MISSING, Outcome
from clinseek_assets.scoring.set_metrics import NOTHING_RIGHT, SetScore, mean_score, set_score

STRICT_NAME, COMPAT_NAME = "strict", "compat"
SET = "set"


@dataclass(frozen=True, slots=True)
class Given:
    """One answer that was given to a question, and how it ended."""

    question: Question
    names: tuple[str, ...]
    outcome: Outcome


class RowScore(NamedTuple):
    """The score of one answer.

    Attributes:
        figures: None where it has no score.
        decided_by: what decided: `set` (metrics of sets); in the multimodal split also a word of
            `multimodal/rules.py`.
        raw: the figures before names were mapped to a vocabulary; None where nothing could be mapped.
    """

    figures: SetScore | None
    decided_by: str = SET
    raw: SetScore | None = None


class Rule(Protocol):
    """A rule of scoring: from answers to figures, and to what is told of many figures beside their means."""

    @property
    def name(self) -> str:
        """`strict` or `compat`."""

    @property
    def mean_of_rows(self) -> Callable[[Sequence[Sequence[SetScore]]], list[SetScore]]:
        """From each question's figures, a run each, to those that a group's mean is taken over."""

    def scores(self, given: Sequence[Given]) -> list[RowScore]:
        """The score of each answer, in their order."""

    def sizes(self, given: Given) -> tuple[int, int]:
        """How many different names the gold and the answer have."""

    def task(self, question: Question, tasks_of_rows: Sequence[str | None]) -> str:
        """The name under which a question is grouped, from the manifest's and the rows' own."""

    def columns(self, scores: Sequence[RowScore]) -> Mapping[str, Any]:
        """Further columns of a frame of these scores."""

    def further(self, scores: Sequence[RowScore]) -> Mapping[str, Any]:
        """What a summary tells of these scores beside their means."""


@dataclass(frozen=True)
class ScoringRule:
    """A rule of the text split; see `Rule`.

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

    @property
    def mean_of_rows(self) -> Callable[[Sequence[Sequence[SetScore]]], list[SetScore]]:
        """A question counts once, however often it was asked."""
        return question_means

    def score(self, answer: Iterable[str], outcome: Outcome, gold: frozenset[str]) -> SetScore | None:
        """The figures of one answer against the keys of its gold; None where it is missing."""
        if outcome in self.missing:
            return None
        return set_score(self.likeness(answer), gold) if outcome in self.compared else NOTHING_RIGHT

    def scores(self, given: Sequence[Given]) -> list[RowScore]:
        """The score of each answer."""
        gold_of = {each.question.qid: self.likeness(each.question.gold) for each in given}
        return [RowScore(self.score(each.names, each.outcome, gold_of[each.question.qid])) for each in given]

    def sizes(self, given: Given) -> tuple[int, int]:
        """How many different names the gold and the answer have."""
        return len(self.likeness(given.question.gold)), len(self.likeness(given.names))

    def columns(self, scores: Sequence[RowScore]) -> Mapping[str, Any]:
        """None: sets decide every answer of this split."""
        return {}

    def further(self, scores: Sequence[RowScore]) -> Mapping[str, Any]:
        """Nothing."""
        return {}


def question_means(figures: Sequence[Sequence[SetScore]]) -> list[SetScore]:
    """The mean of each question that has any figures."""
    return [mean_score(runs) for runs in figures if runs]


def _lower(answers: Iterable[str]) -> frozenset[str]:
    return frozenset(answer.lower() for answer in answers)


def keys_of(answers: Iterable[str]) -> frozenset[str]:
    """The strict keys of some answers; an answer without any sign is none."""
    return frozenset(key for answer in answers if (key := answer_key(answer)))


def _task_of_first_row(question: Question, tasks_of_rows: Sequence[str | None]) -> str:
    return (tasks_of_rows[0] if tasks_of_rows else None) or question.task


def _task_of_manifest(question: Question, tasks_of_rows: Sequence[str | None]) -> str:
    return question.task


STRICT = ScoringRule(STRICT_NAME, keys_of, compared=ANSWERS, missing=MISSING, task=_task_of_manifest)
COMPAT = ScoringRule(
    COMPAT_NAME,
    _lower,
    compared=frozenset(Outcome) - {Outcome.NOT_RUN},
    missing=frozenset({Outcome.NOT_RUN}),
    task=_task_of_first_row,
)
RULES: dict[str, ScoringRule] = {rule.name: rule for rule in (STRICT, COMPAT)}
