"""The published reading of a closing text, for exchanges without a finish call."""

from __future__ import annotations

import json
from typing import Any

import pytest

from clinseek_assets.scoring.text_answer import finish_or_text_answer
from clinseek_assets_tests.scoring.exchanges import call, finishing


def closing(content: str, **further: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": content, **further}


def official(*names: str) -> list[dict[str, Any]]:
    looked_up = {**call('{"table": "labevents_candidates"}', "ehr.get_candidates_by_keyword"), "id": "looked_up"}
    return [
        {"role": "assistant", "tool_calls": [looked_up]},
        {"role": "tool", "tool_call_id": "looked_up", "content": json.dumps(list(names))},
    ]


@pytest.mark.parametrize(
    ("text", "answers", "source"),
    [
        ("<answer>old</answer> then <answer>Glucose\nSodium</answer>", ("Glucose", "Sodium"), "explicit_string_list"),
        ('So: ["a"], or rather ["Glucose", "Sodium"].', ("Glucose", "Sodium"), "explicit_string_list"),
        ("The values [1, 2] led me to ['Glucose']", ("Glucose",), "explicit_string_list"),
        ("Final answer:\n- Glucose\n* Sodium\n", ("Glucose", "Sodium"), "bullet_list"),
    ],
)
def test_explicit_lists_and_bullets_after_a_cue(text: str, answers: tuple[str, ...], source: str) -> None:
    extraction = finish_or_text_answer([closing(text)])
    assert (extraction.answers, extraction.source) == (answers, f"fallback_{source}")


def test_names_are_aligned_with_those_of_the_candidate_tools() -> None:
    messages = [*official("Sodium", "Glucose, Whole Blood"), closing('["glucose", "SODIUM", "Zinc"]')]
    assert finish_or_text_answer(messages).answers == ("Glucose, Whole Blood", "Sodium", "Zinc")


def test_mentioned_candidates_in_the_order_of_the_text() -> None:
    messages = [*official("Sodium", "Glucose"), closing("My answer: glucose, and not sodium.")]
    extraction = finish_or_text_answer(messages)
    assert (extraction.answers, extraction.source) == (
        ("Glucose", "Sodium"),
        "fallback_official_candidate_mentions",
    )


@pytest.mark.parametrize("text", ["", "Glucose and sodium are high.", "- Glucose\n- Sodium"])
def test_a_text_without_list_or_cue_is_no_answer(text: str) -> None:
    assert finish_or_text_answer([*official("Glucose"), closing(text)]).source == "no_prediction"


def test_the_reasoning_belongs_to_the_text() -> None:
    assert finish_or_text_answer([closing("", reasoning_content='["a"]')]).answers == ("a",)


def test_a_finish_call_comes_before_any_text() -> None:
    assert finish_or_text_answer([*finishing("not to be read"), closing('["a"]')]).source == "finish_parse_error"
