"""The same content has the same digest, another content another, whatever it is stored as."""

import hashlib
import sqlite3
from contextlib import closing
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinseek_assets.release.seal.canonical import of_table, of_value
from clinseek_assets.release.seal.records import read_table

REALS = st.floats(allow_nan=False, allow_infinity=False)
INTEGERS = st.integers(-(2**63), 2**63 - 1)
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)
ROWS = st.lists(st.tuples(st.none() | INTEGERS, st.none() | REALS, st.none() | TEXTS), max_size=6)
COLUMNS = ["a", "b", "c"]


def stored(rows, *, first_row=1, step=1, page_size=4096, index=False):
    """The rows as SQLite gives them back, after they were written with these settings."""
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute(f"PRAGMA page_size = {page_size}")
        connection.execute("CREATE TABLE kept (a INTEGER, b REAL, c TEXT)")
        if index:
            connection.execute("CREATE INDEX kept_by_c ON kept (c)")
        numbered = [(first_row + step * place, *row) for place, row in enumerate(rows)]
        connection.executemany("INSERT INTO kept (rowid, a, b, c) VALUES (?, ?, ?, ?)", reversed(numbered))
        return read_table(connection, "kept")


def values(rows):
    """Rows by type and value: -0.0 is 0.0 to SQLite and to everybody who reads it."""
    return [[(type(cell), cell) for cell in row] for row in rows]


@settings(max_examples=40)
@given(ROWS, st.integers(1, 10**6), st.integers(1, 1000), st.sampled_from([512, 1024, 65536]), st.booleans())
def test_where_and_how_rows_are_stored_does_not_count(rows, first_row, step, page_size, index):
    other = stored(rows, first_row=first_row, step=step, page_size=page_size, index=index)
    assert of_table(*stored(rows)) == of_table(*other)


@settings(max_examples=40)
@given(ROWS, ROWS)
def test_two_tables_have_one_digest_only_if_their_cells_are_the_same(one, other):
    assert (of_table(*stored(one)) == of_table(*stored(other))) == (values(one) == values(other))


@settings(max_examples=40)
@given(ROWS.filter(lambda rows: any(cell is not None for row in rows for cell in row)), st.data())
def test_one_changed_cell_changes_the_digest(rows, data):
    places = [(row, column) for row, cells in enumerate(rows) for column, cell in enumerate(cells) if cell is not None]
    row, column = data.draw(st.sampled_from(places))
    changed = [list(cells) for cells in rows]
    changed[row][column] = None
    assert of_table(*stored(rows)) != of_table(*stored(changed))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (None, ""),
        (None, 0),
        (None, "None"),
        (None, "null"),
        (1, 1.0),
        (1, "1"),
        (1.0, "1.0"),
        (0.1, 0.1 + 2**-56),
        (2**53, 2**53 + 1),
        (float("inf"), None),
        ("é", "e\N{COMBINING ACUTE ACCENT}"),
        ("a", "a "),
        (b"a", "a"),
        (b"a", "61"),
        (datetime(2150, 1, 1), "2150-01-01T00:00:00"),
        (datetime(2150, 1, 1), datetime(2150, 1, 1, microsecond=1)),
    ],
)
def test_cells_that_look_alike_are_told_apart(one, other):
    assert of_table(["a"], [[one]]) != of_table(["a"], [[other]])


def test_cells_do_not_run_into_each_other():
    assert of_table(["a", "b"], [("x", "yz")]) != of_table(["a", "b"], [("xy", "z")])
    assert of_table(["a"], [(1,), (2,)]) != of_table(["a"], [(2,), (1,)])
    assert of_table(["a", "b"], [(1, 2)]) != of_table(["a"], [(1,), (2,)])
    assert of_table(["a"], []) != of_table(["b"], [])


def test_the_form_is_the_one_that_the_documentation_tells():
    form = b'[["itemid","valuenum","text"],[[1,0.1,"\\u00e9"],[null,1e+16,""]]]'
    assert of_table(["itemid", "valuenum", "text"], [(1, 0.1, "é"), (None, 1e16, "")]) == hashlib.sha256(form).digest()


def test_what_has_no_form_is_no_digest():
    with pytest.raises(TypeError, match="set"):
        of_value({1})
