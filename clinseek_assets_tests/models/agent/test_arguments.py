from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinseek_assets.models.agent.arguments import Arguments, literal, read_arguments

SCHEMA = {
    "type": "object",
    "properties": {
        "text": {"type": "string"},
        "texts": {"type": "array"},
        "either": {"anyOf": [{"type": "string"}, {"type": "array"}]},
        "whole": {"type": "integer"},
        "number": {"type": ["number", "null"]},
        "flag": {"type": "boolean"},
    },
}


@pytest.mark.parametrize(
    ("written", "given_"),
    [
        ('{"texts": "[\\"a\\", \\"b\\"]"}', {"texts": ["a", "b"]}),
        ("{\"texts\": \"['a', 'b']\"}", {"texts": ["a", "b"]}),
        ('{"whole": "5"}', {"whole": 5}),
        ('{"number": "1.5"}', {"number": 1.5}),
        ('{"flag": "true"}', {"flag": True}),
        ("{'flag': true, 'text': None, 'whole': -3}", {"flag": True, "text": None, "whole": -3}),
    ],
)
def test_what_is_plainly_meant_is_read(written: str, given_: dict[str, Any]) -> None:
    assert read_arguments(written, SCHEMA) == Arguments(given_, mended=True)


@pytest.mark.parametrize(
    "given_",
    [{"text": "[1]"}, {"either": "[1]"}, {"unknown": "[1]"}, {"whole": "many"}, {"whole": "true"}, {"texts": "a, b"}],
)
def test_what_may_be_meant_as_it_stands_stays(given_: dict[str, Any]) -> None:
    assert read_arguments(json.dumps(given_), SCHEMA) == Arguments(given_, mended=False)


@pytest.mark.parametrize(
    "written",
    ["[]", "5", "null", "yes", "{", "{'a': b}", "{**{}}", "{1: 2}", "{'a': f'{x}'}", "(" * 500, "-" * 9999 + "1"],
)
def test_anything_else_is_no_object(written: str) -> None:
    assert read_arguments(written, SCHEMA) is None


@given(st.text())
def test_no_text_breaks_the_reading(text: str) -> None:
    read = read_arguments(text, SCHEMA)
    assert read is None or isinstance(read.given, dict)


@given(st.recursive(st.one_of(st.text(), st.integers(), st.booleans()), lambda inner: st.lists(inner, max_size=3)))
def test_a_literal_is_its_value(value: Any) -> None:
    assert literal(repr(value)) == value
