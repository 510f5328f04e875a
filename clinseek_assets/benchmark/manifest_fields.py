"""The fields of a manifest's row, taken by type: what is not as it should be is reported as a kind of fault."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

_TIME = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d", re.ASCII)
_LARGEST_ID = 2**63 - 1


class Fields:
    """Takes the fields of one row by type; what is not as it should be goes to `report` as a kind of fault.

    Args:
        row: the row as it was read.
        report: told each kind of fault.
        other_names: key -> another name that published files have for it; the first that is there is taken.
    """

    def __init__(
        self, row: dict[str, Any], report: Callable[[str], None], other_names: Mapping[str, str] | None = None
    ) -> None:
        self.row = row
        self.report = report
        self._other_names = other_names or {}

    def value(self, key: str, *, required: bool = False) -> Any:
        """The value as it is; None where there is none."""
        value = self.row.get(self.name(key))
        if value is None and required:
            self.report(f"no `{key}`")
        return value

    def name(self, key: str) -> str:
        """The name under which the row has a key."""
        other = self._other_names.get(key)
        return other if other and self.row.get(key) is None and other in self.row else key

    def untaken(self, taken: Iterable[str]) -> dict[str, Any]:
        """The fields besides those taken, as they are."""
        names = {self.name(key) for key in taken}
        return {key: value for key, value in self.row.items() if key not in names}

    def text(self, key: str, *, required: bool = False) -> str | None:
        """A text or nothing."""
        value = self.value(key, required=required)
        if value is None or (isinstance(value, str) and self.is_unicode(key, value)):
            return value
        if not isinstance(value, str):
            self.report(f"`{key}` is not a text")
        return None

    def is_unicode(self, key: str, value: str) -> bool:
        """Whether a text can be written down."""
        try:
            value.encode("utf-8")
        except UnicodeEncodeError:
            self.report(f"`{key}` holds half of a surrogate pair")
            return False
        return True

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts; empty where there is none."""
        value = self.value(key)
        if value is None:
            return ()
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            self.report(f"`{key}` is not a list of texts")
            return ()
        return tuple(value) if all(self.is_unicode(key, item) for item in value) else ()

    def qid(self) -> str | None:
        """The question's id; a whole number is taken as its digits."""
        value = self.value("qid", required=True)
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        if value is None or (isinstance(value, str) and value.strip() and self.is_unicode("qid", value)):
            return value
        self.report("`qid` is not a text")
        return None

    def number(self, key: str, *, required: bool = False) -> int | None:
        """A whole number of 0 or more: a number or a string of digits."""
        value = self.value(key, required=required)
        if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 19:
            value = int(value)
        if isinstance(value, float) and value.is_integer():  # 20000019.0, as a column with gaps is often written
            value = int(value)
        if value is None or (isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _LARGEST_ID):
            return value
        self.report(f"`{key}` is not a whole number")
        return None

    def flag(self, key: str) -> bool | None:
        """True, false or nothing."""
        value = self.value(key)
        if value is None or isinstance(value, bool):
            return value
        self.report(f"`{key}` is neither true nor false")
        return None

    def moment(self, key: str, *, required: bool = False) -> datetime | None:
        """A time to the second, with a space or a `T` between date and time; a date alone is no moment."""
        value = self.value(key, required=required)
        if value is None:
            return None
        try:
            if isinstance(value, str) and _TIME.fullmatch(value):
                return datetime.fromisoformat(value)
        except ValueError:
            pass
        self.report(f"`{key}` is not a time as YYYY-MM-DD HH:MM:SS")
        return None
