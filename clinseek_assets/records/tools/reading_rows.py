"""Rows as text for a model, and back: a pipe table in which every value comes back as it was.

One line a row, whatever the values hold: a line break is written `\\n` (a carriage return `\\r`), a pipe `\\|`, a
backslash `\\\\`. A missing value is the word NULL; a text that is this word is written `\\NULL`.

    | label | valuenum |
    | --- | --- |
    | Sodium | 140.0 |
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

MISSING = "NULL"
MARK = "---"
_MARKS = re.compile(rf"\|(?: {MARK} \|)+")
_TO_ESCAPE = re.compile(r"[\\|\n\r]")
_ESCAPED = {"\\": r"\\", "|": r"\|", "\n": r"\n", "\r": r"\r"}
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_MEANT = {"n": "\n", "r": "\r"}


def write_table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Rows as a table; None is a missing value, anything else its text."""
    return "\n".join([_line(columns), f"|{f' {MARK} |' * len(columns)}", *map(_line, rows)])


def written_length(value: Any) -> int:
    """The characters that a value takes in a table."""
    return len(_cell(value))


def parse_table(text: str) -> list[dict[str, str | None]]:
    """The rows of the first table in a text, as column -> value; no rows where there is no table.

    Args:
        text: a tool's reply; what stands before and behind the table is passed over.
    """
    lines = text.split("\n")
    for place, line in enumerate(lines[1:], start=1):
        columns = _cells(lines[place - 1]) if _MARKS.fullmatch(line) else []
        if columns and len(columns) == line.count(MARK):
            return [dict(zip(map(str, columns), row, strict=True)) for row in _rows(lines[place + 1 :], len(columns))]
    return []


def _line(cells: Iterable[Any]) -> str:
    return f"| {' | '.join(map(_cell, cells))} |"


def _cell(value: Any) -> str:
    if value is None:
        return MISSING
    text = str(value)
    escaped = _TO_ESCAPE.sub(lambda found: _ESCAPED[found[0]], text)
    return f"\\{escaped}" if text in (MISSING, MARK) else escaped


def _rows(lines: Iterable[str], width: int) -> Iterable[list[str | None]]:
    """The rows up to the first line that is none."""
    for line in lines:
        cells = _cells(line)
        if len(cells) != width:
            return
        yield cells


def _cells(line: str) -> list[str | None]:
    """The cells of a table's line; none where the line is of another kind. No escaped pipe has a blank before it."""
    if not (line.startswith("| ") and line.endswith(" |") and len(line) >= len("|  |")):
        return []
    return [_value(cell) for cell in line[2:-2].split(" | ")]


def _value(cell: str) -> str | None:
    if cell == MISSING:
        return None
    return _ESCAPE.sub(lambda found: _MEANT.get(found[1], found[1]), cell) if "\\" in cell else cell
