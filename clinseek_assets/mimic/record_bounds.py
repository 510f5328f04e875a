"""Where the records of a text begin and end, by its quotes and line ends, and which quotes cannot be.

The texts are pieces of a source file that begin with a record, so quotes are counted from 0: a place is inside of
quotes where an odd number of them stands before it.
"""

from __future__ import annotations

import numpy as np

QUOTE = ord('"')
COMMA = ord(",")
LINE_END = ord("\n")
CARRIAGE_RETURN = ord("\r")
MOST_DIGITS = 15  # of a number that is a float of its own
NO_PLACES = np.empty(0, np.int64)


def _among(characters: bytes) -> np.ndarray:
    table = np.zeros(256, bool)
    table[list(characters)] = True
    return table


BEFORE_OPENING = _among(b',\n"')
AFTER_CLOSING = _among(b',\r\n"')


def quote_places(text: bytes) -> np.ndarray:
    """Where the quotes stand in a text."""
    return np.flatnonzero(np.frombuffer(text, np.uint8) == QUOTE) if b'"' in text else NO_PLACES


def first_stray_quote(text: bytes, quotes: np.ndarray) -> int | None:
    """The first quote where the dialect has none; None where all stand well.

    Of all quotes, counted from 0, an even one opens a cell or is the second of a doubled pair: before it stands a
    comma, a line end or a quote. An odd one closes a cell or is the first of a pair: after it stands a comma, a line
    end or a quote. A tokeniser would read on past a lost quote and swallow records.

    Args:
        text: records, the last of which may be torn.
        quotes: the places of all its quotes.
    """
    if not len(quotes):
        return None
    window = np.frombuffer(text, np.uint8)
    opening, closing = quotes[0::2], quotes[1::2]
    opening = opening[opening > 0]
    closing = closing[closing < len(window) - 1]
    wrong = np.concatenate(
        [opening[~BEFORE_OPENING[window[opening - 1]]], closing[~AFTER_CLOSING[window[closing + 1]]]]
    )
    return int(wrong.min()) if len(wrong) else None


def end_of_last_record(text: bytes, quotes: np.ndarray) -> int:
    """Where the last whole record of a text ends; 0 where none does."""
    end, closed = len(text), len(quotes) % 2 == 0
    while (line_end := text.rfind(b"\n", 0, end)) >= 0:
        closed ^= text.count(b'"', line_end, end) % 2 == 1
        if closed:
            return line_end + 1
        end = line_end
    return 0


def record_ends(text: bytes, quotes: np.ndarray) -> np.ndarray:
    """Where the records of a text end: after each line end outside of quotes, and where the text ends.

    A carriage return without a line feed ends a record as well, since the tokeniser takes it so.
    """
    window = np.frombuffer(text, np.uint8)
    ending = window == LINE_END
    if b"\r" in text:
        ending[:-1] |= (window[:-1] == CARRIAGE_RETURN) & ~ending[1:]
        ending[-1] |= window[-1] == CARRIAGE_RETURN
    ends = np.flatnonzero(ending) + 1
    if len(quotes):
        ends = ends[np.searchsorted(quotes, ends) % 2 == 0]
    return ends if len(ends) and ends[-1] == len(text) else np.append(ends, len(text))


def cell_ends(text: bytes, quotes: np.ndarray, width: int) -> np.ndarray | None:
    """Where the cells of some records end, each at its comma or line end: at half the cost of the tokeniser.

    Args:
        text: whole records.
        quotes: the places of all its quotes, none of which is a stray one.
        width: how many cells a record has.

    Returns:
        A row a record, a column a cell; None where a record is not as wide as that, or ends in another way: then the
        tokeniser has to say what is there.
    """
    if b"\r" in text or not text.endswith(b"\n") or len(quotes) % 2:
        return None
    window = np.frombuffer(text, np.uint8)
    ends = np.flatnonzero((window == COMMA) | (window == LINE_END))
    lines = np.count_nonzero(window == LINE_END)
    if len(quotes):
        ends = _outside_quotes(ends, quotes)
        lines = np.count_nonzero(window[ends] == LINE_END)
    if len(ends) != lines * width or not np.all(window[ends[width - 1 :: width]] == LINE_END):
        return None
    return ends.reshape(-1, width)


def _outside_quotes(places: np.ndarray, quotes: np.ndarray) -> np.ndarray:
    """The places before which an even number of quotes stands."""
    begun = np.bincount(np.searchsorted(places, quotes[0::2]), minlength=len(places) + 1)
    ended = np.bincount(np.searchsorted(places, quotes[1::2]), minlength=len(places) + 1)
    return places[np.cumsum(begun - ended)[:-1] == 0]


def whole_numbers(text: bytes, ends: np.ndarray, place: int) -> np.ndarray | None:
    """The cells of one column as numbers, where each is as many plain digits as the others; else None.

    Args:
        text: the records.
        ends: where their cells end, see `cell_ends`.
        place: which cell of a record, counted from 0.
    """
    window = np.frombuffer(text, np.uint8)
    begins = ends[:, place - 1] + 1 if place else np.concatenate([[0], ends[:-1, -1] + 1])
    digits = int(ends[0, place] - begins[0])
    if not 0 < digits <= MOST_DIGITS or not np.all(ends[:, place] - begins == digits):
        return None
    cells = window[begins[:, None] + np.arange(digits)] - np.uint8(ord("0"))  # what is below the digits wraps around
    if cells.max() > 9:
        return None
    return (cells.astype(np.float64) @ 10.0 ** np.arange(digits - 1, -1, -1)).astype(np.int64)


def line_told(record: int) -> str:
    """A sentence that leads from a record's number to its line; line breaks within cells above push it down."""
    return (
        f"Records are counted from 1, without the header: record {record} is line {record + 1}, or a later one where a "
        "text above it spans lines."
    )
