"""Rows within a budget of characters: pages of whole rows, and long values cut where it can be seen.

How many rows make a page depends on the columns alone; what short values leave over is shared among the long ones. So
no page exceeds the budget, no row is cut off, and a page is found without those before it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain, count
from typing import Any

from clinseek_assets.records.tools.mistakes import Mistake
from clinseek_assets.records.tools.reading_rows import MARK, write_table, written_length

LARGEST_PAGE = 100
FOR_REMARKS = 1_000  # characters of the budget that are kept for the sentences around a table
BETWEEN_CELLS = len(" | ")
LEAST_CELL = 14  # room of any value, enough for the mark of a cut; most are shorter and leave room for others
LONGEST_NAME = 40
WISHED_FOR = 2_000  # characters of a long text that a page of freely chosen rows should have room for
FEWER = (100, 50, 20, 10, 5, 2, 1)


@dataclass(frozen=True)
class Shown:
    """A table within its budget.

    Attributes:
        text: the table.
        cut: column -> how many characters of a value are shown at least, of columns in which values were cut.
    """

    text: str
    cut: dict[str, int]


def show(columns: Sequence[str], rows: Sequence[Sequence[Any]], budget: int) -> Shown:
    """Rows as a table of at most `budget - FOR_REMARKS` characters, if there are at most `page_size` of them."""
    names = distinct_names(columns)
    lengths = [written_length(value) for row in rows for value in row]
    longest = _longest(lengths, _room(names, budget) - len(rows) * _around(names))
    cut: dict[str, int] = {}
    shown = []
    for row in rows:
        cells = list(row)
        for place, value in enumerate(row):
            if longest is not None and written_length(value) > longest:
                cells[place], kept = _shortened(str(value), longest)
                cut[names[place]] = min(kept, cut.get(names[place], kept))
        shown.append(cells)
    return Shown(write_table(names, shown), cut)


def page_size(columns: Sequence[str], budget: int, most: int = LARGEST_PAGE) -> int:
    """How many rows of these columns make a page: at most `most`, a round number.

    Raises:
        Mistake: there are so many columns that not even one row fits.
    """
    names = distinct_names(columns)
    fitting = _room(names, budget) // (_around(names) + LEAST_CELL * len(names))
    if fitting < 1:
        raise Mistake("refused", f"These are {len(columns)} columns, more than a reply holds. Select fewer.")
    size = min(fitting, most)
    return size - size % 10 if size > 10 else size


def page_size_of(columns: Sequence[str], rows: Sequence[Sequence[Any]], budget: int) -> int:
    """How many of these rows make a page if long values should have room for `WISHED_FOR` characters, where they can.

    Raises:
        Mistake: there are so many columns that not even one row fits.
    """
    names = distinct_names(columns)
    most = page_size(columns, budget)
    room, around = _room(names, budget), _around(names)
    wished = [around + sum(min(written_length(value), WISHED_FOR) for value in row) for row in rows]
    ends = [0, *accumulate(wished)]
    for size in (most, *(fewer for fewer in FEWER if fewer < most)):
        if all(ends[min(at + size, len(rows))] - ends[at] <= room for at in range(0, len(rows), size)):
            return size
    return 1


def distinct_names(columns: Sequence[str]) -> list[str]:
    """Column names as they stand above a table: not too long, and each once."""
    told: dict[str, None] = {}
    for column in columns:
        name = column if len(column) <= LONGEST_NAME else f"{column[: LONGEST_NAME - 1]}…"
        numbered = (f"{name} ({number})" for number in count(2))
        told[next(one for one in chain([name], numbered) if one not in told)] = None
    return list(told)


def remark_on_cuts(cut: dict[str, int], source: str) -> Iterable[str]:
    """How to read on where values were cut.

    Args:
        cut: as in `Shown`.
        source: the table to select from, "" where SQL does not lead to it.
    """
    if cut and not source:
        yield "Values that end in «… [+n]» are cut, n characters of them are not shown."
    elif cut:
        column, kept = min(cut.items(), key=lambda item: item[1])
        yield (
            f"Values that end in «… [+n]» are cut, n characters of them are not shown. Read on with ehr.run_sql_query, "
            f'for example SELECT substr("{column}", {kept + 1}, {WISHED_FOR * 2}) FROM {source} WHERE …'
        )


def _room(names: Sequence[str], budget: int) -> int:
    """Characters for rows: without the two lines above them."""
    header = sum(map(written_length, names)) + _around(names)
    marks = len(names) * (len(MARK) + BETWEEN_CELLS) + 2
    return budget - FOR_REMARKS - header - marks


def _around(names: Sequence[str]) -> int:
    """Characters of a line besides its values, the line break among them."""
    return len(names) * BETWEEN_CELLS + 2


def _longest(lengths: Sequence[int], room: int) -> int | None:
    """The length that all longer values are cut to so that all fit; None where they fit as they are."""
    rest = room
    ordered = sorted(lengths)
    for place, length in enumerate(ordered):
        if length * (len(ordered) - place) > rest:
            return rest // (len(ordered) - place)
        rest -= length
    return None


def _shortened(text: str, most: int) -> tuple[str, int]:
    """A text's beginning with the mark of the cut, at most so long when written; and the length of that beginning."""
    room = most - len(_mark(len(text)))
    kept = bisect_right(range(1, room + 1), room, key=lambda count: written_length(text[:count]))
    return f"{text[:kept]}{_mark(len(text) - kept)}", kept


def _mark(missing: int) -> str:
    return f"… [+{missing:,}]"


@dataclass(frozen=True)
class Paged:
    """A page of rows.

    Attributes:
        columns: their names.
        rows: those of the page.
        start: how many come before them.
        total: how many there are on all pages.
        size: how many make a page.
        what: what they are, in words that go behind «rows».
        order: how they are ordered, or "".
        source: where a long value can be read on: a table.
        remarks: further sentences.
    """

    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]
    start: int
    total: int
    size: int
    what: str
    order: str
    source: str
    remarks: tuple[str, ...] = ()


def show_page(page: Paged, budget: int) -> str:
    """A page with a line before it that says which rows these are, and how to get the others.

    Raises:
        Mistake: there is no such page.
    """
    pages = max(1, -(-page.total // page.size))
    number = page.start // page.size + 1
    if number > pages:
        raise Mistake("not_found", f"There is no page {number}: {_rows(page.total)} {page.what} make {pages}.")
    if not page.total:
        return "\n".join([f"No rows {page.what}.", *page.remarks])
    shown = show(page.columns, page.rows, budget)
    head = _head(page, number, pages)
    return "\n".join([head, *page.remarks, *remark_on_cuts(shown.cut, page.source), "", shown.text])


def _head(page: Paged, number: int, pages: int) -> str:
    order = f", {page.order}" if page.order and page.total > 1 else ""
    if pages == 1:
        return f"{_rows(page.total)} {page.what}{order}; all are shown."
    first, last = page.start + 1, page.start + len(page.rows)
    which = f"Rows {first:,} to {last:,} of {page.total:,} {page.what}{order} (page {number:,} of {pages:,})."
    return f"{which} For the next rows ask for page {number + 1}." if number < pages else f"{which} These are the last."


def _rows(count: int) -> str:
    return f"{count:,} row{'' if count == 1 else 's'}"
