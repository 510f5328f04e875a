"""What one context shows and another does not, counted."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinseek_assets.contexts.left_out import LeftOut, left_out
from clinseek_assets.contexts.rendering import render_event
from clinseek_assets.timeline.events import Event
from clinseek_assets_tests.contexts.patients import THE_MORNING, at


@pytest.mark.parametrize(
    ("other", "difference"),
    [
        (THE_MORNING, LeftOut(0, 0, 0)),
        (THE_MORNING.replace("140.0", "nan").replace("mEq/L", "nan"), LeftOut(0, 2, 0)),
        (THE_MORNING[: THE_MORNING.index("## Provider")], LeftOut(1, 0, 0)),
        (THE_MORNING + "\n\n## ICUstays [2150-01-01 10:00:00]", LeftOut(0, 0, 1)),
        (THE_MORNING.replace("140.0", "141.0"), LeftOut(1, 0, 1)),
        ("", LeftOut(4, 0, 0)),
    ],
)
def test_rows_and_values_are_told_apart(other, difference):
    assert left_out(THE_MORNING, other) == difference


def test_a_heading_without_values_is_a_row():
    assert left_out("## ICUstays [2150-01-01 10:00:00]", "") == LeftOut(1, 0, 0)


ROWS = st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=8)


@given(ROWS)
def test_every_row_left_out_and_every_value_left_out_is_counted(fates):
    """Rows of one table, of which some are dropped and others lose a value."""
    rows = [{"item_name": f"item {number}", "valuenum": 1.0} for number in range(len(fates))]
    kept = [
        {**row, "valuenum": None} if masked else row
        for row, (dropped, masked) in zip(rows, fates, strict=True)
        if not dropped
    ]
    dropped = sum(dropped for dropped, _ in fates)
    masked = sum(masked and not dropped for dropped, masked in fates)
    assert left_out(laboratory(rows), laboratory(kept)) == LeftOut(dropped, masked, 0)


def laboratory(rows: list[dict]) -> str:
    """The rows as two events, as where something happens in between."""
    events = [rows[:1], rows[1:]] if len(rows) > 1 else [rows]
    return "\n\n".join(render_event(Event("labevents", at(9), at(9), None, tuple(event))) for event in events if event)
