"""Floor rows: answers that do not look at the patient. A model that does not beat them has read nothing."""

from __future__ import annotations

from clinseek_assets.benchmark.answer_keys import answer_key
from clinseek_assets.benchmark.questions import Question
from clinseek_assets.benchmark.subtasks import RISK
from clinseek_assets.faults import EndpointFault
from clinseek_assets.models.baselines.evidence_seen import Evidence
from clinseek_assets.models.baselines.multimodal import judgements
from clinseek_assets.models.baselines.participant import Participant
from clinseek_assets.models.priors import CandidatePriors


def by_frequency(question: Question, priors: CandidatePriors | None) -> list[str]:
    """The question's candidates, the most frequent in the source tables first.

    Equally frequent ones stand by name, since lists of candidates are shuffled. Without a list of candidates, all
    values of the subtask's target column.

    Raises:
        EndpointFault: there are no frequencies.
    """
    if priors is None:
        raise EndpointFault(
            "A baseline that answers by frequency has no frequencies.",
            mend="Build the source tables and the reference tables; the frequencies are counted there.",
        )
    if question.candidates is None:
        return priors.values(question.task)
    events = priors.events_with(question.task)
    return sorted(question.candidates, key=lambda candidate: (-events.get(answer_key(candidate), 0), candidate))


def always(word: str) -> Participant:
    """The same word for every risk and whatever else asks for yes or no; else the single most frequent name."""

    def judge(question: Question, evidence: Evidence, priors: CandidatePriors | None) -> list[str]:
        return [word] if question.task_type == RISK else by_frequency(question, priors)[:1]

    return Participant(
        f"always_{word}",
        "floor",
        "1",
        f"«{word}» to every risk; the most frequent candidate to every decision.",
        {"text": judge, "multimodal": judgements.floor(word, several=False)},
    )


def most_frequent(question: Question, evidence: Evidence, priors: CandidatePriors | None) -> list[str]:
    """«no», the more frequent state of every risk before balancing; for a decision as many as an event usually has."""
    if question.task_type == RISK:
        return ["no"]
    ranked = by_frequency(question, priors)
    return ranked[: priors.typical_size(question.task) if priors and question.answer_is_list else 1]


FLOORS = (
    always("yes"),
    always("no"),
    Participant(
        "most_frequent_candidates",
        "floor",
        "1",
        "«no» to every risk; to a decision the most frequent candidates, as many as an event usually has.",
        {"text": most_frequent, "multimodal": judgements.floor("no", several=True)},
    ),
)
