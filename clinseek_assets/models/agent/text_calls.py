"""Tool calls out of a text, for servers that give a model's calls back unread.

Only what the whole form of a call has is taken for one, and only where the tool is offered: prose that talks about a
tool calls nothing. The forms, in the order in which they are tried (the first that finds a call is the only one used):

- `<tool_call>{"name": …, "arguments": {…}}</tool_call>`; the closing tag may be missing at the end, the opening one
  before an object that is followed by a closing one
- `<tool_call><function=NAME><parameter=KEY>VALUE</parameter></function></tool_call>`, the outer tags being optional,
  and the same as `<invoke name="NAME"><parameter name="KEY">VALUE</parameter></invoke>`
- `[TOOL_CALLS]` before a JSON list of such objects, `[tool_call] NAME {…}` and `[tool_call: NAME {…}]`
- the whole text, or a whole fenced block: such an object or a list of them
- whole lines `NAME(…)` or `[NAME(…), …]`, with arguments as one JSON object, or by keyword as literals

Inside reasoning only the tagged forms count, and only where nothing else was said: thinking of a call is not calling.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from clinseek_assets.models.agent.arguments import json_object, literal_of, mended_object, parsed_expression
from clinseek_assets.models.agent.names import offered_name, published_name
from clinseek_assets.records.tools.specs import ToolSpec

THINKING = re.compile(r"<(think|thinking|reasoning|analysis|thought)>.*?(?:</\1>|\Z)", re.DOTALL | re.IGNORECASE)
# What opens a call and what closes it; a call never holds the opening of the next.
TAGGED = re.compile(r"<tool_call>((?:(?!<tool_call>).)*?)(?:</tool_call>|(?=<tool_call>)|\Z)", re.DOTALL)
CLOSED_ONLY = re.compile(r"\A\s*(\{.*?\})\s*</tool_call>", re.DOTALL)
FUNCTION = re.compile(
    r"<function=\s*\"?(?P<name>[\w.-]+)\"?\s*>(?P<body>.*?)</function>"
    r"|<invoke\s+name=\"(?P<invoked>[\w.-]+)\"\s*>(?P<invoked_body>.*?)</invoke>",
    re.DOTALL,
)
PARAMETER = re.compile(
    r"<parameter=\s*\"?(?P<key>[\w.-]+)\"?\s*>(?P<value>.*?)</parameter>"
    r"|<parameter\s+name=\"(?P<named>[\w.-]+)\"\s*>(?P<named_value>.*?)</parameter>",
    re.DOTALL,
)
MARKED_LIST = re.compile(r"\[TOOL_CALLS\]\s*(\[.*\])", re.DOTALL)
MARKED = re.compile(r"\[tool_call\][ \t]*([\w.-]+)[ \t]*(?=\{)", re.IGNORECASE)
BRACKETED = re.compile(r"\[tool[_ ]call:[ \t]*([\w.-]+)[ \t]*(?=\{)", re.IGNORECASE)
FENCED = re.compile(r"^```[\w-]*[ \t]*\n(.*?)\n```[ \t]*$", re.DOTALL | re.MULTILINE)
# Where the calls of a text begin, once it is known to hold some.
BEGINNING = re.compile(
    r"</?tool_call>|<function=|<invoke\b|\[tool[_ ]calls?\b|^[ \t]*(?:```|[\[{`]|[\w.]+\()",
    re.MULTILINE | re.IGNORECASE,
)
NAME_KEYS = ("name", "tool", "tool_name", "function")
ARGUMENT_KEYS = ("arguments", "parameters", "args", "input")


@dataclass(frozen=True)
class TextCall:
    """A call that a text holds: the published name, and the arguments as JSON text, or as they were written."""

    name: str
    arguments: str


Reading = Callable[[str], Iterator[TextCall]]


def calls_in(text: str, reasoning: str, offered: Sequence[ToolSpec]) -> list[TextCall]:
    """The calls that a reply without native ones holds, of tools that are offered.

    Args:
        text: the reply's content.
        reasoning: what the endpoint sent apart as reasoning.
        offered: the tools that may be called.
    """
    said = THINKING.sub("", text)
    parameters = {spec.name: tuple(spec.parameters.get("properties", {})) for spec in offered}
    forms: Sequence[tuple[Reading, str]] = [
        *((form, said) for form in (_tagged, _functions, _marked, _objects, lambda part: _written(part, parameters))),
        *((form, reasoning) for form in (_tagged, _functions) if not said.strip()),
    ]
    for form, part in forms:
        found = (replace(call, name=offered_name(call.name, parameters)) for call in form(part))
        if calls := [call for call in found if call.name in parameters]:
            return calls
    return []


def before_calls(text: str) -> str:
    """What a text that holds calls says before the first of them."""
    said = THINKING.sub("", text)
    beginning = BEGINNING.search(said)
    return said[: beginning.start()].rstrip() if beginning else said


def _tagged(text: str) -> Iterator[TextCall]:
    """`<tool_call>` blocks with an object, a list, or a function in them."""
    bodies = [match[1] for match in TAGGED.finditer(text)] or [match[1] for match in CLOSED_ONLY.finditer(text)]
    for body in bodies:
        if FUNCTION.search(body):
            yield from _functions(body)
        else:
            yield from _object_calls(body)


def _functions(text: str) -> Iterator[TextCall]:
    """Function blocks with one block a parameter, or with one object."""
    for match in FUNCTION.finditer(text):
        name, body = match["name"] or match["invoked"], match["body"] or match["invoked_body"] or ""
        given: dict[str, Any] = {
            found["key"] or found["named"]: (found["value"] if found["key"] else found["named_value"]).strip("\n")
            for found in PARAMETER.finditer(body)
        }
        yield _call(name, given) if given or not body.strip() else TextCall(published_name(name), body.strip())


def _marked(text: str) -> Iterator[TextCall]:
    """The forms in square brackets with an object, or a list of objects, as JSON."""
    if listed := MARKED_LIST.search(text):
        yield from _object_calls(listed[1])
        return
    for mark in (MARKED, BRACKETED):
        for match in mark.finditer(text):
            if (given := _object_at(text, match.end())) is not None:
                yield _call(match[1], given)


def _objects(text: str) -> Iterator[TextCall]:
    """The whole text, or else each fenced block, as an object or a list of objects."""
    for part in (text, *FENCED.findall(text)):
        if found := list(_object_calls(part)):
            yield from found
            return


def _object_calls(text: str) -> Iterator[TextCall]:
    """The calls of a text that is one object with a name and arguments, or a list of them, or one a line."""
    value = _value_of(text)
    lines = [line for line in text.strip().splitlines() if line.strip()]
    several = [_value_of(line) for line in lines] if value is None and len(lines) > 1 else [value]
    for item in several[0] if len(several) == 1 and isinstance(several[0], list) else several:
        if isinstance(item, dict) and (call := _object_call(item)):
            yield call


def _object_call(item: Mapping[str, Any]) -> TextCall | None:
    """`{"name": …, "arguments": …}` in its usual spellings; the arguments may be left out."""
    if isinstance(inner := item.get("function"), dict):
        return _object_call(inner)
    name = next((item[key] for key in NAME_KEYS if isinstance(item.get(key), str)), None)
    given: Any = next((item[key] for key in ARGUMENT_KEYS if key in item), {})
    if name is None or not isinstance(given, dict | str):
        return None
    return TextCall(published_name(name), given) if isinstance(given, str) else _call(name, given)


def _written(text: str, parameters: Mapping[str, tuple[str, ...]]) -> Iterator[TextCall]:
    """Whole lines, or a whole text, that are calls as one writes them in code."""
    whole = list(_expression_calls(text, parameters))
    for part in () if whole else text.splitlines():
        whole += _expression_calls(part.strip().strip("`"), parameters)
    yield from whole


def _expression_calls(text: str, parameters: Mapping[str, tuple[str, ...]]) -> Iterator[TextCall]:
    """One call, or a list of nothing but calls."""
    stripped = text.strip()
    if not stripped.endswith((")", "]")):
        return
    expression = parsed_expression(stripped)
    if expression is None:
        return
    items = expression.elts if isinstance(expression, ast.List | ast.Tuple) else [expression]
    calls = [_expression_call(item, parameters) for item in items]
    if all(call is not None for call in calls):
        yield from (call for call in calls if call is not None)


def _expression_call(node: ast.expr, parameters: Mapping[str, tuple[str, ...]]) -> TextCall | None:
    """`NAME(key=literal, …)`, `NAME({…})`, or literals in the order of the tool's parameters."""
    if not isinstance(node, ast.Call):
        return None
    name = published_name(ast.unparse(node.func))
    order = parameters.get(name, ())
    try:
        by_place = [literal_of(argument) for argument in node.args]
        by_name = {keyword.arg or "": literal_of(keyword.value) for keyword in node.keywords}
    except (ValueError, RecursionError):
        return None
    if len(by_place) == 1 and isinstance(by_place[0], dict) and not by_name:
        return _call(name, by_place[0])
    if "" in by_name or len(by_place) > len(order) or set(by_name) & set(order[: len(by_place)]):
        return None
    return _call(name, {**dict(zip(order, by_place, strict=False)), **by_name})


def _call(name: str, given: Mapping[str, Any]) -> TextCall:
    return TextCall(published_name(name), json.dumps(given, ensure_ascii=False))


def _value_of(text: str) -> Any:
    """A text as an object or a list; None where it is neither."""
    stripped = text.strip()
    if stripped.startswith("["):
        wrapped = json_object(f'{{"": {stripped}}}') or mended_object(f'{{"": {stripped}}}')
        return wrapped and wrapped[""]
    if not stripped.startswith("{"):
        return None
    value = json_object(stripped)
    return value if value is not None else mended_object(stripped)


def _object_at(text: str, start: int) -> dict[str, Any] | None:
    """The JSON object that begins at this place."""
    try:
        value, _ = json.JSONDecoder(strict=False).raw_decode(text, start)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
