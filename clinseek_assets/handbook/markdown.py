"""Markdown that the pages of the reference are written in: tables, names as code, docstrings taken apart."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

NOTHING = "–"
ATTRIBUTES = "Attributes:"
ENTRY = re.compile(r"^(\w+(?:, \w+)*): (.*)$")


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """A table and a blank line after it; nothing at all where there are no rows."""
    lines = [line(row) for row in rows]
    if lines:
        yield from (line(headings), f"|{'---|' * len(headings)}", *lines, "")


def line(cells: Iterable[str]) -> str:
    """One line of a table."""
    return f"| {' | '.join(in_a_cell(cell) for cell in cells)} |"


def in_a_cell(text: str) -> str:
    """A text that does not end its cell, on one line."""
    return " ".join(text.replace("|", "\\|").split()) or NOTHING


def code(names: Iterable[str]) -> str:
    """Names as code, with commas between them."""
    return ", ".join(f"`{name}`" for name in names)


def paragraph(documented: object) -> str:
    """The text of a docstring before its sections, on one line a paragraph."""
    text = (inspect.getdoc(documented) or "").partition(f"\n{ATTRIBUTES}")[0]
    return "\n\n".join(" ".join(part.split()) for part in text.split("\n\n") if part.strip())


def attributes(documented: object) -> Mapping[str, str]:
    """Name -> meaning, out of a docstring's section «Attributes»; names that share an entry share its text."""
    found: dict[str, str] = {}
    names: list[str] = []
    for entry in (inspect.getdoc(documented) or "").partition(f"\n{ATTRIBUTES}\n")[2].splitlines():
        if not entry.strip():
            break
        if begun := ENTRY.match(entry.strip()) if indented(entry) == 4 else None:
            names = begun[1].split(", ")
            found |= dict.fromkeys(names, begun[2])
        else:
            found |= {name: f"{found[name]} {entry.strip()}" for name in names}
    return found


def indented(text: str) -> int:
    """How many blanks a line begins with."""
    return len(text) - len(text.lstrip())
