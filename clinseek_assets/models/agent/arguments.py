"""Arguments as models write them: a JSON object, or what is meant as one.

Nothing is ever evaluated. What is no JSON is read as Python's literals (single quotes, trailing commas, None) with
JSON's three words among them; a JSON text that holds an object as text is read once more. Everything else is no object.
A text that stands where a tool takes no text (a list written as text) is read as what it says.
"""

from __future__ import annotations

import ast
import json
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

JSON_TYPES: Mapping[str, tuple[type, ...]] = {
    "array": (list,),
    "object": (dict,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
}
LONGEST_LITERAL = 200_000  # characters; Python's parser takes memory by the hundredfold
WORDS: Mapping[str, Any] = {"true": True, "false": False, "null": None}


def json_object(text: str) -> dict[str, Any] | None:
    """The object that a text is by JSON's own rules; nothing at all is an empty one; None where it is none."""
    if not text.strip():
        return {}
    value = _json(text)
    return value if isinstance(value, dict) else None


def mended_object(text: str) -> dict[str, Any] | None:
    """The object that a text plainly means although it is no JSON object; None where that cannot be told."""
    value = _json(text)
    value = _json(value) if isinstance(value, str) else literal(text)
    return value if isinstance(value, dict) else None


@dataclass(frozen=True)
class Arguments:
    """What a tool is called with, and whether it had to be mended to become that."""

    given: dict[str, Any]
    mended: bool


def read_arguments(text: str, parameters: Mapping[str, Any]) -> Arguments | None:
    """The arguments that a model wrote for a tool, or None where they are no object and cannot be told to mean one.

    Args:
        text: as the model wrote them.
        parameters: the tool's JSON schema.
    """
    exact = json_object(text)
    given = mended_object(text) if exact is None else exact
    if given is None:
        return None
    properties = parameters.get("properties", {})
    fitted = {key: _fitted(value, properties.get(key, {})) for key, value in given.items()}
    return Arguments(fitted, mended=exact is None or fitted != given)


def _fitted(value: Any, schema: Mapping[str, Any]) -> Any:
    """A text where the schema takes none, as what it says, if that is of the schema's type."""
    wanted = _types_of(schema)
    if not isinstance(value, str) or not wanted or "string" in wanted:
        return value
    meant = _json(value)
    meant = literal(value) if meant is None else meant
    fits = any(isinstance(meant, JSON_TYPES.get(name, ())) for name in wanted)
    return meant if fits and (not isinstance(meant, bool) or "boolean" in wanted) else value


def _types_of(schema: Mapping[str, Any]) -> set[str]:
    """The types that a schema names, itself or in its alternatives."""
    named = schema.get("type", [])
    types = {named} if isinstance(named, str) else set(named)
    return types.union(*(_types_of(option) for option in schema.get("anyOf", ())))


def literal(text: str) -> Any:
    """The value of a literal in Python's or JSON's words; None where it is none (or is the word for it)."""
    if len(text) > LONGEST_LITERAL:
        return None
    expression = parsed_expression(text)
    try:
        return None if expression is None else literal_of(expression)
    except (ValueError, RecursionError):
        return None


def parsed_expression(text: str) -> ast.expr | None:
    """A text as one Python expression, or None. It is only taken apart, never run."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # «invalid escape sequence» in what a model wrote is nobody's business
            return ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def literal_of(node: ast.expr) -> Any:
    """The value of an expression that consists of literals only.

    Raises:
        ValueError: it holds anything else.
    """
    if isinstance(node, ast.Constant) and isinstance(node.value, str | int | float | bool | None):
        return node.value
    if isinstance(node, ast.Name) and node.id in WORDS:
        return WORDS[node.id]
    if isinstance(node, ast.List | ast.Tuple):
        return [literal_of(item) for item in node.elts]
    if isinstance(node, ast.Dict):
        return {_word(key): literal_of(value) for key, value in zip(node.keys, node.values, strict=True)}
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        value = literal_of(node.operand)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return -value
    raise ValueError("not a literal")


def _word(key: ast.expr | None) -> str:
    """A key of an object, which is a text."""
    if isinstance(key, ast.Constant) and isinstance(key.value, str):
        return key.value
    raise ValueError("not a text")


def _json(text: str) -> Any:
    """A text as JSON; raw line breaks inside its strings are let pass, as models write them. None where it is none."""
    try:
        return json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return None
