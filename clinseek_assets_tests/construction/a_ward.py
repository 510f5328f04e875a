"""A small hospital made by hand: patients whose stays have enough events for questions, and its Parquet files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from clinseek_assets.records.reference_tables import build_reference_tables
from clinseek_assets.timeline.rows import PatientRows
from clinseek_assets_tests.contexts.patients import patient_rows
from clinseek_assets_tests.timeline.lives import admission, at
from clinseek_assets_tests.timeline.parquet import write_tables

FIRST = 10000001
EVENTS = 16
ORDER_TYPES = ("Lab", "Medications", "Radiology", "Nutrition")


def inpatient(number: int, leaves: float | None = None) -> PatientRows:
    """Admitted at hour 0; orders and administrations take turns every hour; patients with an even number stay 5 days,
    the others 2, if not said otherwise; every fifth dies on the day of discharge."""
    subject_id, hadm_id = FIRST + number, 20000000 + number
    leaves = leaves or (120 if number % 2 == 0 else 48)
    stay: dict[str, Any] = {"hadm_id": hadm_id}
    hours = range(1, EVENTS + 1)
    return patient_rows(
        subject_id,
        patients=[{"gender": "F", "anchor_age": 60, "dod": at(leaves).date() if number % 5 == 0 else None}],
        admissions=[admission(0, leaves, hadm_id)],
        poe=[
            {**stay, "ordertime": at(hour), "order_type": ORDER_TYPES[(number + hour) % 4]}
            for hour in hours
            if hour % 2
        ],
        emar=[
            {**stay, "charttime": at(hour), "medication": f"Medicine {(number * 7 + hour) % 150:03}"}
            for hour in hours
            if not hour % 2
        ],
        services=[{**stay, "transfertime": at(EVENTS + 1), "curr_service": "MED" if number % 3 else "SURG"}],
        transfers=[
            {**stay, "intime": at(3.5), "eventtype": "transfer", "careunit": "Medicine"},
            {**stay, "intime": at(leaves + 0.1), "eventtype": "discharge", "careunit": None},
        ],
        diagnoses_icd=[{**stay, "icd_code": "4019", "icd_version": 9}],
    )


def ward(folder: Path, patients: int = 24, *others: PatientRows) -> tuple[dict[str, Path], Path]:
    """The tables and the reference database of so many inpatients and others; no ED, no notes."""
    hospital = [*(inpatient(number) for number in range(patients)), *others]
    names = ["patients", "admissions", "poe", "emar", "services", "transfers", "diagnoses_icd", "icustays", "labevents"]
    tables = write_tables(folder / "tables", hospital, names)
    reference = folder / "reference_table.db"
    build_reference_tables({}, reference, atc_classes=None)
    return tables, reference
