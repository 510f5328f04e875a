"""Deciding by rule whether an answer is the one name of its gold, as far as a rule can."""

from __future__ import annotations

from collections.abc import Iterable

from clinseek_assets.scoring.multimodal.answer_kinds import VALUE, VALUE_IN_A_SENTENCE, Kind


def is_value(kind: Kind, answers: Iterable[str], gold: str) -> bool:
    """Whether the answers are the gold's value and nothing beside it: two different values are no answer.

    Args:
        kind: any but `NAME`, whose answers are compared as sets.
        answers: the keys of the answers.
        gold: the key of the gold.
    """
    value = VALUE[kind]
    return {value(answer) for answer in answers} == {value(gold)}


def by_rule(kind: Kind, answers: frozenset[str], gold: str, vocabulary: frozenset[str]) -> bool | None:
    """Whether the answers match the gold; None where no rule can tell.

    Args:
        kind: the kind of the gold.
        answers: the keys of the answers.
        gold: the key of the gold.
        vocabulary: the keys of the closed vocabulary that answers come from; empty where there is none. Two of its
            names are never the same finding.
    """
    if not answers:
        return False  # an empty answer names nothing
    if answers == {gold}:
        return True
    if kind is Kind.NAME:
        return False if gold in vocabulary and answers <= vocabulary - {gold} else None
    values = {VALUE_IN_A_SENTENCE[kind](answer) for answer in answers}
    return None if None in values else values == {VALUE_IN_A_SENTENCE[kind](gold)}
