"""Rows that a tool writes come back as they were."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinseek_assets.records.tools.reading_rows import parse_table, write_table

TEXTS = st.text(max_size=12) | st.text(alphabet="|\\\n\r -NULn", max_size=8) | st.sampled_from(["NULL", "---", "", " "])
TABLES = st.integers(1, 4).flatmap(
    lambda width: st.tuples(
        st.lists(TEXTS, min_size=width, max_size=width, unique=True),
        st.lists(st.lists(st.none() | TEXTS, min_size=width, max_size=width), max_size=4),
    )
)


@given(TABLES, st.text(alphabet="abc |\\n", max_size=10))
def test_every_table_comes_back(table: tuple[list[str], list[list[str | None]]], around: str) -> None:
    columns, rows = table
    text = write_table(columns, rows)
    assert text.count("\n") == len(rows) + 1
    if None not in columns:
        expected = [dict(zip(columns, row, strict=True)) for row in rows]
        assert parse_table(text) == expected
        assert parse_table(f"Rows 1 to 2 of 9.\n{text}\n\nAsk page 2. {around}") == expected


def test_a_table_is_easily_read() -> None:
    assert write_table(["label", "valuenum"], [["Sodium | serum", 140.0], [None, "NULL"]]) == (
        "| label | valuenum |\n| --- | --- |\n| Sodium \\| serum | 140.0 |\n| NULL | \\NULL |"
    )


@pytest.mark.parametrize("text", ["", "no table", "| a |", "| a |\n| b |", "| a | b |\n| --- |\n| c | d |"])
def test_other_texts_have_no_rows(text: str) -> None:
    assert parse_table(text) == []
