"""The two baselines that read the evidence: one counts it over the whole window, one trusts what came last.

Both look at the pixels of X-rays where the registry says that they are shown them (`vision`).
"""

from __future__ import annotations

from clinseek_assets.benchmark.questions import Question
from clinseek_assets.benchmark.subtasks import RISK
from clinseek_assets.models.baselines.decisions import Habits, best_answer, chances
from clinseek_assets.models.baselines.evidence_seen import Evidence
from clinseek_assets.models.baselines.multimodal import judgements
from clinseek_assets.models.baselines.participant import Participant
from clinseek_assets.models.baselines.risk_rules import RULES
from clinseek_assets.models.baselines.risks import Pick, latest, read_findings, worst
from clinseek_assets.models.priors import CandidatePriors


def reader(name: str, description: str, habits: Habits, pick: Pick) -> Participant:
    """A baseline out of its choices: how earlier events become chances, and a sign's points over time one number."""

    def judge(question: Question, evidence: Evidence, priors: CandidatePriors | None) -> list[str]:
        if question.task_type == RISK:
            return [RULES[question.task].answer(read_findings(evidence.blocks, pick))]
        ranked = chances(question, evidence.blocks, priors, habits)
        if not question.answer_is_list:
            return [name for name, _ in ranked[:1]]
        return best_answer(ranked, priors.typical_size(question.task) if priors else 1)

    multimodal = judgements.reader(pick, latest_only=pick is latest)
    return Participant(name, "evidence", "1", description, {"text": judge, "multimodal": multimodal})


READERS = (
    reader(
        "evidence_counts",
        "Counts the evidence over the whole window: how often a candidate stood there, how bad each sign was.",
        Habits(fading=1.0, usual=3.0, elsewhere=0.1, words=0.1),
        worst,
    ),
    reader(
        "evidence_recency",
        "Trusts what came last: the most recent events of the kind and each sign's latest value.",
        Habits(fading=0.7, usual=1.5, elsewhere=0.05, words=0.05),
        latest,
    ),
)
