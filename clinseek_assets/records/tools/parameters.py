"""The parameters of tools: what a model is told of them, and how what it sends is read."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from clinseek_assets.records.tools.mistakes import Mistake, shortened, sound, suggestion

TEXT: Mapping[str, Any] = {"type": "string"}
NUMBER: Mapping[str, Any] = {"type": "integer", "minimum": 1}
TEXTS: Mapping[str, Any] = {"type": "array", "items": {"type": "string"}}
TEXT_OR_TEXTS: Mapping[str, Any] = {"anyOf": [TEXT, TEXTS]}
MOST_WORDS = 10
LARGEST_PAGE = 10**9


@dataclass(frozen=True)
class Parameter:
    """One parameter of a tool.

    Attributes:
        name: the published name, where the tool has it there.
        description: what a model is told.
        schema: its JSON schema, without the description.
        read: from what a model sent to what the tool takes; raises `ValueError` with what it has to be.
        required: whether a call without it is refused.
    """

    name: str
    description: str
    schema: Mapping[str, Any]
    read: Callable[[Any], Any]
    required: bool = True


def as_text(value: Any) -> str:
    """A text with something in it; numbers are taken as the texts that they are written as."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return repr(value)
    if not isinstance(value, str) or not value.strip():
        raise ValueError("a text that is not empty")
    return sound(value)


def as_page(value: Any) -> int:
    """The number of a page, from 1 on; also where it was written as a text or with a point."""
    try:
        number = float(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else 0.0
    except (ValueError, OverflowError):
        number = 0.0
    if not (1 <= number <= LARGEST_PAGE and number.is_integer()):
        raise ValueError("a whole number from 1 on")
    return int(number)


def as_texts(value: Any) -> tuple[str, ...]:
    """Texts, at least one of them not empty; a single text is taken as one, a list sent as a text as a list."""
    given = _list_in(value)
    texts = tuple(repr(one) if _is_number(one) else one for one in given)
    if not all(isinstance(one, str) for one in texts) or not any(map(str.strip, texts)):
        raise ValueError('a list of texts, such as ["first", "second"], not empty')
    return tuple(map(sound, texts))


def as_words(value: Any) -> tuple[str, ...]:
    """Texts to look for, each once."""
    words = tuple(dict.fromkeys(word.strip() for word in as_texts(value) if word.strip()))
    if len(words) > MOST_WORDS:
        raise ValueError(f"at most {MOST_WORDS} texts a call")
    return words


def _list_in(value: Any) -> Sequence[Any]:
    if isinstance(value, str) and value.strip().startswith("["):
        try:
            inner = json.loads(value)
        except (ValueError, RecursionError):
            return [value]
        return inner if isinstance(inner, list) else [value]
    return value if isinstance(value, list | tuple) else [value]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def schema_of(parameters: Sequence[Parameter]) -> dict[str, Any]:
    """The JSON schema of a tool's arguments."""
    return {
        "type": "object",
        "properties": {one.name: {**one.schema, "description": one.description} for one in parameters},
        "required": [one.name for one in parameters if one.required],
        "additionalProperties": False,
    }


def read_arguments(tool: str, parameters: Sequence[Parameter], arguments: Mapping[str, Any]) -> dict[str, Any]:
    """A call's arguments, checked; optional ones that were not given (or given as null) are absent.

    Raises:
        Mistake: one is missing, is not of this tool, or is not what it has to be.
    """
    known = {one.name: one for one in parameters}
    for name in arguments:
        if name not in known:
            hint = suggestion(name, known)
            raise Mistake(
                "bad_arguments", f"{tool} has no argument `{shortened(name)}`.{hint} {_usage(tool, parameters)}"
            )
    given = {name: value for name, value in arguments.items() if value is not None}
    missing = [f"`{one.name}`" for one in parameters if one.required and one.name not in given]
    if missing:
        raise Mistake("bad_arguments", f"{' and '.join(missing)} missing. {_usage(tool, parameters)}")
    return {name: _read(known[name], value) for name, value in given.items()}


def _read(parameter: Parameter, value: Any) -> Any:
    try:
        return parameter.read(value)
    except ValueError as wanted:
        raise Mistake("bad_arguments", f"`{parameter.name}` has to be {wanted}.") from None


def _usage(tool: str, parameters: Sequence[Parameter]) -> str:
    names = [one.name if one.required else f"{one.name} (optional)" for one in parameters]
    return f"{tool} takes {', '.join(names)}."
