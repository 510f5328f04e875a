"""The rule of the groups, on wordings of every kind that EHRXQA has."""

from __future__ import annotations

import pytest

from clinseek_assets.benchmark.multimodal.grouping import group_of, inner_question
from clinseek_assets_tests.benchmark.multimodal.rows import asked

PRESENCE = (
    "given the study 59990001, is there any evidence of cardiomegaly in the cardiac silhouette?",
    "does the chest x-ray 59990001 show an endotracheal tube?",
    "regarding study 59990001, which is seen in the left lung, atelectasis or edema?",
    "in study 59990001, is either pneumonia or pleural effusion visible?",
    "which anatomical location has a lesion in study 59990001, the left lung or the right lung?",
    "can you verify whether the cardiac silhouette is enlarged in study 59990001?",
    "given the last study of patient 19990001 this year, is there any lung lesion?",
    "did the first chest x-ray of patient 19990001 in 2105 show an endotracheal tube?",
)
ENUMERATION = (
    "list all anatomical findings in the study 59990001.",
    "enumerate all diseases that were found in study 59990001.",
    "what are all abnormalities of the right lung in study 59990001?",
    "which tubes or lines are visible in study 59990001?",
    "what are the technical assessments of study 59990001?",
    "please name every device seen in study 59990001.",
    "list all diseases in the last study of patient 19990001.",
)
CHANGE = (
    "list all findings that are new in study 59990002 compared to study 59990001.",
    "compared to the previous study, is the pleural effusion still present in study 59990002?",
    "has the pneumothorax resolved between study 59990001 and study 59990002?",
    "are there any newly detected diseases in study 59990002 relative to the prior chest x-ray?",
    "which abnormalities are no longer seen in study 59990002?",
    "did the lung opacity of study 59990001 change by study 59990002?",
    "given the last study of patient 19990001, is there any finding that the previous study did not have?",
    "in both studies of patient 19990001, is there an effusion?",
)


@pytest.mark.parametrize(
    "group, question",
    [
        *(("finding_presence", question) for question in PRESENCE),
        *(("finding_enumeration", question) for question in ENUMERATION),
        *(("change_comparison", question) for question in CHANGE),
    ],
)
def test_wordings_lead_to_their_group(group: str, question: str) -> None:
    """Whatever the other blocks say: the instruction of each row speaks of lists, its header of two studies."""
    for text in (question, question.capitalize(), asked(question), asked(question.upper())):
        assert group_of("ehrxqa_image", text) == group


def test_the_question_is_what_its_block_holds() -> None:
    assert inner_question(asked("is it?")) == "is it?"
    assert inner_question("  is it? ") == "is it?"


def test_medmod_goes_by_the_task_whatever_is_asked() -> None:
    assert group_of("medmod_radiology", asked("is edema still present compared to before?")) == "finding_enumeration"
