from __future__ import annotations

import json
import keyword
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinseek_assets.models.agent.text_calls import before_calls, calls_in
from clinseek_assets_tests.models.agent.scripted import SPECS

LATEST = "ehr.get_latest_records"
GIVEN = {"subject_id": "10", "table_name": "labevents", "top_n": 5}
OBJECT = json.dumps({"name": LATEST, "arguments": GIVEN})


def found(text: str, reasoning: str = "") -> list[tuple[str, Any]]:
    return [(call.name, json.loads(call.arguments)) for call in calls_in(text, reasoning, SPECS)]


@pytest.mark.parametrize(
    "text",
    [
        f"<tool_call>\n{OBJECT}\n</tool_call>",
        f"I look.\n<tool_call>{OBJECT}</tool_call>\n",
        f"<tool_call>{OBJECT}",
        f"{OBJECT}</tool_call>",
        f"<think>maybe <tool_call>{{}}</tool_call></think>\n<tool_call>{OBJECT}</tool_call>",
        f"```json\n{OBJECT}\n```",
        f"Let me see.\n```\n{OBJECT}\n```",
        OBJECT,
        json.dumps([{"name": LATEST, "parameters": GIVEN}]),
        json.dumps({"function": {"name": LATEST, "arguments": json.dumps(GIVEN)}}),
        json.dumps({"tool": "get_latest_records", "args": GIVEN}),
        str({"name": LATEST, "arguments": GIVEN}),
        f"[TOOL_CALLS] [{OBJECT}]",
        f"[tool_call] ehr_get_latest_records {json.dumps(GIVEN)}",
        f"I look.\n[tool_call: {LATEST} {json.dumps(GIVEN)}]",
        f"[Tool call: {LATEST} {json.dumps(GIVEN)}]",
        'ehr.get_latest_records(subject_id="10", table_name="labevents", top_n=5)',
        "I look.\n\nget_latest_records('10', 'labevents', 5)",
        f"`{LATEST}({json.dumps(GIVEN)})`",
        "[ehr.get_latest_records(subject_id='10', table_name='labevents', top_n=5)]",
    ],
)
def test_the_forms_of_a_call(text: str) -> None:
    assert found(text) == [(LATEST, GIVEN)]


@pytest.mark.parametrize(
    "text",
    [
        "<tool_call><function=ehr.get_latest_records><parameter=subject_id>\n10\n</parameter>"
        "<parameter=table_name>labevents</parameter><parameter=top_n>5</parameter></function></tool_call>",
        "<function=get_latest_records><parameter=subject_id>10</parameter><parameter=table_name>labevents</parameter>"
        "<parameter=top_n>5</parameter></function>",
        '<invoke name="ehr_get_latest_records"><parameter name="subject_id">10</parameter>'
        '<parameter name="table_name">labevents</parameter><parameter name="top_n">5</parameter></invoke>',
    ],
)
def test_parameters_in_tags_are_texts(text: str) -> None:
    assert found(text) == [(LATEST, {"subject_id": "10", "table_name": "labevents", "top_n": "5"})]


def test_a_function_with_an_object_in_it() -> None:
    assert found(f"<function=ehr.get_latest_records>{json.dumps(GIVEN)}</function>") == [(LATEST, GIVEN)]


def test_several_calls_in_their_order() -> None:
    load = json.dumps({"name": "ehr.load_ehr", "arguments": {"subject_id": "10"}})
    both = [("ehr.load_ehr", {"subject_id": "10"}), (LATEST, GIVEN)]
    assert found(f"<tool_call>{load}</tool_call>\nand\n<tool_call>{OBJECT}</tool_call>") == both
    assert found(f"<tool_call>{load}<tool_call>{OBJECT}") == both
    assert found(f"<tool_call>\n{load}\n{OBJECT}\n</tool_call>") == both
    assert found(f"[{load}, {OBJECT}]") == both
    assert found(f"{load}\n{OBJECT}") == both
    assert found(f"[TOOL_CALLS][{load}, {OBJECT}]") == both


@pytest.mark.parametrize(
    "text",
    [
        "I could call ehr.get_latest_records(subject_id='10') next, or ehr.finish(response=['yes']).",
        "The tool ehr.finish takes a response.",
        'Next I would use finish: {"response": ["yes"]}',
        '{"response": ["yes"]}',
        '{"name": "Smith", "arguments": {}}',
        '{"name": "ehr.nothing", "arguments": {}}',
        "<tool_call>not a call</tool_call>",
        '<tool_call>{"name": "ehr.finish", "arguments": [1]}</tool_call>',
        "<think>ehr.finish(response=['yes'])</think>\nI am not sure.",
        "<think>\n<tool_call>" + OBJECT + "</tool_call>",
        "finish(yes)",
        "finish(open('/etc/passwd'))",
        "finish(response=__import__('os').system('true'))",
        "print(finish)",
        "ehr.finish",
        "(see above)",
        "",
    ],
)
def test_what_only_talks_of_a_call_is_none(text: str) -> None:
    assert found(text) == []


def test_reasoning_counts_only_in_tags_and_only_where_nothing_else_is_said() -> None:
    tagged = f"<tool_call>{OBJECT}</tool_call>"
    assert found("", tagged) == [(LATEST, GIVEN)]
    assert found("<think></think>", tagged) == [(LATEST, GIVEN)]
    assert found("I am done.", tagged) == []
    assert found("", OBJECT) == []


@pytest.mark.parametrize(
    ("text", "before"),
    [
        (f"I look.\n<tool_call>{OBJECT}</tool_call>", "I look."),
        (f"<think>hm</think>I look.\n\n```json\n{OBJECT}\n```", "I look."),
        (OBJECT, ""),
        ("Now:\nehr.load_ehr('10')", "Now:"),
    ],
)
def test_what_is_said_before_a_call(text: str, before: str) -> None:
    assert before_calls(text) == before


# Letters, digits and punctuation of prose, with everything that any form is written with.
MARKS = [
    "<",
    ">",
    "/",
    "[",
    "]",
    "{",
    "}",
    "(",
    ")",
    '"',
    "'",
    ":",
    ",",
    "`",
    "```",
    "\n",
    "=",
    " ",
    "tool_call",
    "function",
]
NAMES = [*(tool.name for tool in SPECS), "finish", "load_ehr", "response", "name", "arguments", "yes"]
NO_CALL = st.lists(st.one_of(st.sampled_from(MARKS), st.sampled_from(NAMES), st.text(max_size=8)), max_size=30)


@given(NO_CALL.map("".join))
def test_nothing_that_is_read_is_not_offered_or_no_object_of_its_own(text: str) -> None:
    for call in calls_in(text, text, SPECS):
        assert call.name in {tool.name for tool in SPECS}
        assert call.name.split(".")[-1] in text  # a call is never invented: its name was said


WORDS = st.text(alphabet="abcdefghijklmnopqrstuvwxyz ABCDEFG.,;:!?'\"-0123456789\n", max_size=200)


@given(st.lists(st.one_of(WORDS, st.sampled_from(NAMES)), max_size=12).map(" ".join))
def test_prose_never_calls(text: str) -> None:
    assert calls_in(text, text, SPECS) == []


VALUES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(10**9), 10**9),
        st.floats(allow_nan=False, allow_infinity=False),
        st.text(),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(), inner, max_size=3)),
    max_leaves=6,
)
KEYS = st.text(alphabet="abcdefghij_", min_size=1, max_size=8).filter(lambda key: not keyword.iskeyword(key))
ARGUMENTS = st.dictionaries(KEYS, VALUES, max_size=4)


def as_object(name: str, given: dict[str, Any]) -> str:
    return json.dumps({"name": name, "arguments": given}, ensure_ascii=False)


FORMS: dict[str, Callable[[str, dict[str, Any]], str]] = {
    "tagged": lambda name, given: f"<tool_call>{as_object(name, given)}</tool_call>",
    "object": as_object,
    "fenced": lambda name, given: f"So:\n```json\n{as_object(name, given)}\n```",
    "literal": lambda name, given: str({"name": name, "arguments": given}),
    "marked": lambda name, given: f"[tool_call] {name} {json.dumps(given)}",
    "listed": lambda name, given: f"[TOOL_CALLS][{as_object(name, given)}]",
    "code": lambda name, given: f"{name}({given!r})",
    "keywords": lambda name, given: f"{name}({', '.join(f'{key}={value!r}' for key, value in given.items())})",
}
# A text inside the arguments may look like the end of the form that it stands in; then nothing is read out of it.
TROUBLE = ("tool_call", "```", "<")


@pytest.mark.parametrize("form", list(FORMS))
@given(given_=ARGUMENTS, name=st.sampled_from([tool.name for tool in SPECS]))
def test_every_form_comes_back_as_it_was_meant(form: str, given_: dict[str, Any], name: str) -> None:
    text = FORMS[form](name, given_)
    if any(mark in json.dumps(given_) for mark in TROUBLE):
        return
    if form == "code" and not given_:
        text = f"{name}()"
    assert found(text) == [(name, given_)]
