"""A life by hand for the audit's oracle: hours after one midnight, and what is visible at an hour."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from clinseek_assets.audit import naive_strict
from clinseek_assets.records.pinned.pin import Pin
from clinseek_assets.timeline.rows import PatientRows
from clinseek_assets_tests.contexts.patients import SUBJECT, patient_rows

START = datetime(2150, 1, 10)
TICK = timedelta(microseconds=1)
PAST, OWN = 20000001, 20000002
OWN_ADMISSION = {"hadm_id": OWN, "admittime": START + timedelta(hours=500), "dischtime": START + timedelta(hours=600)}


def at(hours: float) -> datetime:
    """So many hours after the first midnight."""
    return START + timedelta(hours=hours)


def life(**tables: list[dict[str, Any]]) -> PatientRows:
    """A patient with one admission long before that of the question, from hour 10 to hour 100, and these rows."""
    past = {"hadm_id": PAST, "admittime": at(10), "dischtime": at(100)}
    tables.setdefault("admissions", [past, dict(OWN_ADMISSION)])
    return patient_rows(**tables)


def pin(moment: datetime, subtask: str = "Inpatient_Mortality", hadm_id: int | None = OWN) -> Pin:
    """A question of that moment."""
    return Pin(SUBJECT, hadm_id, moment, subtask)


def seen(rows: PatientRows, moment: datetime, table: str, **pinned: Any) -> list[dict[str, Any]]:
    """What `strict` shows of a table at a moment."""
    return naive_strict.visible(rows, pin(moment, **pinned))[table]
