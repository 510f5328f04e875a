"""What the curated arms are shown of a multimodal question, rendered once more out of the oracle's rows.

If both texts are the same, nothing in the context was served that should not be. The words are looked up in the
reference database by plain statements, not by the views.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from functools import lru_cache
from pathlib import Path
from typing import Any

from clinseek_assets.audit.comparison import text_of
from clinseek_assets.audit.life import Row
from clinseek_assets.contexts.multimodal_layout import MOST_ROWS, ShownTable, render_input_text
from clinseek_assets.faults import DatabaseFault
from clinseek_assets.mimic.catalogue import CATALOGUES
from clinseek_assets.mimic.tables import Table

Visible = Mapping[str, Sequence[Row]]


def rendered(
    question: str, image_paths: Sequence[str], visible: Visible, dataset: str, reference: Path, reports: Sequence[str]
) -> str:
    """A context with the rows that an oracle calls visible.

    Args:
        question: the released question text.
        image_paths: as released.
        visible: table -> visible rows, in file order.
        dataset: whose tables they are.
        reference: the dataset's reference database.
        reports: the reports that the context shows.
    """
    shapes = CATALOGUES[dataset].patient_tables
    shown = [_shown(shapes[table], rows, reference) for table, rows in visible.items()]
    return render_input_text(question, shown, image_paths, reports)


def _shown(table: Table, rows: Sequence[Row], reference: Path) -> ShownTable:
    time = table.event_time
    ordered = sorted(rows, key=lambda row: text_of(row[time]) or "") if time else list(rows)
    latest = [
        [*(_held(row[name]) for name in table.column_names), *_names(table, row, reference)]
        for row in ordered[-MOST_ROWS:]
    ]
    columns = (*table.column_names, *(label.title for label in table.labels))
    return ShownTable(table.name, columns, tuple(map(tuple, latest)), (), len(rows))


def _held(value: Any) -> Any:
    """A value as a patient database holds it: SQLite knows no negative zero."""
    return value + 0.0 if isinstance(value, float) else text_of(value)


def _names(table: Table, row: Row, reference: Path) -> list[Any]:
    found = []
    for label in table.labels:
        names = _dictionary(reference, label.dictionary, label.columns, label.title)
        found.append(names.get(tuple(row[code] for code in label.columns)))
    return found


@lru_cache(maxsize=16)
def _dictionary(reference: Path, table: str, codes: tuple[str, ...], title: str) -> dict[tuple[Any, ...], Any]:
    """Codes -> their name; of several the first.

    Raises:
        DatabaseFault: the reference database cannot be read.
    """
    columns = ", ".join(f'"{name}"' for name in (*codes, title))
    try:
        with closing(sqlite3.connect(f"{reference.resolve().as_uri()}?mode=ro", uri=True)) as database:
            rows = database.execute(f'SELECT {columns} FROM "{table}" ORDER BY rowid DESC').fetchall()
    except sqlite3.Error:
        raise DatabaseFault(
            "The reference database cannot be read.", mend="Build the reference tables again."
        ) from None
    return {row[:-1]: row[-1] for row in rows}
