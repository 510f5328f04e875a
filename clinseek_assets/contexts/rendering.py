"""Curated input: a window of a patient's life as text, in the published layout.

Blocks, joined by one blank line: demographics, the last discharge note of an earlier admission, the admission, then the
events. A block that is not there, and an event of a table without a display rule, is an empty text, so that it leaves
extra blank lines, as in the release.

A block is a level-2 heading with the display name and the event's start in brackets (`[None]` where it has none), then
a bullet per column for one row, or a pipe table for several:

    ## Services [2150-01-01 10:00:00]
    - Curr_Service: MED

    ## Labotary Test Events [2150-01-01 11:00:00]
    | Item_Name | Valuenum |
    | --- | --- |
    | Sodium | 140.0 |

How values print. Text is verbatim, whole numbers are digits, real numbers print as Python prints them (`140.0`; zero
without a sign), lists as list literals. A value that the source file lacks prints as `nan`, one that a dictionary lacks
as `None`: the two words of the release, which come from reading the files with pandas and from looking codes up in
Python. Notes are in full. In a pipe table a line break prints as `<br>` and a pipe as `\\|`, so that a row stays one
line and a cell one cell; nothing is escaped in bullets.
"""

from __future__ import annotations

import re
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from clinseek_assets.contexts.display import DISPLAY, from_the_source

if TYPE_CHECKING:
    from clinseek_assets.timeline.events import Event
    from clinseek_assets.timeline.windows import ContextWindow

BRACKETED_TIME = re.compile(r"\[(\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}(?:\.\d{1,6})?)\]", re.ASCII)
LINE_BREAK = re.compile(r"\r\n|\r|\n")
TO_ESCAPE = re.compile(r"[|\r\n]")


def render_input(window: ContextWindow) -> str:
    """The text of one window: what a manifest row holds as `input`.

    Args:
        window: header blocks and events, already without the events that the subtask hides.
    """
    header = (window.demographics, window.history, window.admission)
    return "\n\n".join(render_event(event) if event is not None else "" for event in (*header, *window.events))


def render_event(event: Event) -> str:
    """One block; the empty text for a table without a display rule."""
    rule = DISPLAY.get(event.table)
    if rule is None:
        return ""
    heading = f"## {rule.name} [{event.start}]"
    if not rule.columns:
        return heading
    titles = [column.title() for column in rule.columns]
    missing = _missing_words(event.table)
    rows = [
        [_printed(row.get(column), word) for column, word in zip(rule.columns, missing, strict=True)]
        for row in event.rows
    ]
    if len(rows) == 1:
        lines = [f"- {title}: {value}" for title, value in zip(titles, rows[0], strict=True)]
    else:
        lines = [_table_row(titles), _table_row(["---"] * len(titles)), *map(_table_row, rows)]
    return "\n".join([heading, *lines])


def latest_bracketed_time(text: str) -> datetime | None:
    """The latest time stamp in square brackets anywhere in a text, or None: the release's `latest_event_time`.

    Headings are not told apart from notes: a time stamp in brackets inside a note counts, as in the published rule.
    Brackets around something that only looks like a time stamp (a 13th month) are passed over.
    """
    return max(filter(None, map(_time_of, BRACKETED_TIME.findall(text))), default=None)


def _time_of(stamp: str) -> datetime | None:
    try:
        return datetime.fromisoformat(stamp)
    except ValueError:
        return None


@cache
def _missing_words(table: str) -> tuple[str, ...]:
    """What a missing value prints as, column by column."""
    return tuple("nan" if from_the_source(table, column) else "None" for column in DISPLAY[table].columns)


def _printed(value: Any, missing: str) -> str:
    """One value as text. An empty text is missing too: a CSV reader cannot tell them apart."""
    if value is None or value == "":
        return missing
    if isinstance(value, float):
        return str(value + 0.0)  # -0.0 becomes 0.0: SQLite keeps no sign of zero, and a context must not depend on it
    return str(list(value)) if isinstance(value, (list, tuple)) else str(value)


def _table_row(cells: list[str]) -> str:
    return f"| {' | '.join([_cell(text) if TO_ESCAPE.search(text) else text for text in cells])} |"


def _cell(text: str) -> str:
    return LINE_BREAK.sub("<br>", text).replace("|", "\\|")
