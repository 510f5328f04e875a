"""What a model is told of a multimodal question when it seeks: only what there is, and nothing of the answer."""

from __future__ import annotations

from typing import Any

import pytest

from clinseek_assets.contexts.multimodal_layout import render_input_text
from clinseek_assets.models.agent import prompts
from clinseek_assets.models.agent.multimodal_prompts import linked_studies, opening_turns, seeking_prompt
from clinseek_assets.models.agent.openings import opening_turns as opening_of_any
from clinseek_assets.models.agent.openings import prompt_version
from clinseek_assets.models.exhibits import NOTHING, Exhibits
from clinseek_assets.records.tools.specs import Picture
from clinseek_assets_tests.models.cases import question
from clinseek_assets_tests.models.xrays import asked

EHR = ("ehr.load_ehr", "ehr.run_sql_query", "ehr.finish")
ALL = (*EHR, "browser.search", "image.image_visualizer")
SEEN = Exhibits(linked=1, vision=True, pictures=(Picture(b"x", "Image 1 of 1"),))


def told(exhibits: Exhibits, offered: tuple[str, ...] = ALL, policy: Any = "strict", **changes: Any) -> tuple[str, str]:
    system, user = opening_turns(asked(**changes), policy, exhibits, offered)
    assert (system.role, user.role, system.images, user.images) == ("system", "user", (), exhibits.pictures)
    return system.text, user.text


def test_the_released_question_stands_whole_behind_the_runs_context() -> None:
    _, user = told(SEEN, images=1)
    assert user.startswith("<run_context>\nImages: 1 attached")
    assert user.endswith(str(asked(images=1).question))
    assert "Linked studies: 50000001." in user and "Electronic health record: available." in user
    assert "GOLD" not in user


def test_the_policies_differ_in_the_one_sentence_that_they_differ_in_for_text() -> None:
    (_, strict), (_, compat) = (told(SEEN, policy=policy) for policy in ("strict", "compat"))
    assert strict.replace(prompts.ABSENT["strict"], "") == compat.replace(prompts.ABSENT["compat"], "")
    assert strict != compat


@pytest.mark.parametrize(
    ("exhibits", "offered", "there", "absent"),
    [
        (SEEN, ALL, ["image tools", "You see the question's images", "browser tools"], ["no picture can be shown"]),
        (SEEN, EHR, ["You see the question's images"], ["The image tools", "browser"]),
        (Exhibits(linked=2), EHR, [], ["You see the question's images", "The image tools"]),
        (Exhibits(linked=2), ALL, ["no picture can be shown to you"], ["You see the question's images"]),
        (Exhibits(linked=0, vision=True), EHR, [], ["You see the question's images"]),
    ],
)
def test_nothing_is_named_that_is_not_there(
    exhibits: Exhibits, offered: tuple[str, ...], there: list[str], absent: list[str]
) -> None:
    system, _ = told(exhibits, offered)
    assert [text for text in there if text not in system] == []
    assert [text for text in absent if text in system] == []


@pytest.mark.parametrize(
    ("exhibits", "sentence"),
    [
        (SEEN, "Images: 1 attached, each after a line that names it."),
        (Exhibits(linked=1), "One image belongs to this question. It cannot be shown to you"),
        (Exhibits(linked=3), "3 images belong to this question. They cannot be shown to you"),
        (Exhibits(linked=0, vision=True), "Images: none."),
        (Exhibits(6, True, SEEN.pictures, "[5 more are not shown.]"), "[5 more are not shown.]"),
    ],
)
def test_a_model_is_told_what_it_sees_of_the_images(exhibits: Exhibits, sentence: str) -> None:
    assert sentence in told(exhibits)[1]


def test_reports_stand_in_the_very_section_that_a_context_has_for_them() -> None:
    reports = ("FINDINGS: clear.", "IMPRESSION: none.")
    user = seeking_prompt(asked(), "strict", Exhibits(reports=reports), EHR)
    shown = render_input_text("Q", [], [], reports)
    assert user.endswith(shown[shown.index("<radiology_report>") :])
    assert "Reports: 2 in this message." in user
    assert "Reports: none." in seeking_prompt(asked(), "strict", NOTHING, EHR)


def test_studies_are_told_once_and_from_reports_too() -> None:
    about = asked(images=2, report_paths=("E/files/p19/p19990001/s50000009.txt", "E/files/p19/p19990001/s50000001.txt"))
    assert linked_studies(about) == ["50000001", "50000002", "50000009"]


def test_a_text_question_begins_as_it_always_did() -> None:
    assert opening_of_any(question(), "strict", NOTHING, EHR) == prompts.opening_turns(
        question(), "strict", browser=False
    )
    assert prompt_version("text") != prompt_version("multimodal")
