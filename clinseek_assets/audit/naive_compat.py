"""The published rule of time once more, naively: what a question sees under `compat`.

The published tools cut each table by the first column whose name looks like a time, and show everything else of what
is left. So this is no measure of what should be seen, but of what `seeking_compat` is to reproduce.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from clinseek_assets.audit.life import Row
from clinseek_assets.records.pinned.pin import Pin
from clinseek_assets.timeline.rows import PatientRows

# Only so many values decide whether a column holds days or moments, and so long is a text that holds a day.
VALUES_LOOKED_AT = 10
LENGTH_OF_A_DAY = 10
# What the published rule takes for the moment of something of which it knows only the day.
END_OF_DAY = time(23, 59)
DIGITS_OF_A_DRUG_CODE = 11


def visible(rows: PatientRows, pin: Pin) -> dict[str, list[dict[str, Any]]]:
    """What the published rule shows at a question's moment.

    Args:
        rows: the patient's source rows.
        pin: whose question it is, and at which moment.

    Returns:
        Table -> its rows in file order, with the published columns, the derived ones and `source_row`. A table without
        any row of the patient is not there, as in a published database; `pharmacy` is there, but empty.
    """
    found = {
        table: cut_as_published(of_table, pin.prediction_time)
        for table, of_table in with_derived_columns(rows).items()
        if of_table
    }
    if "pharmacy" in found:
        found["pharmacy"] = []
    for row in found.get("prescriptions", ()):
        if row["ndc"] is not None:
            row["ndc"] = row["ndc"].split(".")[0].zfill(DIGITS_OF_A_DRUG_CODE)
    return found


def columns(rows: PatientRows) -> dict[str, tuple[str, ...]]:
    """Table -> its columns in a published database of this patient: derived ones only where there is what they need."""
    return {
        table: tuple(name for name in of_table[0] if name != "source_row")
        for table, of_table in with_derived_columns(rows).items()
        if of_table
    }


def with_derived_columns(rows: PatientRows) -> PatientRows:
    """The rows with the columns that the published builder adds, where a patient's tables give it something to add."""
    changed = dict(rows)
    if rows["diagnoses_icd"] and rows["admissions"]:
        ends = {row["hadm_id"]: row["dischtime"] for row in rows["admissions"]}
        changed["diagnoses_icd"] = [
            {**row, "charttime": _a_minute_before(ends.get(row["hadm_id"]))} for row in rows["diagnoses_icd"]
        ]
    if rows["diagnosis"] and rows["edstays"]:
        ends = {row["stay_id"]: row["outtime"] for row in rows["edstays"]}
        changed["diagnosis"] = [
            {**row, "charttime": _a_minute_before(ends.get(row["stay_id"]))} for row in rows["diagnosis"]
        ]
    if rows["discharge"]:
        notes = {
            row["hadm_id"]: row["text"].partition("Physical Exam")[0].strip()
            for row in rows["discharge"]
            if row["text"]
        }
        changed["admissions"] = [{**row, "text": notes.get(row["hadm_id"], "")} for row in rows["admissions"]]
    return changed


def _a_minute_before(moment: datetime | None) -> datetime | str:
    """The published builder writes an empty text where it knows no end, and whole seconds where it does."""
    return "" if moment is None else (moment - timedelta(minutes=1)).replace(microsecond=0)


def cut_as_published(rows: list[Row], moment: datetime) -> list[Row]:
    """The rows of one table that the published rule shows at a moment; there must be one at least."""
    column = next((name for name in rows[0] if "time" in name.lower() or "date" in name.lower()), None)
    if column is None:
        return [dict(row) for row in rows]
    values = [row[column] for row in rows if row[column] is not None]
    days_only = not any(_looks_like_a_moment(value) for value in values[:VALUES_LOOKED_AT])
    timed = [{**row, column: _parsed(row[column], days_only)} for row in rows]
    return [row for row in timed if row[column] is not None and row[column] < moment]


def _looks_like_a_moment(value: datetime | date | str) -> bool:
    text = str(value)
    return len(text) > LENGTH_OF_A_DAY and " " in text


def _parsed(value: Any, days_only: bool) -> datetime | None:
    """A value as the published rule compares and shows it."""
    if value is None or value == "":
        return None
    if days_only:
        return datetime.combine(value.date() if isinstance(value, datetime) else value, END_OF_DAY)
    return value if isinstance(value, datetime) else datetime.combine(value, time())
