"""The answer in an exchange of the published multimodal drivers: the `response` of its last `finish` call.

The published scorer takes calls named exactly `finish` or `ehr.finish`, and JSON only. The drivers carry out calls of
other spellings too, so the strict rule takes those as well: what was submitted was submitted.
"""

from __future__ import annotations

import ast
import json
import warnings
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from clinseek_assets.scoring.finish_call import Extraction, name_and_arguments, tool_calls

OK = "ok"
NO_FINISH_CALL = "no_finish_call"
BAD_ARGUMENTS = "bad_json_args"
NO_RESPONSE = "no_response_key"
NAMES = frozenset({"finish", "ehr.finish"})
_KEYS_OF_AN_ITEM = ("name", "value", "text", "answer")
_ABSENT = object()


def published_answer(messages: Sequence[Any]) -> Extraction:
    """The answers of the last call that bears the tool's exact name, by the published rule."""
    return _last_response(messages, lambda name: name in NAMES, json.loads)


def repaired_answer(messages: Sequence[Any]) -> Extraction:
    """The answers of the last call whose name has «finish» in it, also where its arguments are a Python literal."""
    return _last_response(messages, lambda name: "finish" in name.lower(), _json_or_literal)


def _last_response(messages: Sequence[Any], is_finish: Callable[[str], bool], read: Callable[[str], Any]) -> Extraction:
    for message in reversed(messages):
        for call in reversed(tool_calls(message)):
            name, arguments = name_and_arguments(call)
            if is_finish(name):
                return _response(arguments, read)
    return Extraction((), NO_FINISH_CALL)


def _response(arguments: Any, read: Callable[[str], Any]) -> Extraction:
    if isinstance(arguments, str):
        try:
            arguments = read(arguments)
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
            return Extraction((), BAD_ARGUMENTS)
    response = arguments.get("response", _ABSENT) if isinstance(arguments, dict) else _ABSENT
    if response is _ABSENT:
        return Extraction((), NO_RESPONSE)
    if response is None:
        return Extraction((), OK)
    return Extraction(tuple(_texts(response if isinstance(response, list) else [response])), OK)


def _texts(items: Iterable[Any]) -> Iterable[str]:
    """Items as texts: objects by the first of their telling keys, else as JSON; whole surrogate pairs only."""
    for item in items:
        if isinstance(item, dict):
            item = next((item[key] for key in _KEYS_OF_AN_ITEM if item.get(key) is not None), json.dumps(item))
        if item is not None:
            text = item if isinstance(item, str) else json.dumps(item, ensure_ascii=False)
            yield text.encode("utf-8", errors="replace").decode("utf-8")


def _json_or_literal(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a model's odd escapes are not the user's concern
            return ast.literal_eval(text)
