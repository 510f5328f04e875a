"""The two baselines that read the evidence: one counts it over the whole window, one trusts what came last."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from clinseek_assets.benchmark.questions import Question
from clinseek_assets.benchmark.subtasks import RISK
from clinseek_assets.models.baselines.decisions import (
    OwnSupport,
    Weights,
    earlier_events,
    nearness,
    rank,
    share_of_events,
)
from clinseek_assets.models.baselines.participant import Participant
from clinseek_assets.models.baselines.risk_rules import RULES
from clinseek_assets.models.baselines.risks import Pick, latest, read_findings, worst
from clinseek_assets.models.baselines.timeline_text import Block, read_timeline
from clinseek_assets.models.priors import CandidatePriors

AnswerSize = Callable[[Question, Sequence[Block], CandidatePriors | None], int]


def usual_size(question: Question, blocks: Sequence[Block], priors: CandidatePriors | None) -> int:
    """As many as an event of the subtask usually has."""
    return priors.typical_size(question.task) if priors else 1


def last_size(question: Question, blocks: Sequence[Block], priors: CandidatePriors | None) -> int:
    """As many as the last event of the kind had; where the context shows none, as many as an event usually has."""
    shown = earlier_events(question.task, blocks)
    return len(shown[-1]) if shown else usual_size(question, blocks, priors)


def reader(name: str, description: str, weights: Weights, own: OwnSupport, pick: Pick, size: AnswerSize) -> Participant:
    """A baseline out of its three choices: how earlier events support a candidate, how a sign's points over time become
    one number, and how many candidates make an answer.
    """

    def answer(question: Question, context: str, priors: CandidatePriors | None) -> list[str]:
        blocks = read_timeline(context)
        if question.task_type == RISK:
            return [RULES[question.task].answer(read_findings(blocks, pick))]
        ranked = rank(question, blocks, priors, weights, own)
        wanted = size(question, blocks, priors) if question.answer_is_list else 1
        return [candidate for candidate, _ in ranked[:wanted]]

    return Participant(name, "evidence", "1", description, answer)


READERS = (
    reader(
        "evidence_counts",
        "Counts the evidence over the whole window: how often a candidate stood there, how bad each sign was.",
        Weights(own=3.0, elsewhere=0.5, words=1.0, usual=1.0),
        share_of_events,
        worst,
        usual_size,
    ),
    reader(
        "evidence_recency",
        "Trusts what came last: the most recent event of the kind and each sign's latest value.",
        Weights(own=3.0, elsewhere=0.5, words=1.0, usual=1.0),
        nearness,
        latest,
        last_size,
    ),
)
