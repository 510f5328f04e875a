"""Which answers an exchange holds, by the published rule."""

from __future__ import annotations

import json
import warnings
from typing import Any

import pytest

from clinseek_assets.scoring.finish_call import finish_answer
from clinseek_assets_tests.scoring.exchanges import call, finishing

LIST, OTHER, UNREADABLE, NONE = (
    "finish_tool_call",
    "finish_tool_call_non_list",
    "finish_parse_error",
    "no_prediction",
)


@pytest.mark.parametrize(
    ("arguments", "answers", "source"),
    [
        ({"response": ["a", "b"]}, ("a", "b"), LIST),
        (["a", "b"], ("a", "b"), LIST),
        ('{"response": ["a"]}', ("a",), LIST),
        ('["a", 1, null, ["b"]]', ("a",), LIST),
        ("{'response': ['a', \"it's\"]}", ("a", "it's"), LIST),
        ("['a']", ("a",), LIST),
        ('{"response": "  yes "}', ("yes",), LIST),
        ('"  yes "', ("yes",), LIST),
        ("'yes'", ("yes",), LIST),
        ('{"response": "[\\"a\\", \\"b\\"]"}', ('["a", "b"]',), LIST),
        ('{"answer": ["a"]}', (), LIST),
        ("{}", (), LIST),
        ('{"response": []}', (), LIST),
        ('{"response": null}', (), OTHER),
        ('{"response": {"a": 1}}', (), OTHER),
        ('{"response": "  "}', (), OTHER),
        ('{"response": 3}', (), OTHER),
        ("3", (), OTHER),
        ("null", (), OTHER),
        ("('a', 'b')", (), OTHER),
        ("", (), UNREADABLE),
        ("yes", (), UNREADABLE),
        ('{"response": ["a"', (), UNREADABLE),
        ("__import__('os').getcwd()", (), UNREADABLE),
        ("[" * 100_000, (), UNREADABLE),
        (None, (), UNREADABLE),
        (7, (), UNREADABLE),
    ],
)
def test_the_arguments_of_a_finish_call(arguments: Any, answers: tuple[str, ...], source: str) -> None:
    extraction = finish_answer(finishing(arguments))
    assert (extraction.answers, extraction.source) == (answers, source)


@pytest.mark.parametrize("name", ["finish", "ehr.finish", "EHR_Finish", "unfinished_business"])
def test_any_name_that_contains_finish_counts(name: str) -> None:
    assert finish_answer(finishing('["a"]', name)).answers == ("a",)


def test_the_last_finish_call_counts_even_if_it_cannot_be_read() -> None:
    first, second = finishing('["a"]'), finishing("not to be read")
    assert finish_answer(first + second).source == UNREADABLE
    assert finish_answer(second + first).answers == ("a",)
    together = [{"role": "assistant", "tool_calls": [call('["a"]'), call('["b"]'), call("{}", "think")]}]
    assert finish_answer(together).answers == ("b",)


@pytest.mark.parametrize(
    "messages",
    [
        [],
        [None, "text", 3, {"role": "assistant"}],
        [{"tool_calls": None}, {"tool_calls": "finish"}, {"tool_calls": [None, "finish", {}, {"function": None}]}],
        finishing('["a"]', name=None),
        finishing('["a"]', name="search"),
        [{"role": "assistant", "content": "Exact answer: yes. Confidence: 90%"}],
    ],
)
def test_without_a_finish_call_there_is_no_prediction(messages: list[Any]) -> None:
    assert finish_answer(messages).source == NONE


def test_a_call_may_be_flat() -> None:
    assert finish_answer([{"tool_calls": [{"name": "finish", "arguments": {"response": ["a"]}}]}]).answers == ("a",)


def test_a_models_odd_escapes_warn_nobody() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert finish_answer(finishing(r"['5\% dextrose']")).answers == (r"5\% dextrose",)


def test_half_surrogates_survive_as_the_text_that_they_are() -> None:
    assert finish_answer(finishing(json.dumps(["\ud800"]))).answers == ("\ud800",)
