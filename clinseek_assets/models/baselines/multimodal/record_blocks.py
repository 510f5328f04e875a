"""A multimodal context's record as blocks, so that the very rules that read a text context can read it.

What is measured becomes an event of the chart, whatever table it stands in; of the rest only the age is read.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping

from clinseek_assets.contexts.timeline_text import Block

RECORD = re.compile(r"^<ehr_context>\n(.*)^</ehr_context>$", re.MULTILINE | re.DOTALL)
TABLE = re.compile(r"^### \w+\nVisible rows: .*\n", re.MULTILINE)
CHART = "chartevents"
AGES = ("age", "anchor_age")


def read_record(context: str) -> list[Block]:
    """The blocks of a context in the published layout of `contexts/multimodal_layout`; none of another text."""
    record = RECORD.search(context)
    return blocks_of(_rows(record[1])) if record else []


def blocks_of(rows: Iterable[Mapping[str, str | None]]) -> list[Block]:
    """Rows as blocks, in their order: those with an item's `label` and a `valuenum` or `value`, and such with an age.

    Args:
        rows: column -> text, None or "" where there is no value; columns that no rule reads are passed over.
    """
    blocks = []
    for row in rows:
        if label := row.get("label"):
            cells = {"Item_Name": label, "Valuenum": row.get("valuenum") or "", "Value": row.get("value") or ""}
            blocks.append(Block(CHART, None, (cells,)))
        elif age := next((row[name] for name in AGES if row.get(name)), None):
            blocks.append(Block("patients", None, ({"Anchor_Age": age},)))
    return blocks


def _rows(record: str) -> Iterator[Mapping[str, str | None]]:
    """The rows of all tables of a record's text."""
    headings = list(TABLE.finditer(record))
    for place, heading in enumerate(headings, start=1):
        end = headings[place].start() if place < len(headings) else len(record)
        yield from csv.DictReader(io.StringIO(record[heading.end() : end].strip("\n"), newline=""))
