"""Patients made by hand: source rows as the timeline reads them, and databases that hold them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import date, datetime
from pathlib import Path
from typing import Any

from clinseek_assets.benchmark.questions import Question
from clinseek_assets.mimic.catalogue import PATIENT_TABLES
from clinseek_assets.timeline.rows import PatientRows

SUBJECT = 10000001
STAY = 20000001
DAY = datetime(2150, 1, 1)


def at(hour: int, minute: int = 0, second: int = 0) -> datetime:
    """A moment of the day on which everything happens."""
    return DAY.replace(hour=hour, minute=minute, second=second)


def question(**fields: Any) -> Question:
    """A manifest row that asks for the service in the morning below, in all that `fields` do not change."""
    asked: dict[str, Any] = {
        "qid": "q1", "row_number": 1, "subject_id": SUBJECT, "hadm_id": None, "prediction_time": at(10, 0, 1),
        "latest_event_time": at(10), "task": "services", "task_type": "decision_making", "label": ["MED"],
        "gold": ("MED",), "answer_is_list": True, "candidates": ("MED", "SURG"),
    }  # fmt: skip
    return Question(**(asked | fields))


def patient_rows(subject_id: int = SUBJECT, **tables: list[dict[str, Any]]) -> PatientRows:
    """One patient's rows: what a row does not name is missing, and its place is its line in the source file."""
    tables.setdefault("patients", [{"gender": "F", "anchor_age": 52}])
    return {
        name: [
            {**dict.fromkeys(table.column_names), "subject_id": subject_id, **row, "source_row": place}
            for place, row in enumerate(tables.get(name, []), start=1)
        ]
        for name, table in PATIENT_TABLES.items()
    }


def write_database(folder: Path, rows: PatientRows) -> Path:
    """A patient database with these rows, in the published form."""
    path = folder / f"patient_{rows['patients'][0]['subject_id']}.db"
    folder.mkdir(exist_ok=True)
    path.unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as connection, connection:
        for name, table in PATIENT_TABLES.items():
            columns = ", ".join(f'"{column.name}" {column.type.sqlite}' for column in table.columns)
            connection.execute(f'CREATE TABLE "{name}" ({columns})')
            marks = ", ".join("?" * (len(table.columns) + 1))
            names = ", ".join(f'"{column}"' for column in ("rowid", *table.column_names))
            connection.executemany(
                f'INSERT INTO "{name}" ({names}) VALUES ({marks})',
                [[_stored(row[column]) for column in ("source_row", *table.column_names)] for row in rows[name]],
            )
    return path


def _stored(value: Any) -> Any:
    return str(value) if isinstance(value, (date, datetime)) else value


def a_morning_in_hospital(subject_id: int = SUBJECT) -> PatientRows:
    """Admitted at 8, a laboratory test at 9, an order at 10, the service set at 11."""
    return patient_rows(
        subject_id,
        admissions=[{"hadm_id": STAY, "admittime": at(8), "admission_type": "URGENT", "admission_location": "ER"}],
        labevents=[{"hadm_id": STAY, "charttime": at(9), "itemid": 50983, "valuenum": 140.0, "valueuom": "mEq/L"}],
        poe=[{"hadm_id": STAY, "ordertime": at(10), "order_type": "Consults"}],
        services=[{"hadm_id": STAY, "transfertime": at(11), "curr_service": "MED"}],
    )


# What the question about the service shows, by the published layout.
THE_MORNING = """## Patient Demographics [None]
- Anchor_Age: 52
- Gender: F



## Admissions [2150-01-01 08:00:00]
- Admission_Type: URGENT
- Admission_Location: ER
- Admission_Info: None

## Labotary Test Events [2150-01-01 09:00:00]
- Item_Name: Sodium
- Valuenum: 140.0
- Valueuom: mEq/L
- Ref_Range_Lower: nan
- Ref_Range_Upper: nan
- Flag: nan
- Comments: nan

## Provider Order Entry [2150-01-01 10:00:00]
- Order_Type: Consults
- Order_Subtype: nan"""
