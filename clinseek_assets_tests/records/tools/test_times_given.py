"""Times as models write them."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinseek_assets.records.pinned.texts_of_time import time_text
from clinseek_assets.records.tools.mistakes import Mistake
from clinseek_assets.records.tools.times_given import read_time


@given(st.datetimes(), st.sampled_from([" ", "T", "t", "  "]), st.sampled_from(["", "Z", " Z", "+00:00", "-0000"]))
def test_a_moment_is_read_back_in_every_form(moment, between, zone):
    given = read_time(f"{moment.isoformat(between if len(between) == 1 else ' ')}{zone}", "start_time")
    assert (given.start, given.whole_day) == (moment, False)
    assert given.first == given.last == str(given) == time_text(moment)


@given(st.dates(), st.times())
def test_a_date_is_its_whole_day_and_nothing_else(day, time):
    given = read_time(day.isoformat(), "start_time")
    assert given.whole_day and given.first <= time_text(datetime.combine(day, time)) <= given.last
    assert str(given) == given.day == day.isoformat()
    assert given.last < f"{day}Z" and given.last[:10] == str(day)


@pytest.mark.parametrize(
    "text",
    ["", "yesterday", "2150", "2150-6-1", "2150-02-30", "2150-01-01 24:00:00", "2150-01-01 1:00", "2150-01-01T",
     "2150-01-01 12:00:00 EST", "2150-01-01 12:00:00-05:00", "²150-01-01", "2150-01-01; DROP", "0000-01-01"],
)  # fmt: skip
def test_anything_else_is_told_what_to_write(text):
    with pytest.raises(Mistake, match="YYYY-MM-DD HH:MM:SS") as told:
        read_time(text, "end_time")
    assert told.value.problem == "bad_arguments" and "`end_time`" in str(told.value)
