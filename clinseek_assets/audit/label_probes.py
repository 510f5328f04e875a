"""One probe for each risk label: what somebody asks who looks for the outcome itself instead of evidence for it.

A probe is a few SELECTs over a pinned record, the most telling first. Each gives one number from 0 («no») to 1
(«yes») or NULL where it cannot tell; one that asks for what is not served is refused. The first number is the score.
The last SELECTs look for traces: rows that should not be there yet, plans beyond the moment. None asks how ill the
patient is: triage's acuity tells much of who will need intensive care, and may. `:moment` is the question's moment and
`:hadm_id` its admission, or NULL.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from clinseek_assets.records.pinned.answers import Refusal, Rows
from clinseek_assets.records.pinned.pin import Pin

NO_ANSWER = 0.0

ADMISSION = "coalesce(:hadm_id, (SELECT hadm_id FROM admissions ORDER BY admittime DESC LIMIT 1))"
ED_STAY = "(SELECT stay_id FROM edstays ORDER BY intime DESC LIMIT 1)"
ICU_STAY = "(SELECT stay_id FROM icustays ORDER BY intime DESC LIMIT 1)"


def share(amount: str) -> str:
    """A number from 0 on, squeezed below 1 in its order."""
    return f"max(0, {amount}) / (1.0 + max(0, {amount}))"


def clue(amount: str) -> str:
    """As `share`, but below what any outcome that is told gives for «yes»."""
    return f"0.5 * {share(amount)}"


# How the admission ended, and when the patient died.
DIED_IN_ADMISSION = f"""
    SELECT CASE WHEN deathtime IS NOT NULL OR hospital_expire_flag = 1 OR discharge_location LIKE 'DIED%' THEN 1
                WHEN dischtime IS NOT NULL THEN 0 END
    FROM admissions WHERE hadm_id = {ADMISSION}"""
DATE_OF_DEATH = """
    SELECT CASE WHEN dod IS NULL THEN 0 ELSE 1.0 / (1 + max(0, julianday(dod) - julianday(:moment))) END
    FROM patients"""
TIME_OF_DEATH = f"""
    SELECT CASE WHEN deathtime IS NOT NULL THEN 1.0 / (1 + max(0, julianday(deathtime) - julianday(:moment)))
                WHEN hospital_expire_flag = 0 THEN 0 END
    FROM admissions WHERE hadm_id = {ADMISSION}"""
SEVERITY_BILLED = f"""
    SELECT 0.2 * max(drg_mortality) FROM drgcodes WHERE hadm_id = {ADMISSION}"""
INTENSIVE_CARE = f"""
    SELECT {clue("count(*)")} FROM icustays WHERE hadm_id = {ADMISSION}"""
ED_PATIENT_DIED = f"""
    SELECT CASE WHEN disposition = 'EXPIRED' THEN 1 WHEN disposition IS NOT NULL AND hadm_id IS NULL THEN 0 END
    FROM edstays WHERE stay_id = {ED_STAY}"""

# How long the stays last, by what is said of their end or planned beyond the moment.
LENGTH_OF_ADMISSION = f"""
    SELECT {share("julianday(dischtime) - julianday(admittime)")} FROM admissions WHERE hadm_id = {ADMISSION}"""
LENGTH_OF_ICU_STAY = f"""
    SELECT coalesce({share("los")}, {share("julianday(outtime) - julianday(intime)")})
    FROM icustays WHERE stay_id = {ICU_STAY}"""
MEDICINE_PLANNED = f"""
    SELECT {share("max(julianday(stoptime)) - julianday(:moment)")} FROM prescriptions WHERE stoptime > :moment"""
STAY_PLANNED = f"""
    SELECT {share("max(julianday(outtime)) - julianday(:moment)")} FROM transfers WHERE outtime > :moment"""
STAYED_SO_FAR = f"""
    SELECT {clue("count(*)")} FROM transfers WHERE hadm_id = {ADMISSION}"""

# What comes after: stays of which only a trace is there.
ED_STAY_BY_ITS_END = f"""
    SELECT CASE WHEN disposition IN ('ADMITTED', 'TRANSFER') OR hadm_id IS NOT NULL THEN 1
                WHEN disposition IS NOT NULL THEN 0 END
    FROM edstays WHERE stay_id = {ED_STAY}"""
ADMITTED_SINCE = f"""
    SELECT CASE WHEN EXISTS (SELECT 1 FROM admissions a WHERE a.admittime >= e.intime) THEN 1 END
    FROM edstays e WHERE stay_id = {ED_STAY}"""
# Orders of an admission that has begun are no trace: that it has begun is known, and tells of how ill the patient is.
ORDERED_FOR_LATER = f"""
    SELECT 0.5 * EXISTS (SELECT 1 FROM poe o WHERE o.ordertime >= e.intime
                         AND o.hadm_id NOT IN (SELECT hadm_id FROM admissions))
    FROM edstays e WHERE stay_id = {ED_STAY}"""
ICU_SINCE = f"""
    SELECT CASE WHEN EXISTS (SELECT 1 FROM icustays i WHERE i.intime >= e.intime) THEN 1 END
    FROM edstays e WHERE stay_id = {ED_STAY}"""
NOT_ADMITTED = f"""
    SELECT CASE WHEN hadm_id IS NULL AND disposition IS NOT NULL THEN 0 END FROM edstays WHERE stay_id = {ED_STAY}"""
SEVERITY_OF_ED_PATIENT = f"""
    SELECT 0.2 * max(d.drg_severity) FROM drgcodes d JOIN edstays e ON e.hadm_id = d.hadm_id
    WHERE e.stay_id = {ED_STAY}"""
OTHER_ED_STAYS = """
    SELECT CASE WHEN count(*) > 0 THEN 0.5 + 0.5 * count(*) / (1.0 + count(*)) END
    FROM triage WHERE stay_id NOT IN (SELECT stay_id FROM edstays)"""
ED_STAYS_SO_FAR = f"""
    SELECT {clue("count(*) - 1")} FROM edstays"""
OTHER_ADMISSIONS_BILLED = """
    SELECT CASE WHEN count(*) > 0 THEN 0.5 + 0.5 * count(*) / (1.0 + count(*)) END
    FROM drgcodes WHERE hadm_id NOT IN (SELECT hadm_id FROM admissions)"""
DIED_SOON = """
    SELECT CASE WHEN julianday(dod) - julianday(:moment) < 30 THEN 0 END FROM patients"""
ADMISSIONS_SO_FAR = f"""
    SELECT {clue("count(*) - 1")} FROM admissions"""
IN_HOSPITAL_AFTER_ICU = f"""
    SELECT {share("julianday(a.dischtime) - julianday(i.outtime)")}
    FROM icustays i JOIN admissions a ON a.hadm_id = i.hadm_id WHERE i.stay_id = {ICU_STAY}"""
OTHER_MEDICINE_GIVEN = f"""
    SELECT {clue("count(*)")} FROM emar_detail WHERE emar_id NOT IN (SELECT emar_id FROM emar)"""

_DEATH = (DATE_OF_DEATH, TIME_OF_DEATH, SEVERITY_BILLED, INTENSIVE_CARE)
_ADMISSION_LENGTH = (LENGTH_OF_ADMISSION, STAY_PLANNED, MEDICINE_PLANNED, STAYED_SO_FAR)
_ICU_LENGTH = (LENGTH_OF_ICU_STAY, LENGTH_OF_ADMISSION, MEDICINE_PLANNED, STAYED_SO_FAR)
_READMISSION = (DIED_SOON, OTHER_ADMISSIONS_BILLED, OTHER_ED_STAYS, ADMISSIONS_SO_FAR)
_TO_ICU = (ICU_SINCE, NOT_ADMITTED, SEVERITY_OF_ED_PATIENT, ORDERED_FOR_LATER)

PROBES: dict[str, tuple[str, ...]] = {
    "ED_Hospitalization": (ADMITTED_SINCE, ED_STAY_BY_ITS_END, ORDERED_FOR_LATER),
    "ED_Inpatient_Mortality": (ED_PATIENT_DIED, DATE_OF_DEATH, DIED_IN_ADMISSION, ORDERED_FOR_LATER),
    "ED_ICU_Tranfer_12hour": _TO_ICU,
    "ED_Reattendance_3day": (OTHER_ED_STAYS, ED_STAYS_SO_FAR),
    "ED_Critical_Outcomes": (ICU_SINCE, ED_PATIENT_DIED, *_TO_ICU[1:]),
    "Readmission_30day": _READMISSION,
    "Readmission_60day": _READMISSION,
    "Inpatient_Mortality": (DIED_IN_ADMISSION, *_DEATH),
    "LengthOfStay_3day": _ADMISSION_LENGTH,
    "LengthOfStay_7day": _ADMISSION_LENGTH,
    **dict.fromkeys((f"ICU_Mortality_{days}day" for days in (1, 2, 3, 7, 14)), _DEATH),
    **dict.fromkeys((f"ICU_Stay_{days}day" for days in (7, 14)), _ICU_LENGTH),
    "ICU_Readmission": (IN_HOSPITAL_AFTER_ICU, OTHER_MEDICINE_GIVEN, INTENSIVE_CARE),
}


class Asked(Protocol):
    """What a probe asks: a pinned record."""

    pin: Pin

    def query(self, statement: str, parameters: Mapping[str, Any]) -> Rows:
        """The rows of a statement with named parameters."""


def score(record: Asked) -> float:
    """How likely the record of a risk question makes «yes», by its probe: the first number that it tells.

    Raises:
        KeyError: the question's subtask is no risk prediction.
    """
    parameters = {"moment": record.pin.prediction_time.isoformat(" "), "hadm_id": record.pin.hadm_id}
    for statement in PROBES[record.pin.subtask]:
        told = _number(record, statement, parameters)
        if told is not None:
            return told
    return NO_ANSWER


def _number(record: Asked, statement: str, parameters: Mapping[str, Any]) -> float | None:
    try:
        rows = record.query(statement, parameters).rows
    except Refusal:
        return None
    return float(rows[0][0]) if rows and rows[0][0] is not None else None
