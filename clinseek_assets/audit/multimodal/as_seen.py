"""Rows with what is known of them when, and what is left of them at a moment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from clinseek_assets.audit.life import Row


@dataclass(frozen=True)
class Known:
    """When a row became known, and each value that became known at another time."""

    row: datetime
    values: Mapping[str, datetime] = field(default_factory=dict)


def as_seen(rows: Iterable[tuple[Row, Known]], moment: datetime) -> list[Row]:
    """The rows that were known before a moment; values that were not are None."""
    return [
        {name: value if known.values.get(name, datetime.min) < moment else None for name, value in row.items()}
        if known.values
        else dict(row)
        for row, known in rows
        if known.row < moment
    ]
