"""Lives made by hand: source rows by table, times as hours after one midnight."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from clinseek_assets.benchmark.subtasks import SUBTASKS
from clinseek_assets.timeline.anchors import Anchor, Ties, anchors
from clinseek_assets.timeline.dictionaries import Dictionaries
from clinseek_assets.timeline.events import Trajectory, trajectory_of
from clinseek_assets_tests.contexts.patients import patient_rows

MIDNIGHT = datetime(2150, 1, 10)
ADMITTED = 20000001
ADMITTED_LATER = 20000002

Rows = list[dict[str, Any]]

DICTIONARIES = Dictionaries(
    lab_items={1: "Sodium", 2: "Potassium"},
    icu_items={5: "Heart Rate", 6: "Respiratory Rate"},
    diagnoses={("4019", 9): "Hypertension", ("I10", 10): "Essential hypertension"},
    procedures={("5491", 9): "Paracentesis"},
    ccs_diagnoses={("4019", 9): "Essential hypertension class"},
    ccs_procedures={("5491", 9): "Abdominal paracentesis"},
    atc={"00000000042": "ANTIHYPERTENSIVES"},
)


def at(hours: float) -> datetime:
    """So many hours after the first midnight; days are 24 more each."""
    return MIDNIGHT + timedelta(hours=hours)


def life(**tables: Rows) -> Trajectory:
    """The trajectory of one patient with these rows."""
    return trajectory_of(patient_rows(**tables), DICTIONARIES)


def labs(hours: Sequence[float], hadm_id: int | None = ADMITTED) -> Rows:
    """One sodium at each of these hours."""
    return [{"charttime": at(hour), "hadm_id": hadm_id, "itemid": 1} for hour in hours]


def admission(start: float, end: float | None, hadm_id: int = ADMITTED, died: float | None = None) -> dict[str, Any]:
    """An admission from one hour to another."""
    return {
        "hadm_id": hadm_id,
        "admittime": at(start),
        "dischtime": None if end is None else at(end),
        "deathtime": None if died is None else at(died),
        "admission_type": "URGENT",
    }


def questions(trajectory: Trajectory, subtask: str, ties: Ties = "strict") -> list[Anchor]:
    """All anchors of a subtask."""
    return list(anchors(trajectory, SUBTASKS[subtask], ties=ties))


def the_question(trajectory: Trajectory, subtask: str, ties: Ties = "strict") -> Anchor:
    """The only anchor of a subtask."""
    (anchor,) = questions(trajectory, subtask, ties)
    return anchor
