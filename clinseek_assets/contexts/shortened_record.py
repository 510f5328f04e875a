"""A multimodal context that does not fit a model's window, with the oldest rows of its longest tables left out visibly.

The question, the names and columns of all tables and the list of images stay, and of each table its latest rows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

RECORD = re.compile(r"(?<=^<ehr_context>\n).*(?=^</ehr_context>$)", re.MULTILINE | re.DOTALL)
COUNTS = "Visible rows: "
LINES_OF_A_HEAD = 3  # heading, counts, columns
TABLE = re.compile(r"^(?=### )", re.MULTILINE)
LEFT_OUT = "[{rows:,} earlier rows of this table are left out: they do not fit the context window.]"


@dataclass(frozen=True)
class Listing:
    """One table of the record: the lines before its rows, the rows in the order of time, and the lines behind them."""

    head: str
    rows: tuple[str, ...]
    tail: str

    @property
    def size(self) -> int:
        """Bytes of the rows."""
        return sum(len(row.encode()) for row in self.rows)

    def within(self, most: int) -> str:
        """The table with so many bytes of rows at most, the latest ones, and a line that says what is left out."""
        kept: list[str] = []
        room = most
        for row in reversed(self.rows):
            room -= len(row.encode())
            if room < 0:
                break
            kept.insert(0, row)
        if len(kept) == len(self.rows):
            return self.head + "".join(self.rows) + self.tail
        notice = LEFT_OUT.format(rows=len(self.rows) - len(kept))
        return f"{self.head}{''.join(kept)}{notice}\n{self.tail}"


def shortened_record(context: str, keep: int) -> str:
    """The context in about so many bytes; itself where it is no longer.

    Args:
        context: in the layout of the multimodal contexts; of any other text the end stays.
        keep: bytes; question, headings and list of images stay whatever it says.
    """
    excess = len(context.encode()) - keep
    if excess <= 0:
        return context
    found = RECORD.search(context)
    if found is None:
        return _end_of(context, keep)
    listings = [_listing(part) for part in TABLE.split(found[0])]
    room = max(0, sum(listing.size for listing in listings) - excess)
    most = _equal_share([listing.size for listing in listings], room)
    record = "".join(listing.within(most) for listing in listings)
    return context[: found.start()] + record + context[found.end() :]


def _equal_share(sizes: Sequence[int], room: int) -> int:
    """How much of a room each may take at most, so that the small ones stay whole and the others share the rest."""
    waiting = sorted(sizes)
    for place, size in enumerate(waiting):
        share = room // (len(waiting) - place)
        if size > share:
            return share
        room -= size
    return max(waiting, default=0)


def _listing(part: str) -> Listing:
    """A part of the record: of a table, heading, counts and columns are its head."""
    lines = re.findall(r"[^\n]*\n|[^\n]+", part)
    if len(lines) < LINES_OF_A_HEAD or not lines[1].startswith(COUNTS):
        return Listing(part, (), "")
    records = list(_records(lines[LINES_OF_A_HEAD:]))
    blank = next((place for place, record in enumerate(records) if not record.strip()), len(records))
    return Listing("".join(lines[:LINES_OF_A_HEAD]), tuple(records[:blank]), "".join(records[blank:]))


def _records(lines: Sequence[str]) -> Iterator[str]:
    """Lines joined to CSV records: a quoted value may hold line breaks."""
    waiting = ""
    for line in lines:
        waiting += line
        if waiting.count('"') % 2 == 0:
            yield waiting
            waiting = ""
    if waiting:
        yield waiting


def _end_of(text: str, keep: int) -> str:
    shown = text.encode()[-keep:].decode(errors="ignore") if keep > 0 else ""
    left_out = len(text) - len(shown)
    return f"[{left_out:,} characters at the beginning are left out: they do not fit the context window.]\n{shown}"
