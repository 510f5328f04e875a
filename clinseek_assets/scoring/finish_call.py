"""The answer in an exchange of the published drivers: the arguments of its last `finish` call, by the published rule.

The last call whose name contains "finish" counts, even where its arguments cannot be read: earlier calls are not
consulted. A list that is written inside a text stays one answer.
"""

from __future__ import annotations

import ast
import json
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

FINISH = "finish_tool_call"
NOT_A_LIST = "finish_tool_call_non_list"
UNREADABLE = "finish_parse_error"
NO_CALL = "no_prediction"


@dataclass(frozen=True, slots=True)
class Extraction:
    """The answers of one exchange (texts only: other items are no answers) and the published tag of their source."""

    answers: tuple[str, ...]
    source: str


def tool_calls(message: Any) -> Sequence[Any]:
    """The tool calls of a message; none where it is no message or has none."""
    calls = message.get("tool_calls") if isinstance(message, dict) else None
    return calls if isinstance(calls, list) else ()


def name_and_arguments(call: Any) -> tuple[str, Any]:
    """A tool call's name ("" where it has none) and its arguments, in the chat form or flat."""
    if not isinstance(call, dict):
        return "", None
    function = call.get("function")
    body = function if isinstance(function, dict) else call
    name = body.get("name")
    return (name if isinstance(name, str) else ""), body.get("arguments")


def finish_answer(messages: Sequence[Any]) -> Extraction:
    """The answers of the last `finish` call of an exchange."""
    for message in reversed(messages):
        for call in reversed(tool_calls(message)):
            name, arguments = name_and_arguments(call)
            if "finish" in name.lower():
                return _of_arguments(arguments)
    return Extraction((), NO_CALL)


def _of_arguments(arguments: Any) -> Extraction:
    if isinstance(arguments, dict | list):
        return _of_value(arguments)
    for value in _readings(arguments):
        return _of_value(value)
    return Extraction((), UNREADABLE)


def _of_value(value: Any) -> Extraction:
    if isinstance(value, dict):
        if "response" not in value:
            return Extraction((), FINISH)
        value = value["response"]
    if isinstance(value, list):
        return Extraction(tuple(item for item in value if isinstance(item, str)), FINISH)
    if isinstance(value, str) and value.strip():
        return Extraction((value.strip(),), FINISH)
    return Extraction((), NOT_A_LIST)


def _readings(text: Any) -> Iterator[Any]:
    """The value that a text of arguments stands for: as JSON, else as a Python literal; nothing where it is neither."""
    if not isinstance(text, str):
        return
    try:
        yield json.loads(text)
        return
    except (ValueError, RecursionError):
        pass
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a model's odd escapes are not the user's concern
            yield ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return
