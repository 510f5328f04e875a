"""The two rules of the multimodal split: which way each row goes, and what decides it.

`strict` asks nobody: yes and no, dates, ids and counts are compared as values, all other answers as sets of keys.

`compat` is the published routing. Two or more names of gold, repeated ones counted: metrics of sets, by lower-cased
texts. One name: a judge compares; where a rule can tell, the rule does, and the judge is asked only for the rest. A
judge that is not configured, or gave no verdict, leaves the row without a score. An answer that the model failed to
give scores 0 and stays in the mean.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy

from clinseek_assets.benchmark.answer_keys import answer_key
from clinseek_assets.benchmark.multimodal.grouping import inner_question
from clinseek_assets.benchmark.questions import Question
from clinseek_assets.models.judges.cases import Case, Judge
from clinseek_assets.models.outcomes import ANSWERS, MISSING, Outcome
from clinseek_assets.scoring.multimodal.answer_kinds import Kind, kind_asked_for, kind_of
from clinseek_assets.scoring.multimodal.single_answers import by_rule, is_value
from clinseek_assets.scoring.multimodal.vocabulary_mapping import VocabularyMapping, vocabulary_of
from clinseek_assets.scoring.rules import COMPAT_NAME, SET, STRICT_NAME, Given, RowScore, keys_of, question_means
from clinseek_assets.scoring.set_metrics import NOTHING_RIGHT, SetScore, mean, set_score
from clinseek_assets.storage.fingerprint import of_text

# What decided a row, beside `SET`: a rule; a judge; how the answer ended; nobody, where it has no score.
RULE, JUDGE, OUTCOME, NOBODY = "rule", "judge", "outcome", "nobody"
DECIDERS = (SET, RULE, JUDGE, OUTCOME, NOBODY)
RIGHT = SetScore(1.0, 1.0, 1.0, 1.0)
UNSCORED = RowScore(None, NOBODY)
FAILED = RowScore(NOTHING_RIGHT, OUTCOME)


class MultimodalRule:
    """What both rules have in common; see `scoring.rules.Rule`."""

    def task(self, question: Question, tasks_of_rows: Sequence[str | None]) -> str:
        """The group, as the manifest has it."""
        return question.task

    def columns(self, scores: Sequence[RowScore]) -> Mapping[str, Any]:
        """What decided each row, and its F1 before names were mapped (missing where nothing could be)."""
        return {
            "decided_by": numpy.array([score.decided_by for score in scores], dtype=object),
            "f1_raw": numpy.array([score.raw.f1 if score.raw else numpy.nan for score in scores], dtype="float64"),
        }

    def further(self, scores: Sequence[RowScore]) -> Mapping[str, Any]:
        """How many rows each way decided, and the mean of F1 before mapping over the rows that sets decided."""
        counts = Counter(score.decided_by for score in scores)
        raw = [score.raw.f1 for score in scores if score.raw]
        return {
            "decided_by": {name: counts[name] for name in DECIDERS if counts[name]},
            **({"f1_raw": mean(raw)} if raw else {}),
        }


@dataclass(frozen=True)
class StrictRouting(MultimodalRule):
    """The strict rule."""

    name: str = STRICT_NAME

    @property
    def mean_of_rows(self) -> Callable[[Sequence[Sequence[SetScore]]], list[SetScore]]:
        """A question counts once, however often it was asked."""
        return question_means

    def scores(self, given: Sequence[Given]) -> list[RowScore]:
        """The score of each answer."""
        return [self._score(each) for each in given]

    def sizes(self, given: Given) -> tuple[int, int]:
        """How many different names the gold and the answer have."""
        return len(keys_of(given.question.gold)), len(keys_of(given.names))

    def _score(self, given: Given) -> RowScore:
        if given.outcome in MISSING:
            return UNSCORED
        if given.outcome not in ANSWERS:
            return FAILED
        gold, answers = keys_of(given.question.gold), keys_of(given.names)
        if len(gold) == 1:
            (only,) = gold
            kind = kind_asked_for(only, inner_question(given.question.question or ""))
            if kind is not Kind.NAME:
                return _verdict(is_value(kind, answers, only), RULE)
        return RowScore(set_score(answers, gold), SET)


@dataclass(frozen=True)
class PublishedRouting(MultimodalRule):
    """The published rule.

    Attributes:
        judge: compares what no rule can; None where none is configured.
        mapping: maps names to closed vocabularies in rows of several names; None where it is off.
    """

    judge: Judge | None = None
    mapping: VocabularyMapping | None = None
    name: str = COMPAT_NAME

    @property
    def mean_of_rows(self) -> Callable[[Sequence[Sequence[SetScore]]], list[SetScore]]:
        """Every row counts, as published: a question that was asked more often counts more."""
        return _all_rows

    def scores(self, given: Sequence[Given]) -> list[RowScore]:
        """The score of each answer; the judge is asked once, for all that it has to decide."""
        mapped = self._mapped(given)
        decided = [_decided(each, mapped.get(each.question.task_type, {})) for each in given]
        left = [place for place, score in enumerate(decided) if score is None]
        if not left:
            return [score or UNSCORED for score in decided]
        cases = [case_of(given[place]) for place in left]
        verdicts = dict(zip(left, self.judge.verdicts(cases), strict=True)) if self.judge else {}
        return [score or _verdict(verdicts.get(place), JUDGE) for place, score in enumerate(decided)]

    def sizes(self, given: Given) -> tuple[int, int]:
        """How many different names the gold and the answer have, as they are compared before any mapping."""
        return len(_compared(given.question.gold)), len(_compared(given.names))

    def _mapped(self, given: Sequence[Given]) -> dict[str, dict[str, str]]:
        """Released task -> name -> the name of its vocabulary, of all answers that are compared as sets."""
        if self.mapping is None:
            return {}
        names: dict[str, set[str]] = {}
        for each in given:
            if len(each.question.gold) > 1:
                names.setdefault(each.question.task_type, set()).update(each.names)
        return {task: self.mapping.mapped(of_task, vocabulary_of(task)) for task, of_task in names.items()}


def _decided(given: Given, mapped: Mapping[str, str]) -> RowScore | None:
    """The score of an answer; None where only a judge can tell."""
    gold = given.question.gold
    if given.outcome is Outcome.NOT_RUN:
        return UNSCORED
    if given.outcome not in ANSWERS:
        return FAILED
    if len(gold) > 1:
        names = [mapped.get(name, name) for name in given.names]
        figures = set_score(_compared(names), _compared(gold))
        return RowScore(figures, SET, set_score(_raw(given.names), _raw(gold)))
    vocabulary = keys_of(vocabulary_of(given.question.task_type))
    verdict = by_rule(kind_of(gold[0]), keys_of(given.names), answer_key(gold[0]), vocabulary)
    return None if verdict is None else _verdict(verdict, RULE)


def case_of(given: Given) -> Case:
    """What a judge is shown of an answer: what was asked, the gold, the answer; neither patient nor moment."""
    (gold,) = given.question.gold
    return Case(
        question=inner_question(given.question.question or ""),
        kind=kind_of(gold).value,
        gold=gold.strip(),
        answer=" | ".join(name.strip() for name in given.names),
        qid_sha256=of_text(given.question.qid),
    )


def _verdict(matches: bool | None, decided_by: str) -> RowScore:
    if matches is None:
        return UNSCORED
    return RowScore(RIGHT if matches else NOTHING_RIGHT, decided_by)


def _all_rows(figures: Sequence[Sequence[SetScore]]) -> list[SetScore]:
    return [score for runs in figures for score in runs]


def _raw(names: Iterable[str]) -> frozenset[str]:
    """The published normalisation without mapping: trimmed, lower case."""
    return frozenset(name.strip().lower() for name in names) - {""}


def _compared(names: Iterable[str]) -> frozenset[str]:
    """The published normalisation after mapping: spaces are collapsed as well."""
    return frozenset(" ".join(name.lower().split()) for name in names) - {""}


STRICT_ROUTING = StrictRouting()
