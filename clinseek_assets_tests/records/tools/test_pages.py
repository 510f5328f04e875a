"""Pages: together they are everything, in order, no row twice; none exceeds the budget; what is cut is told."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinseek_assets.mimic.catalogue import PATIENT_TABLES
from clinseek_assets.records.pinned.limits import Limits
from clinseek_assets.records.tools.ehr_tools import FEWEST_CHARACTERS
from clinseek_assets.records.tools.mistakes import Mistake
from clinseek_assets.records.tools.reading_rows import parse_table
from clinseek_assets.records.tools.showing import (
    FOR_REMARKS,
    distinct_names,
    page_size,
    page_size_of,
    remark_on_cuts,
    show,
)
from clinseek_assets_tests.records.pinned.lives import BASE, at
from clinseek_assets_tests.records.tools.conftest import Called, caller, opener

NEXT_PAGE = re.compile(r"ask for page (\d+)")
MARK = re.compile(r"… \[\+([\d,]+)\]\Z")
BUDGETS = st.integers(FEWEST_CHARACTERS, 40_000)
CELLS = st.none() | st.integers() | st.text(max_size=30) | st.text(alphabet="ab|\\\n", min_size=200, max_size=900)


def pages(call: Called, name: str, **arguments: object) -> Iterator[str]:
    """The replies to a call, as they are announced one after the other."""
    page = 1
    while True:
        reply = call(name, **arguments, page=page)
        assert reply.problem is None
        yield reply.text
        following = NEXT_PAGE.search(reply.text)
        if following is None:
            return
        assert int(following[1]) == page + 1
        page += 1


# Many rows of few times, so that pages end between rows of one time.
EVENTS = [
    {"charttime": at(-1 - number % 7), "storetime": at(-1), "itemid": number, "value": f"{number % 3}"}
    for number in range(437)
]
NOTES = [
    {"note_id": f"n{number}", "charttime": at(-300 - number), "storetime": at(-200), "text": f"{number} " * 9_000}
    for number in range(23)
]
ALL_TIME = {"start_time": "2150-01-01", "end_time": "2150-12-31"}


@pytest.fixture(scope="module", params=[Limits(), Limits(rows=30), Limits(bytes=100_000)], ids=str)
def busy(beside: Path, request: pytest.FixtureRequest) -> Iterator[Called]:
    """Calls over a busy life, also where the record answers in smaller pieces than a page."""
    with ExitStack() as stack, tempfile.TemporaryDirectory() as folder:
        open_tools = opener(Path(folder), beside, stack)
        yield caller(open_tools({**BASE, "chartevents": EVENTS, "discharge": NOTES}, limits=request.param))


@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    [
        ("get_records_by_time", ALL_TIME, lambda _: True),
        ("get_records_by_value", {"column_name": "value", "value": "1"}, lambda number: number % 3 == 1),
        ("get_records_by_keyword", {"keyword": "42"}, lambda number: "42" in str(number)),
        ("get_latest_records", {}, lambda number: number % 7 == 0),
    ],
)
def test_the_pages_together_are_everything_in_order(busy, name, arguments, expected):
    texts = list(pages(busy, name, table_name="chartevents", **arguments))
    rows = [row for text in texts for row in parse_table(text)]
    items = [int(row["itemid"]) for row in rows]
    assert (len(texts) > 1) == (len(items) > 100)
    assert sorted(items) == [number for number in range(437) if expected(number)]
    assert all(f"of {len(items)} of chartevents" in text for text in texts) or f"{len(items)} rows of" in texts[0]
    assert [row["charttime"] for row in rows] == sorted(row["charttime"] for row in rows)


def test_there_is_no_page_behind_the_last(busy):
    asked = {"table_name": "chartevents", **ALL_TIME}
    last = len(list(pages(busy, "get_records_by_time", **asked)))
    assert "These are the last." in busy("get_records_by_time", **asked, page=last).text
    for page in (last + 1, 10**9):
        reply = busy("get_records_by_time", **asked, page=page)
        assert reply.problem == "not_found" and f"make {last}" in reply.text
    assert busy("get_latest_records", table_name="discharge", page=2).problem == "not_found"


def test_long_notes_are_cut_in_sight_and_can_be_read_on(busy):
    texts = list(pages(busy, "get_records_by_time", table_name="discharge", **ALL_TIME))
    rows = [row for text in texts for row in parse_table(text)]
    assert [len(parse_table(text)) for text in texts] == [10, 10, 3]
    assert [row["note_id"] for row in rows] == [f"n{number}" for number in reversed(range(23))]
    for row in rows:
        cut = MARK.search(row["text"])
        shown = row["text"][: cut.start()]
        whole = f"{row['note_id'][1:]} " * 9_000
        assert whole.startswith(shown) and len(shown) + int(cut[1].replace(",", "")) == len(whole) and len(shown) > 1000
    assert 'SELECT substr("text", ' in texts[0]
    rest = busy(
        "run_sql_query", sql_query="SELECT substr(text, 1001, 4000) AS piece FROM discharge WHERE note_id = 'n3'"
    )
    assert parse_table(rest.text) == [{"piece": ("3 " * 9_000)[1000:5000]}]


@given(
    st.integers(1, 12).flatmap(
        lambda width: st.tuples(
            st.lists(st.text(max_size=60), min_size=width, max_size=width),
            st.lists(st.lists(CELLS, min_size=width, max_size=width), max_size=30),
        )
    ),
    BUDGETS,
)
def test_whatever_the_values_no_page_exceeds_the_budget_and_every_cut_is_counted(table, budget):
    columns, rows = table
    size = page_size(columns, budget)
    names = distinct_names(columns)
    for start in range(0, len(rows), size):
        page = rows[start : start + size]
        shown = show(columns, page, budget)
        assert len(shown.text) <= budget - FOR_REMARKS
        read = parse_table(shown.text)
        assert len(read) == len(page)
        for row, found in zip(page, read, strict=True):
            for name, value in zip(names, row, strict=True):
                if found[name] != (None if value is None else str(value)):
                    cut = MARK.search(found[name])
                    kept = found[name][: cut.start()]
                    assert str(value).startswith(kept) and len(kept) + int(cut[1].replace(",", "")) == len(str(value))
                    assert shown.cut[name] <= len(kept)


def test_nothing_is_cut_that_fits():
    rows = [["x" * 9_000, 1], ["y" * 8_000, None]]
    assert not show(("text", "n"), rows, 20_000).cut
    assert set(show(("text", "n"), [*rows, ["z" * 9_000, 2]], 20_000).cut) == {"text"}


def test_rows_of_long_values_make_small_pages_and_short_ones_large():
    assert page_size_of(("a", "b"), [[1, 2]] * 1000, 20_000) == 100
    assert page_size_of(("text",), [["x" * 1500]] * 100, 20_000) == 10
    assert page_size_of(("text",), [["x" * 90_000]] * 3, 20_000) == 100
    assert page_size_of(("text",), [["x" * 90_000]] * 100, 20_000) == 5


def test_more_columns_than_a_reply_holds_are_refused():
    assert page_size([f"c{number}" for number in range(200)], 20_000) >= 1
    with pytest.raises(Mistake, match="Select fewer"):
        page_size(["a name of very many characters, so to say"] * 200, FEWEST_CHARACTERS)


@given(st.lists(st.sampled_from(["a", "a (2)", "b", "x" * 50, "x" * 60]), max_size=8))
def test_every_column_gets_a_name_of_its_own(columns):
    names = distinct_names(columns)
    assert len(set(names)) == len(names) == len(columns)
    assert all(name.startswith(column[:39]) for name, column in zip(names, columns, strict=True))


def test_a_table_of_any_width_has_pages_of_many_rows():
    for table in PATIENT_TABLES.values():
        assert page_size(table.column_names, 20_000) >= 20, table.name


def test_what_sql_does_not_lead_to_is_not_told_to_be_read_by_it():
    assert "run_sql_query" not in " ".join(remark_on_cuts({"candidate": 3}, ""))
    assert not list(remark_on_cuts({}, "discharge"))
