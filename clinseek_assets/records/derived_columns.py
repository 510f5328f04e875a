"""The three columns that the published builder adds to a patient's tables, by its rules, NULL where it has nothing.

- `diagnoses_icd.charttime`: dischtime of the same hadm_id, minus one minute;
- `diagnosis.charttime` (emergency department): outtime of the same stay_id, minus one minute;
- `admissions.text`: the discharge summary of the same hadm_id up to the first «Physical Exam» (case-sensitive),
  trimmed; the whole note where the words are absent; of several notes the last in file order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from clinseek_assets.mimic.catalogue import PATIENT_TABLES
from clinseek_assets.records.patient_streams import Row

BEFORE_THE_END = timedelta(minutes=1)
CUT_AT = "Physical Exam"


def with_derived_columns(rows: Mapping[str, list[Row]]) -> dict[str, list[Row]]:
    """One patient's rows with the derived columns appended.

    Args:
        rows: table -> rows as `patient_streams` gives them (`source_row` first); a table may be absent.
    """
    discharged = _by_key(rows, "admissions", "hadm_id", "dischtime")
    left = _by_key(rows, "edstays", "stay_id", "outtime")
    notes = _by_key(rows, "discharge", "hadm_id", "text")
    extended = dict(rows)
    extended["diagnoses_icd"] = _extended(rows, "diagnoses_icd", "hadm_id", discharged, _a_minute_before)
    extended["diagnosis"] = _extended(rows, "diagnosis", "stay_id", left, _a_minute_before)
    extended["admissions"] = _extended(rows, "admissions", "hadm_id", notes, front_half)
    return extended


def front_half(note: str) -> str:
    """A discharge summary up to its physical examination, as the published builder cuts it."""
    return note.partition(CUT_AT)[0].strip()


def _a_minute_before(moment: str) -> str:
    return (datetime.fromisoformat(moment) - BEFORE_THE_END).strftime("%Y-%m-%d %H:%M:%S")


def _place(table: str, column: str) -> int:
    return 1 + PATIENT_TABLES[table].column_names.index(column)


def _by_key(rows: Mapping[str, list[Row]], table: str, key: str, column: str) -> dict[Any, Any]:
    """Key -> value over a table's rows; a later row wins, empty values do not count."""
    at_key, at_value = _place(table, key), _place(table, column)
    return {row[at_key]: row[at_value] for row in rows.get(table, []) if row[at_value] and row[at_key] is not None}


def _extended(
    rows: Mapping[str, list[Row]], table: str, key: str, values: Mapping[Any, Any], derive: Callable[[Any], str]
) -> list[Row]:
    at_key = _place(table, key)
    return [(*row, derive(values[row[at_key]]) if row[at_key] in values else None) for row in rows.get(table, [])]
