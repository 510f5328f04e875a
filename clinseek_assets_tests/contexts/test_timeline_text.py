from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinseek_assets.contexts.display import DISPLAY
from clinseek_assets.contexts.rendering import render_event
from clinseek_assets.contexts.timeline_text import events_of, read_timeline
from clinseek_assets.timeline.events import Event

CONTEXT = """## Patient Demographics [None]
- Anchor_Age: 71
- Gender: F

## Discharge [2149-05-01 00:00:00]
- Note_Type: DS
- Text: Name: ___

## Brief Course
- improved [2150-01-01 00:00:00]

## Labotary Test Events [2150-01-02 03:04:05]
| Item_Name | Valuenum | Valueuom | Ref_Range_Lower | Ref_Range_Upper | Flag | Comments |
| --- | --- | --- | --- | --- | --- | --- |
| Sodium | 140.0 | mEq/L | 133.0 | 145.0 | nan | nan |
| Troponin \\| T | 0.5 | ng/mL | nan | 0.01 | abnormal | two
lines |

## ICUstays [2150-01-02 04:00:00]

## Radiology Examinations [2150-01-02 05:00:00]
- Note_Type: RR
- Exam_Name: ['CHEST (PA & LAT)', 'ABDOMEN']
- Text: clear"""


def test_the_published_layout_is_read_back() -> None:
    blocks = read_timeline(CONTEXT)
    assert [block.table for block in blocks] == ["patients", "discharge", "labevents", "icustays", "radiology"]
    assert [block.start for block in blocks][:2] == [None, datetime(2149, 5, 1)]
    demographics, note, labs, stay, exam = blocks
    assert list(demographics.values("Anchor_Age")) == ["71"]
    assert next(note.values("Text")).endswith("## Brief Course\n- improved [2150-01-01 00:00:00]")
    assert [row["Item_Name"] for row in labs.rows] == ["Sodium", "Troponin | T"]
    assert list(labs.values("Flag")) == ["abnormal"]
    assert stay.rows == ()
    assert list(exam.values("Exam_Name")) == ["CHEST (PA & LAT)", "ABDOMEN"]


def test_a_text_without_headings_has_no_events() -> None:
    assert read_timeline("") == []
    assert read_timeline("just words\n## and a heading [None]\n- A: b") == []


VALUES = st.text(alphabet="abc |\\-:#[]'<>\n1.", max_size=12)


@given(
    table=st.sampled_from([name for name, rule in DISPLAY.items() if rule.columns and name != "radiology"]),
    rows=st.lists(st.lists(VALUES, min_size=12, max_size=12), min_size=2, max_size=4),
)
def test_every_row_and_title_of_a_rendered_table_comes_back(table: str, rows: list[list[str]]) -> None:
    columns = DISPLAY[table].columns
    event = Event(
        table=table,
        start=datetime(2150, 1, 1),
        end=None,
        hadm_id=None,
        rows=tuple(dict(zip(columns, row, strict=False)) for row in rows),
    )
    (block,) = read_timeline(render_event(event))
    assert block.table == table
    assert len(block.rows) == len(rows)
    assert all(set(row) <= {column.title() for column in columns} for row in block.rows)


DEMOGRAPHICS = "## Patient Demographics [None]\n- Anchor_Age: 71\n- Gender: F"
HISTORY = "## Discharge [2149-05-01 00:00:00]\n- Note_Type: DS\n- Text: a note\n\n\n\n"
ADMISSION = "## Admissions [2150-01-01 00:00:00]\n- Admission_Type: URGENT"
NOTE = "## Discharge [2150-01-02 00:00:00]\n- Note_Type: DS\n- Text: an event"
STAY = "## ICUstays [2150-01-02 04:00:00]"


@pytest.mark.parametrize(
    ("blocks", "events"),
    [
        ([DEMOGRAPHICS, HISTORY, ADMISSION, STAY, NOTE], ["icustays", "discharge"]),
        ([DEMOGRAPHICS, HISTORY, "", NOTE], ["discharge"]),
        ([DEMOGRAPHICS, HISTORY, "", "", STAY], ["icustays"]),
        ([DEMOGRAPHICS, "", ADMISSION, NOTE], ["discharge"]),
        ([DEMOGRAPHICS, "", "", NOTE, STAY], ["discharge", "icustays"]),
        ([DEMOGRAPHICS, "", "", "", NOTE], ["discharge"]),
        ([DEMOGRAPHICS, HISTORY, ADMISSION], []),
        ([DEMOGRAPHICS], []),
        ([STAY, NOTE], ["icustays", "discharge"]),
        ([], []),
    ],
)
def test_header_blocks_are_told_from_events(blocks, events) -> None:
    assert [block.table for block in events_of("\n\n".join(blocks))] == events
