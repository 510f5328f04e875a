"""How each participant answers a multimodal question, by its group.

Floor rows look at nothing: their names come from how usual findings and phenotypes are in the literature, never from a
gold. Readers look at pixels where they are shown some, and at the record for mortality and phenotypes.
"""

from __future__ import annotations

from collections.abc import Mapping

from clinseek_assets.benchmark.groups import GROUPS, TASKS
from clinseek_assets.benchmark.questions import Question
from clinseek_assets.models.baselines.decisions import best_answer
from clinseek_assets.models.baselines.evidence_seen import Evidence, Judgement
from clinseek_assets.models.baselines.multimodal.films import films_of
from clinseek_assets.models.baselines.multimodal.mortality import MORTALITY_RULES
from clinseek_assets.models.baselines.multimodal.phenotypes import TYPICAL_SIZE, most_usual, phenotype_chances
from clinseek_assets.models.baselines.multimodal.xray_answers import label_answer, xray_answer
from clinseek_assets.models.baselines.multimodal.xray_questions import XrayQuestion, read_question
from clinseek_assets.models.baselines.risks import Pick, read_findings
from clinseek_assets.models.priors import CandidatePriors

# The shares of MIMIC-CXR's reports that CheXpert reads as positive for a label (Johnson et al., MIMIC-CXR-JPG, 2019).
USUAL_LABELS: Mapping[str, float] = {
    "Support Devices": 0.292,
    "Pleural Effusion": 0.238,
    "Lung Opacity": 0.226,
    "Atelectasis": 0.201,
    "Cardiomegaly": 0.197,
    "Edema": 0.119,
    "Pneumonia": 0.073,
    "Consolidation": 0.047,
    "Pneumothorax": 0.045,
    "Enlarged Cardiomediastinum": 0.032,
    "Lung Lesion": 0.028,
    "Fracture": 0.019,
    "Pleural Other": 0.009,
}
TYPICAL_LABELS = 2  # positive labels of a study that has any, rounded


def floor(word: str, *, several: bool) -> Judgement:
    """A floor row.

    Args:
        word: what it says to every question that asks for yes or no.
        several: whether it names as many as an answer usually has, rather than one.
    """

    def judge(question: Question, evidence: Evidence, priors: CandidatePriors | None) -> list[str]:
        if GROUPS[question.task].yes_no:
            return [word]
        if question.task == "phenotype":
            return most_usual(round(TYPICAL_SIZE) if several else 1)
        if _has_labels(question):
            return usual_labels(TYPICAL_LABELS if several else 1)
        asked = _asked(question)
        return [word] if asked.form == "yes_no" else xray_answer(asked, ())

    return judge


def reader(pick: Pick, *, latest_only: bool) -> Judgement:
    """A participant that reads the evidence.

    Args:
        pick: makes one number of a sign's points over time.
        latest_only: whether only the last value of each item speaks for a phenotype.
    """

    def judge(question: Question, evidence: Evidence, priors: CandidatePriors | None) -> list[str]:
        if rule := MORTALITY_RULES.get(question.task):
            return [rule.answer(read_findings(evidence.blocks, pick))]
        if question.task == "phenotype":
            return best_answer(phenotype_chances(evidence.blocks, latest_only=latest_only), TYPICAL_SIZE)
        films = films_of(evidence.pictures)
        if _has_labels(question):
            return label_answer(films, usual_labels(TYPICAL_LABELS))
        return xray_answer(_asked(question), films)

    return judge


def usual_labels(number: int) -> list[str]:
    """So many of CheXpert's labels, the most usual first."""
    return sorted(USUAL_LABELS, key=lambda label: (-USUAL_LABELS[label], label))[:number]


def _has_labels(question: Question) -> bool:
    """Whether CheXpert's labels are the answer."""
    task = TASKS.get(question.task_type)
    return task is not None and task.vocabulary == "chexpert"


def _asked(question: Question) -> XrayQuestion:
    return read_question(question.question or "", compares=question.task == "change_comparison")
