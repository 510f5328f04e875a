"""JSON rows with the lines on which they start: a list of objects, or one object after the other (JSONL).

The form is told by the content, not by the file's name. What cannot be read is told by line, column and the parser's
reason; nothing of the file's own text is passed on.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clinseek_assets.faults import Fault

_SPACE = re.compile(r"[ \t\r\n]*")
_NEXT_ROW = re.compile(r"\n[ \t\r]*(?=\{)")
_BYTE_ORDER_MARKS = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16", b"\x1f\x8b": "gzip"}


@dataclass(frozen=True)
class JsonRow:
    """One row: its 1-based number and line, its value, and whether one of its objects names a key twice."""

    number: int
    line: int
    value: Any
    repeats_a_key: bool


@dataclass(frozen=True)
class JsonBreak:
    """A place where the text stops being JSON, and whether all that follows is lost with it."""

    line: int
    column: int
    reason: str
    rest_unread: bool


def read_utf8(path: Path, fault: type[Fault]) -> str:
    """The text of a UTF-8 file, a byte order mark dropped.

    Raises:
        Fault: of the given kind, when the file cannot be opened or holds other bytes (named by line).
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise fault(
            f"{path} cannot be opened ({error.strerror}).", mend="Check the path and the permissions."
        ) from None
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        kind = _BYTE_ORDER_MARKS.get(content[:2])
        looks = f" (it looks like {kind})" if kind else ""
        raise fault(
            f"{path} is not UTF-8: the first wrong byte is on line {line}{looks}.",
            mend="Save the file as plain UTF-8 text, or take it as released.",
        ) from None


class _NotJsonError(ValueError):
    """NaN and Infinity: Python's parser takes them, JSON does not have them."""


class _Parser:
    """Parses one value at a time and remembers whether an object named a key twice."""

    def __init__(self) -> None:
        self.repeats_a_key = False
        self._decoder = json.JSONDecoder(object_pairs_hook=self._object, parse_constant=self._constant)

    def _object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(pairs)
        self.repeats_a_key |= len(made) != len(pairs)
        return made

    def _constant(self, name: str) -> Any:
        raise _NotJsonError

    def value(self, text: str, position: int) -> tuple[Any, int] | tuple[str, int, bool]:
        """The value at `position` and where it ends; or the reason, its position, and True."""
        self.repeats_a_key = False
        try:
            return self._decoder.raw_decode(text, position)
        except json.JSONDecodeError as error:
            return _reason(error), error.pos, True
        except _NotJsonError:
            return "NaN or Infinity in the row that starts here", position, True
        except RecursionError:
            return "nested too deeply", position, True
        except ValueError:
            return "a number that is too long in the row that starts here", position, True


def _reason(error: json.JSONDecodeError) -> str:
    """The parser's reason in words that hold nothing of the text; a text that never ends is a file that does."""
    if error.msg.startswith("Unterminated string"):
        return "the file ends inside a row"
    return error.msg.split(":")[0].removesuffix(" at")


class _Lines:
    """Line numbers of growing positions, each stretch of text counted once."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._position = 0
        self._line = 1

    def at(self, position: int) -> int:
        """The 1-based line of `position`; earlier positions than before are counted from the start."""
        if position < self._position:
            return self._text.count("\n", 0, position) + 1
        self._line += self._text.count("\n", self._position, position)
        self._position = position
        return self._line

    def break_at(self, position: int, reason: str, *, rest_unread: bool) -> JsonBreak:
        """The break at `position`."""
        column = position - (self._text.rfind("\n", 0, position) + 1) + 1
        return JsonBreak(self.at(position), column, reason, rest_unread)


def json_rows(text: str) -> Iterator[JsonRow | JsonBreak]:
    """The rows of `text` in order, and where it breaks.

    A text that starts with `[` is one list and is lost after its first break. Any other text is read object by object;
    after a break it goes on at the next line that starts with `{`.
    """
    start = _skip_space(text, 0)
    if text.startswith("[", start):
        return _rows_of_list(text, start + 1)
    return _rows_of_lines(text, start)


def _skip_space(text: str, position: int) -> int:
    found = _SPACE.match(text, position)
    return found.end() if found else position


def _rows_of_list(text: str, position: int) -> Iterator[JsonRow | JsonBreak]:
    parser, lines, number = _Parser(), _Lines(text), 0
    position = _skip_space(text, position)
    closed = text.startswith("]", position)
    while not closed:
        number += 1
        line = lines.at(position)
        parsed = parser.value(text, position)
        if len(parsed) == 3:
            reason, position, _ = parsed
            cut = "the file ends inside a row" if position >= len(text.rstrip()) else reason
            yield lines.break_at(position, cut, rest_unread=True)
            return
        value, position = parsed
        yield JsonRow(number, line, value, parser.repeats_a_key)
        position = _skip_space(text, position)
        mark = text[position : position + 1]
        if mark not in (",", "]"):
            reason = "neither a comma nor the list's end after a row" if mark else "the file ends before the list does"
            yield lines.break_at(position, reason, rest_unread=True)
            return
        closed = mark == "]"
        if not closed:
            position = _skip_space(text, position + 1)
    after = _skip_space(text, position + 1)
    if after < len(text):
        yield lines.break_at(after, "text after the end of the list", rest_unread=True)


def _rows_of_lines(text: str, position: int) -> Iterator[JsonRow | JsonBreak]:
    parser, lines, number = _Parser(), _Lines(text), 0
    while position < len(text):
        number += 1
        start, line = position, lines.at(position)
        parsed = parser.value(text, position)
        if len(parsed) == 3:
            reason, position, _ = parsed
            yield lines.break_at(position, reason, rest_unread=False)
            following = _NEXT_ROW.search(text, start)
            position = following.end() if following else len(text)
            continue
        value, position = parsed
        yield JsonRow(number, line, value, parser.repeats_a_key)
        position = _skip_space(text, position)
