"""The published layout of a multimodal context (`input_text`), and the only renderer of it.

Parts with a blank line between them: the released question; the record between `ehr_context` tags; the linked images
between `image_inputs` tags, a dash and a path a line as the release writes it, or NONE. The record is its tables in
alphabetical order, each a heading, a line with the rows that are visible and that are included, and these as CSV: at
most the latest 80 by the table's time, the earliest first. A missing value is empty. Names of codes, without which
`itemid` says nothing, are the last columns, as the tools show them. Reports stand behind the images where they are
switched on, and are in no context otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

MOST_ROWS = 80
NO_IMAGE = "NONE"
NO_TABLE = "The record has no table."
QUOTE = '"'
TO_QUOTE = re.compile(r'[,"\r\n]')


@dataclass(frozen=True)
class ShownTable:
    """What a context shows of one table.

    Attributes:
        name: its name.
        columns: what is served of it.
        rows: those that are included, in order of time.
        source_rows: the record number of each in the source file, by which it is found again.
        visible: how many rows there are to be seen in all.
    """

    name: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    source_rows: tuple[int, ...]
    visible: int


def render_input_text(
    question: str, tables: Sequence[ShownTable], image_paths: Sequence[str], reports: Sequence[str] = ()
) -> str:
    """A context in the published layout.

    Args:
        question: the released question text.
        tables: what is shown of the record, in any order.
        image_paths: as the release writes them.
        reports: the texts of the linked reports; none where they are switched off.
    """
    record = "\n\n".join(_table_text(table) for table in sorted(tables, key=lambda table: table.name))
    images = "\n".join(f"- {path}" for path in image_paths)
    return "\n\n".join(
        [
            question,
            "<ehr_context>",
            record or NO_TABLE,
            "</ehr_context>",
            "<image_inputs>",
            images or NO_IMAGE,
            "</image_inputs>",
            *(f"<radiology_report>\n{report}\n</radiology_report>" for report in reports),
        ]
    )


def _table_text(table: ShownTable) -> str:
    lines = [f"### {table.name}", f"Visible rows: {table.visible:,}; rows included: {len(table.rows)}."]
    return "\n".join([*lines, _as_csv(table)] if table.rows else lines)


def _as_csv(table: ShownTable) -> str:
    return "\n".join(",".join(map(_cell, cells)) for cells in (table.columns, *table.rows))


def _cell(value: Any) -> str:
    """A value as CSV has it; any kind of line break is quoted, which Python's own writer does not do for all."""
    text = "" if value is None else str(value)
    return f'"{text.replace(QUOTE, QUOTE + QUOTE)}"' if TO_QUOTE.search(text) else text
