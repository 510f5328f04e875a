"""What a pinned record answers: rows, or a refusal in words that are fit for a model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

RefusalKind = Literal["not_allowed", "wrong_statement", "deadline", "memory", "not_found"]


@dataclass(frozen=True)
class Rows:
    """Rows of a statement.

    Attributes:
        columns: their names.
        rows: at most as many as the record's limits allow.
        cut: None where these are all rows; else a sentence that says what is missing and how to get it.
    """

    columns: tuple[str, ...]
    rows: Sequence[tuple[Any, ...]]
    cut: str | None = None


@dataclass(frozen=True)
class LatestRows:
    """The latest rows of a table.

    Attributes:
        columns: what is served of it.
        rows: in order of time, of those at one time in the order of the source file.
        source_rows: the record number of each in the source file.
        visible: how many rows the table shows in all.
    """

    columns: tuple[str, ...]
    rows: Sequence[tuple[Any, ...]]
    source_rows: Sequence[int]
    visible: int


class Refusal(Exception):
    """A statement that gives no rows; its text is fit to be shown to a model: it names nothing behind the views."""

    def __init__(self, kind: RefusalKind, text: str) -> None:
        super().__init__(text)
        self.kind = kind
