"""Set precision, recall, F1 and exact match of one answer: the published figures, whatever the rule of likeness."""

from __future__ import annotations

from collections.abc import Sequence, Set
from typing import NamedTuple


class SetScore(NamedTuple):
    """The four figures of one answer, or their means; fractions of 1."""

    precision: float
    recall: float
    f1: float
    exact_match: float


NOTHING_RIGHT = SetScore(0.0, 0.0, 0.0, 0.0)


def set_score(predicted: Set[str], gold: Set[str]) -> SetScore:
    """The figures of one answer; an empty answer or an empty gold has none right, even where both are empty."""
    if not predicted or not gold:
        return NOTHING_RIGHT
    common = len(predicted & gold)
    precision, recall = common / len(predicted), common / len(gold)
    f1 = 2 * precision * recall / (precision + recall) if common else 0.0
    return SetScore(precision, recall, f1, 1.0 if predicted == gold else 0.0)


def mean(values: Sequence[float]) -> float:
    """The plain mean: a running sum over the count, in the given order, as the published scorer takes it."""
    return sum(values) / len(values)


def mean_score(scores: Sequence[SetScore]) -> SetScore:
    """The mean of each of the four figures."""
    return SetScore(*(mean(values) for values in zip(*scores, strict=True)))
