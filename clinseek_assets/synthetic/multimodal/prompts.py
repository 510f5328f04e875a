"""The released question text: four tagged blocks in a fixed order, a blank line between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

ANSWER = "Reply with the final answer and nothing else. Put several items on separate lines, without bullets."
EVIDENCE: Mapping[str, str] = {
    "ehrxqa_image": "Answer from the evidence of the linked chest X-ray studies.",
    "medmod_radiology": "Answer from the linked frontal (AP) chest X-ray study alone.",
    "medmod_phenotyping": "Answer from all of the health record and the chest X-rays up to the end of the ICU stay.",
    "medmod_decompensation": "Answer from all of the health record and the chest X-rays up to the current time.",
    "medmod_in_hospital_mortality": "Answer from all of the health record and the chest X-rays up to the current time.",
}
ASKED: Mapping[str, str] = {
    "medmod_decompensation": "Will the patient die within the next 24 hours? Answer yes or no.",
    "medmod_in_hospital_mortality": "Will the patient die during this stay? Answer yes or no.",
    "medmod_phenotyping": "Which groups of diagnoses apply to this ICU stay? Name one on each line.",
    "medmod_radiology": "Which findings does this study show? Name one on each line.",
}


def question_text(
    task: str,
    asked: str,
    *,
    time: datetime,
    subject_id: int,
    hadm_id: int | None,
    stay_id: int | None,
    study_ids: Sequence[int],
    files: tuple[int, int] | None = None,
) -> str:
    """The text of a question.

    Args:
        task: the released task.
        asked: the question itself.
        time: the moment of the question.
        study_ids: the linked studies.
        files: how many images and how many reports are linked, where the text is to say so.
    """
    patient = [
        f"Current time: {time:%Y-%m-%d %H:%M:%S}",
        f"Subject ID: {subject_id}",
        f"Hospital admission ID: {hadm_id or 'UNKNOWN'}",
        f"ICU stay ID: {stay_id or 'UNKNOWN'}",
    ]
    studies = [f"Linked studies: {', '.join(map(str, study_ids))}"]
    if files:
        studies += [f"Linked images: {files[0]}", f"Linked reports: {files[1]}"]
    blocks = {
        "task_instruction": [f"{EVIDENCE[task]} {ANSWER}"],
        "patient_info": patient,
        "cxr_info": studies,
        "question": [asked],
    }
    return "\n\n".join(f"<{tag}>\n" + "\n".join(lines) + f"\n</{tag}>" for tag, lines in blocks.items())
