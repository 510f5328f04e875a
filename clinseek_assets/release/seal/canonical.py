"""One digest for one content: SHA-256 of its JSON form, whatever it is stored as.

In a table the order of rows and of columns counts; the numbers of the rows in their file do not. A cell goes in with
its type: NULL is no empty text, 1 is neither 1.0 nor the text «1». A real number is written with the fewest digits that
give its 64 bits back (Python's `repr`), so that two numbers have the same form only if they are the same.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

DIGEST_BYTES = 32
Cell = int | float | str | bytes | None


def of_table(columns: Sequence[str], rows: Sequence[Sequence[Cell]]) -> bytes:
    """The digest of a table.

    Args:
        columns: its column names.
        rows: its cells as SQLite gives them, in the order that counts.
    """
    return of_value([columns, rows])


def of_value(value: Any) -> bytes:
    """The digest of a JSON value, in which moments and bytes may stand: sorted keys, no spaces, ASCII only.

    Raises:
        TypeError: something in it has no such form.
    """
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), default=_beyond_json)
    return hashlib.sha256(text.encode("ascii")).digest()


def _beyond_json(value: Any) -> dict[str, str]:
    """What JSON lacks, as an object, which no cell is: so that it is never taken for a text."""
    if isinstance(value, datetime):
        return {"moment": value.isoformat()}
    if isinstance(value, bytes):
        return {"bytes": value.hex()}
    raise TypeError(f"a {type(value).__name__} has no canonical form")
