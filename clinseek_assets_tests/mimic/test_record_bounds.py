"""Where cells end, held against Python's own CSV reader, over all that may stand in a cell."""

import csv
import io

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinseek_assets.mimic.record_bounds import cell_ends, quote_places, whole_numbers

CELL = st.text(st.sampled_from('ab1,"\n é'), max_size=6)
ROWS = st.integers(1, 5).flatmap(lambda width: st.lists(st.lists(CELL, min_size=width, max_size=width), min_size=1))


def written(rows, quoting=csv.QUOTE_MINIMAL) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n", quoting=quoting).writerows(rows)
    return text.getvalue().encode()


@given(ROWS, st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
def test_cells_end_where_python_s_reader_ends_them(rows, quoting):
    text = written(rows, quoting)
    ends = cell_ends(text, quote_places(text), len(rows[0]))
    assert ends is not None and ends.shape == (len(rows), len(rows[0]))
    begins = numpy.concatenate([[0], ends.reshape(-1)[:-1] + 1])
    cells = [text[begin:end].decode() for begin, end in zip(begins, ends.reshape(-1), strict=True)]
    assert [*map(unquoted, cells)] == [cell for row in rows for cell in row]


def unquoted(cell: str) -> str:
    return cell[1:-1].replace('""', '"') if cell.startswith('"') else cell


@given(st.lists(st.integers(1, 4), min_size=1, max_size=6), st.integers(1, 4))
def test_a_record_of_another_width_is_left_to_the_tokeniser(widths, width):
    text = written([["x"] * of_record for of_record in widths])
    assert (cell_ends(text, quote_places(text), width) is not None) == (set(widths) == {width})


@pytest.mark.parametrize("text", [b"a,b\r\n", b"a,b\rc,d\n", b"a,b", b"a,b\n\n", b'a,"b\n'])
def test_other_line_ends_and_torn_records_are_left_to_the_tokeniser(text):
    assert cell_ends(text, quote_places(text), 2) is None


@pytest.mark.parametrize(
    ("cells", "numbers"),
    [
        (["10000032", "99999999"], [10000032, 99999999]),
        (["000", "009"], [0, 9]),
        (["9" * 15, "123456789012345"], [10**15 - 1, 123456789012345]),
        (["9" * 16], None),
        (["10", "9"], None),
        (["", ""], None),
        (["-1", "10"], None),
        (["1.", "10"], None),
        (['"1"', "100"], None),
        (["1e", "10"], None),
        ([" 1", "10"], None),
    ],
)
@pytest.mark.parametrize("place", [0, 1, 2])
def test_only_plain_digits_are_read_as_numbers(cells, numbers, place):
    rows = [["x,y", "z"] for _ in cells]
    for row, cell in zip(rows, cells, strict=True):
        row.insert(place, cell)
    text = "".join(",".join(f'"{cell}"' if "," in cell else cell for cell in row) + "\n" for row in rows).encode()
    ends = cell_ends(text, quote_places(text), 3)
    assert ends is not None
    found = whole_numbers(text, ends, place)
    assert (None if found is None else found.tolist()) == numbers
