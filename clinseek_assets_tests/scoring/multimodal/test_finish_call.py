"""The answer of an exchange of the multimodal drivers."""

from __future__ import annotations

import json
from typing import Any

import pytest

from clinseek_assets.scoring.multimodal.finish_call import published_answer, repaired_answer
from clinseek_assets_tests.scoring.exchanges import call, finishing


@pytest.mark.parametrize("name", ["finish", "ehr.finish"])
def test_the_exact_names_count_in_both(name: str) -> None:
    messages = finishing(json.dumps({"response": ["yes"]}), name)
    assert published_answer(messages).answers == repaired_answer(messages).answers == ("yes",)


@pytest.mark.parametrize("name", ["ehr_finish", "Finish", "functions.finish"])
def test_another_spelling_was_submitted_all_the_same(name: str) -> None:
    messages = finishing(json.dumps({"response": ["yes"]}), name)
    assert published_answer(messages).source == "no_finish_call"
    assert repaired_answer(messages).answers == ("yes",)


@pytest.mark.parametrize(
    ("arguments", "answers", "source"),
    [
        ('{"response": ["a", "b"]}', ("a", "b"), "ok"),
        ({"response": ["a"]}, ("a",), "ok"),
        ('{"response": "a, b"}', ("a, b",), "ok"),  # a text is one item and never split
        ('{"response": null}', (), "ok"),
        ('{"response": []}', (), "ok"),
        (
            '{"response": [{"name": "a", "value": 1}, {"value": 2}, {"text": "c"}, {"answer": "d"}]}',
            tuple("a2cd"),
            "ok",
        ),
        ('{"response": [{"other": 1}]}', ('{"other": 1}',), "ok"),
        ('{"response": [3, true, null]}', ("3", "true"), "ok"),
        ('{"answer": ["a"]}', (), "no_response_key"),
        ('["a"]', (), "no_response_key"),
        ('{"response": [', (), "bad_json_args"),
        (None, (), "no_response_key"),
    ],
)
def test_arguments(arguments: Any, answers: tuple[str, ...], source: str) -> None:
    made = published_answer(finishing(arguments))
    assert (made.answers, made.source) == (answers, source)


def test_the_last_call_counts_and_earlier_ones_are_not_consulted() -> None:
    messages = [*finishing('{"response": ["a"]}'), *finishing('{"response": [')]
    assert published_answer(messages).source == "bad_json_args"
    two = [{"role": "assistant", "tool_calls": [call('{"response": ["a"]}'), call('{"response": ["b"]}')]}]
    assert published_answer(two).answers == ("b",)


def test_a_python_literal_is_read_by_the_strict_rule_only() -> None:
    messages = finishing("{'response': ['a']}")
    assert published_answer(messages).source == "bad_json_args"
    assert repaired_answer(messages).answers == ("a",)


@pytest.mark.parametrize("messages", [[], [None], [{"role": "assistant"}], [{"tool_calls": [None, {"function": 3}]}]])
def test_no_call_is_no_answer(messages: list[Any]) -> None:
    assert published_answer(messages).source == "no_finish_call"
