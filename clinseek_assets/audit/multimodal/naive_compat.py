"""The published rule of time for EHRXQA and MedMod, naively: each table cut by its first column that looks like a time.

The same loader served these databases, without derived columns and without a table that it empties.
"""

from __future__ import annotations

from clinseek_assets.audit.life import Row
from clinseek_assets.audit.naive_compat import cut_as_published
from clinseek_assets.records.pinned.pin import Pin
from clinseek_assets.timeline.rows import PatientRows


def visible(rows: PatientRows, pin: Pin) -> dict[str, list[Row]]:
    """What the published rule shows at a question's moment; a table without any row of the patient is not there."""
    return {table: cut_as_published(of_table, pin.prediction_time) for table, of_table in rows.items() if of_table}


def columns(rows: PatientRows) -> dict[str, tuple[str, ...]]:
    """Table -> its columns in a published database of this patient."""
    return {
        table: tuple(name for name in of_table[0] if name != "source_row")
        for table, of_table in rows.items()
        if of_table
    }
