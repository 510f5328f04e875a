"""Multimodal contexts made shorter: the question and the latest rows stay, what is left out says so."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from clinseek_assets.contexts.multimodal_layout import ShownTable, render_input_text
from clinseek_assets.contexts.shortened_record import shortened_record

QUESTION = "<question>\nWill the patient die?\n</question>"


def table(name: str, rows: list[tuple[Any, ...]]) -> ShownTable:
    return ShownTable(name, ("charttime", "value"), tuple(rows), tuple(range(len(rows))), len(rows))


def context(*tables: ShownTable) -> str:
    return render_input_text(QUESTION, tables, ["a/b.jpg"])


LONG = context(
    table("events", [(f"2150-01-01 00:{minute:02}:00", "x" * 40) for minute in range(60)]),
    table("empty", []),
    table("stays", [("2150-01-01 00:00:00", 'of "two\nlines", quoted'), ("2150-01-02 00:00:00", "b")]),
)


def test_the_oldest_rows_of_the_longest_table_go() -> None:
    short = shortened_record(LONG, 1_500)
    assert len(short.encode()) < 1_600 and short.startswith(QUESTION) and short.endswith("</image_inputs>")
    left_out = [minute for minute in range(60) if f"00:{minute:02}:00,xx" not in short]
    assert left_out == list(range(len(left_out))) and left_out
    assert f"[{len(left_out)} earlier rows of this table are left out" in short
    stays = LONG[LONG.index("### stays") : LONG.index("</ehr_context>")]
    assert stays in short and "### empty\nVisible rows: 0; rows included: 0.\n" in short


def test_where_nothing_fits_the_headings_and_the_question_stay() -> None:
    short = shortened_record(LONG, 1)
    assert "[60 earlier rows of this table are left out" in short and "[2 earlier rows" in short
    assert QUESTION in short and "charttime,value" in short and "- a/b.jpg" in short and "00:59:00" not in short


def test_a_text_of_another_layout_keeps_its_end() -> None:
    assert shortened_record("a" * 100 + "end", 50).endswith("a" * 47 + "end")
    assert shortened_record("short", 50) == "short"


@given(
    st.lists(
        st.lists(st.tuples(st.integers(0, 99), st.text(max_size=60)), max_size=20).map(lambda rows: table("t", rows)),
        max_size=4,
    ),
    st.integers(0, 3_000),
)
def test_nothing_but_rows_is_ever_taken(tables: list[ShownTable], keep: int) -> None:
    whole = context(*tables)
    short = shortened_record(whole, keep)
    assert short == whole or (len(short) < len(whole) + 90 * len(tables) and "are left out" in short)
    assert short.startswith(QUESTION) and short.endswith("\n\n<image_inputs>\n\n- a/b.jpg\n\n</image_inputs>")
    assert (len(whole.encode()) <= keep) <= (short == whole)
