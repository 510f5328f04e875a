"""The published scorer's reading of a closing text where an exchange has no `finish` call; off unless asked for.

Three rules, the first that finds anything wins: an explicit list (the last `answer` block or bracketed list), bullets
after a cue, and names of the candidate tools' results that the text mentions. Its known faults are the published
ones: a name is aligned by substring, and a mentioned name may be one that the model ruled out.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from clinseek_assets.scoring.finish_call import NO_CALL, Extraction, finish_answer, name_and_arguments, tool_calls

EXPLICIT_LIST = "fallback_explicit_string_list"
BULLETS = "fallback_bullet_list"
MENTIONS = "fallback_official_candidate_mentions"

_BLOCK = re.compile(r"<answer>(.*?)</answer>", re.IGNORECASE | re.DOTALL)
_BRACKETS = re.compile(r"\[[^\[\]]*\]", re.DOTALL)
_CUE = re.compile(r"\b(?:final answers?|answers?|predictions?|response)\b[^\n:]*:", re.IGNORECASE)
_BULLET = re.compile(r"^\s*[-*]\s+(.+?)\s*$", re.MULTILINE)


def finish_or_text_answer(messages: Sequence[Any]) -> Extraction:
    """The answers of the last `finish` call; where there is none, those of the last assistant message's text."""
    extraction = finish_answer(messages)
    if extraction.source != NO_CALL:
        return extraction
    text, official = _closing_text(messages), _official_names(messages)
    for source, found in (
        (EXPLICIT_LIST, [_align(name, official) for name in _explicit_list(text)]),
        (BULLETS, [_align(name, official) for name in _bullets_after_cue(text)]),
        (MENTIONS, _mentions(text, official)),
    ):
        if found:
            return Extraction(tuple(found), source)
    return extraction


def _closing_text(messages: Sequence[Any]) -> str:
    for message in reversed(messages):
        if isinstance(message, dict) and message.get("role") == "assistant":
            parts = (message.get(key) for key in ("content", "reasoning_content", "reasoning"))
            return "\n".join(part for part in parts if isinstance(part, str) and part)
    return ""


def _explicit_list(text: str) -> list[str]:
    blocks = _BLOCK.findall(text)
    if blocks:
        inside = blocks[-1].strip()
        return _list_of_texts(inside) or [line.strip() for line in inside.splitlines() if line.strip()]
    for bracketed in reversed(_BRACKETS.findall(text)):
        if found := _list_of_texts(bracketed):
            return found
    return []


def _list_of_texts(text: str) -> list[str]:
    """The texts of a JSON or Python list; nothing where it is none or holds anything else."""
    for read in (json.loads, ast.literal_eval):
        try:
            value = read(text)
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
            continue
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            return [item.strip() for item in value if item.strip()]
    return []


def _bullets_after_cue(text: str) -> list[str]:
    cues = list(_CUE.finditer(text))
    return _BULLET.findall(text, cues[-1].end()) if cues else []


def _mentions(text: str, official: Sequence[str]) -> list[str]:
    if not _CUE.search(text):
        return []
    lowered = text.lower()
    places = {name: lowered.find(name.lower()) for name in official}
    return sorted((name for name, place in places.items() if place >= 0), key=lambda name: places[name])


def _align(name: str, official: Sequence[str]) -> str:
    """The official name that `name` stands for: the same but for case and spaces, else the first that contains it or
    is contained in it, else `name` itself."""
    wanted = _normalised(name)
    for candidate in official:
        if _normalised(candidate) == wanted:
            return candidate
    for candidate in official:
        if _normalised(candidate) in wanted or wanted in _normalised(candidate):
            return candidate
    return name


def _normalised(name: str) -> str:
    return " ".join(name.lower().split())


def _official_names(messages: Sequence[Any]) -> list[str]:
    """The names in results of calls whose arguments mention a candidate table, in the order in which they came."""
    of_candidates = {
        call.get("id")
        for message in messages
        for call in tool_calls(message)
        if isinstance(call, dict) and "_candidates" in str(name_and_arguments(call)[1])
    } - {None}
    names: dict[str, None] = {}
    for message in messages:
        if isinstance(message, dict) and message.get("role") == "tool" and message.get("tool_call_id") in of_candidates:
            names.update(dict.fromkeys(_names_in(message.get("content"))))
    return list(names)


def _names_in(content: Any) -> Iterator[str]:
    if isinstance(content, str):
        try:
            content = json.loads(content)
        except (ValueError, RecursionError):
            content = [line.strip().lstrip("-*").strip() for line in content.splitlines()]
    if isinstance(content, str):
        content = [content]
    for item in content.values() if isinstance(content, dict) else content if isinstance(content, list) else ():
        if isinstance(item, str):
            if item.strip():
                yield item.strip()
        else:
            yield from _names_in(item)
