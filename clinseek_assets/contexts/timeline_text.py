"""Reading a curated context back into events: headings, bullets and pipe tables of the published layout.

Written for the layout of `contexts/rendering.py` and for the release's own texts, whose table cells may hold raw line
breaks. A heading counts only with a known display name, so that a heading inside a note is a part of the note.
"""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from clinseek_assets.contexts.display import DISPLAY

TABLE_OF_NAME = {rule.name: table for table, rule in DISPLAY.items()}
TITLES = {table: tuple(column.title() for column in rule.columns) for table, rule in DISPLAY.items()}
HEADING = re.compile(
    rf"^## ({'|'.join(map(re.escape, TABLE_OF_NAME))}) "
    r"\[(None|NaT|nan|\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?)\][ \t]*$",
    re.MULTILINE,
)
BULLETS = {
    table: re.compile(rf"^- ({'|'.join(map(re.escape, titles))}): ?", re.MULTILINE)
    for table, titles in TITLES.items()
    if titles
}
ROW_START = re.compile(r"\n(?=\| )")
CELL_BREAK = re.compile(r"(?<!\\) \| ")
NO_VALUE = frozenset({"", "nan", "None", "NaT"})


@dataclass(frozen=True)
class Block:
    """One event of the context: its table, its time (None for `[None]`), its rows as title -> text."""

    table: str
    start: datetime | None
    rows: tuple[dict[str, str], ...]

    def values(self, title: str) -> Iterator[str]:
        """The non-missing values of one column, in row order; a list literal gives its items."""
        if not self.rows or title not in self.rows[0]:
            return
        for row in self.rows:
            value = row.get(title, "")
            if value in NO_VALUE:
                continue
            if value.startswith("[") and value.endswith("]"):
                yield from _items(value)
            else:
                yield value


def read_timeline(context: str) -> list[Block]:
    """The context's events in their order; text before the first known heading is passed over."""
    return [
        Block(
            table := TABLE_OF_NAME[heading[1]],
            datetime.fromisoformat(heading[2]) if heading[2][0].isdigit() else None,
            _rows(table, text.strip("\n")),
        )
        for heading, text in _pieces(HEADING, context)
    ]


def events_of(context: str) -> list[Block]:
    """The context's events in their order, without the blocks that stand before them.

    The admission's block never stands among the events. A discharge note may: it belongs to the header where it follows
    the demographics at once, since a header block that is not there leaves further blank lines.
    """
    blocks = read_timeline(context)
    first = int(bool(blocks) and blocks[0].table == "patients")
    if _table_at(blocks, first) == "discharge" and _at_once(context):
        first += 1
    if _table_at(blocks, first) == "admissions":
        first += 1
    return blocks[first:]


def _table_at(blocks: list[Block], place: int) -> str | None:
    return blocks[place].table if place < len(blocks) else None


def _at_once(context: str) -> bool:
    """Whether the second heading is one blank line away from what stands before it."""
    second = next(itertools.islice(HEADING.finditer(context), 1, None), None)
    return second is not None and not context[: second.start()].endswith("\n\n\n")


def _pieces(mark: re.Pattern[str], text: str) -> Iterator[tuple[re.Match[str], str]]:
    """Each mark with the text from its end to the next one's start."""
    marks = list(mark.finditer(text))
    for number, found in enumerate(marks, start=1):
        yield found, text[found.end() : marks[number].start() if number < len(marks) else len(text)]


def _rows(table: str, body: str) -> tuple[dict[str, str], ...]:
    if body.startswith("| "):
        header, *rows = [_cells(row) for row in ROW_START.split(body)]
        return tuple(dict(zip(header, row, strict=False)) for row in rows[1:])
    if table not in BULLETS or not body:
        return ()
    row: dict[str, str] = {}
    for mark, value in _pieces(BULLETS[table], body):
        row.setdefault(mark[1], value.rstrip("\n"))  # a note may hold a line like a bullet
    return (row,) if row else ()


def _cells(row: str) -> list[str]:
    inner = row.strip().removeprefix("| ").removesuffix(" |")
    if "\\|" in inner:
        return [cell.replace("\\|", "|") for cell in CELL_BREAK.split(inner)]
    return inner.split(" | ")


def _items(value: str) -> list[str]:
    """The items of a list literal; the value itself where it only looks like one."""
    try:
        items = ast.literal_eval(value)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return [value]
    return [item for item in items if isinstance(item, str) and item] if isinstance(items, list) else [value]
