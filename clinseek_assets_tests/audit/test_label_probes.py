"""Twins: two lives that are the same up to the moment and end in different answers. Compat tells them apart."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from clinseek_assets.audit.label_probes import NO_ANSWER, PROBES, score
from clinseek_assets.audit.plants import UNLIMITED
from clinseek_assets.benchmark.subtasks import RISK_SUBTASKS
from clinseek_assets.records.pinned.answers import Refusal
from clinseek_assets.records.pinned.pin import Pin, Policy
from clinseek_assets.records.pinned.record import PinnedRecord
from clinseek_assets_tests.records.pinned.lives import OWN, PATIENT, T, at, day, write_database, write_reference

Tables = dict[str, list[dict[str, Any]]]
LATER = 9


def inpatient(**ends: Any) -> Tables:
    """An admission and an ICU stay that are open at the moment, and what comes of them."""
    admission = {"hadm_id": OWN, "admittime": at(-20), "admission_type": "URGENT", **ends.pop("admission", {})}
    stay = {"hadm_id": OWN, "stay_id": 5, "intime": at(-10), **ends.pop("stay", {})}
    return {
        "patients": [{"anchor_year": 2150, "dod": ends.pop("dod", None)}],
        "admissions": [admission],
        "icustays": [stay],
        **ends,
    }


def emergency(**ends: Any) -> Tables:
    """An ED stay that is open at the moment, and what comes of it."""
    stay = {"stay_id": 7, "intime": at(-2), "race": "WHITE", "gender": "F", **ends.pop("ed", {})}
    return {"patients": [{"anchor_year": 2150, "dod": ends.pop("dod", None)}], "edstays": [stay], **ends}


def admitted_later() -> list[dict[str, Any]]:
    return [{"hadm_id": LATER, "admittime": at(3), "dischtime": at(90), "admission_type": "URGENT"}]


HOME: dict[str, Any] = {"dischtime": at(20), "discharge_location": "HOME", "hospital_expire_flag": 0}
DIED = {"dischtime": at(20), "deathtime": at(20), "discharge_location": "DIED", "hospital_expire_flag": 1}
LONG = {"dischtime": at(400), "discharge_location": "HOME", "hospital_expire_flag": 0}
SENT_HOME = {"outtime": at(2), "disposition": "HOME"}
ADMITTED = {"outtime": at(2), "disposition": "ADMITTED", "hadm_id": LATER}
OLD = {"hadm_id": OWN, "admittime": at(-200), "dischtime": at(-1), "admission_type": "URGENT"}
BILLED_LATER = [{"hadm_id": OWN, "drg_code": "1"}, {"hadm_id": LATER, "drg_code": "2"}]

_DEATH = (inpatient(admission=DIED, dod=day(1)), inpatient(admission=HOME))
_LENGTH = (inpatient(admission=LONG), inpatient(admission=HOME))
_ICU = (inpatient(stay={"outtime": at(400), "los": 17.0}), inpatient(stay={"outtime": at(5), "los": 0.6}))
_AGAIN = (
    inpatient(admission=OLD, drgcodes=BILLED_LATER),
    inpatient(admission=OLD, drgcodes=BILLED_LATER[:1]),
)
_TO_ICU = (
    emergency(
        ed=ADMITTED,
        admissions=admitted_later(),
        drgcodes=[{"hadm_id": LATER, "drg_code": "1", "drg_severity": 4}],
        icustays=[{"hadm_id": LATER, "stay_id": 8, "intime": at(5)}],
    ),
    emergency(ed=SENT_HOME, drgcodes=[], icustays=[]),
)

TWINS: dict[str, tuple[Tables, Tables]] = {
    "ED_Hospitalization": (emergency(ed=ADMITTED, admissions=admitted_later()), emergency(ed=SENT_HOME)),
    "ED_Inpatient_Mortality": (
        emergency(ed={"outtime": at(2), "disposition": "EXPIRED"}, dod=day(0)),
        emergency(ed=SENT_HOME),
    ),
    "ED_ICU_Tranfer_12hour": _TO_ICU,
    "ED_Critical_Outcomes": _TO_ICU,
    "ED_Reattendance_3day": (
        emergency(triage=[{"stay_id": 7}, {"stay_id": 8}]),
        emergency(triage=[{"stay_id": 7}]),
    ),
    **dict.fromkeys(("Readmission_30day", "Readmission_60day"), _AGAIN),
    "Inpatient_Mortality": _DEATH,
    **dict.fromkeys(("LengthOfStay_3day", "LengthOfStay_7day"), _LENGTH),
    **dict.fromkeys((f"ICU_Mortality_{days}day" for days in (1, 2, 3, 7, 14)), _DEATH),
    **dict.fromkeys(("ICU_Stay_7day", "ICU_Stay_14day"), _ICU),
    "ICU_Readmission": (
        inpatient(admission=LONG, stay={"outtime": at(5), "los": 0.6}),
        inpatient(admission=HOME, stay={"outtime": at(19), "los": 1.2}),
    ),
}


@pytest.fixture(scope="module")
def reference(tmp_path_factory) -> Path:
    return write_reference(tmp_path_factory.mktemp("reference") / "reference.db")


def told(folder: Path, reference: Path, life: Tables, policy: Policy, subtask: str) -> float:
    write_database(folder, {table: rows for table, rows in life.items() if rows})
    pin = Pin(PATIENT, None if subtask.startswith("ED") else OWN, T, subtask)
    with PinnedRecord(pin, policy, databases=folder, reference=reference, limits=UNLIMITED) as record:
        return score(record)


def test_every_risk_label_has_a_probe_and_twins():
    assert set(PROBES) == set(RISK_SUBTASKS) == set(TWINS)


@pytest.mark.parametrize("subtask", RISK_SUBTASKS)
def test_compat_tells_twins_apart_and_strict_does_not(tmp_path, reference, subtask):
    yes, no = TWINS[subtask]
    assert told(tmp_path, reference, yes, "compat", subtask) > told(tmp_path, reference, no, "compat", subtask)
    assert told(tmp_path, reference, yes, "strict", subtask) == told(tmp_path, reference, no, "strict", subtask)


@pytest.mark.parametrize("subtask", RISK_SUBTASKS)
def test_each_statement_runs_on_a_record_that_serves_all_it_asks(tmp_path, reference, subtask):
    """Under strict, all that may be refused is the date of death."""
    write_database(tmp_path, TWINS[subtask][0])
    with PinnedRecord(Pin(PATIENT, OWN, T, subtask), "strict", databases=tmp_path, reference=reference) as record:
        for statement in PROBES[subtask]:
            try:
                (row,) = record.query(statement, {"moment": T.isoformat(" "), "hadm_id": OWN}).rows or [(None,)]
            except Refusal:
                assert "dod" in statement
            else:
                assert row[0] is None or 0 <= row[0] <= 1


def test_where_nothing_tells_there_is_no_answer(tmp_path, reference):
    assert told(tmp_path, reference, {"patients": [{"anchor_year": 2150}]}, "compat", "ICU_Stay_7day") == NO_ANSWER


@pytest.mark.parametrize("subtask", ["ED_ICU_Tranfer_12hour", "ED_Critical_Outcomes"])
def test_orders_are_a_trace_of_an_admission_to_come_and_of_no_other(tmp_path, reference, subtask):
    order = {"poe_id": "o", "poe_seq": 1, "ordertime": at(-1)}
    begun = emergency(
        poe=[{**order, "hadm_id": OWN}],
        admissions=[{"hadm_id": OWN, "admittime": at(-1), "admission_type": "URGENT"}],
    )
    to_come = emergency(poe=[{**order, "hadm_id": LATER}], admissions=admitted_later())
    assert told(tmp_path, reference, to_come, "compat", subtask) > 0
    assert told(tmp_path, reference, to_come, "strict", subtask) == 0
    assert (
        told(tmp_path, reference, begun, "compat", subtask) == told(tmp_path, reference, begun, "strict", subtask) == 0
    )
