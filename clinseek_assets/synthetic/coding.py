"""Billing: ICD codes of diagnoses and procedures, DRG and HCPCS codes, out of what the patient had."""

from __future__ import annotations

from datetime import datetime, timedelta

from clinseek_assets.synthetic.patients import DAY, Admission, Visit
from clinseek_assets.synthetic.randomness import Dice, at_hour
from clinseek_assets.synthetic.record import PatientRecord
from clinseek_assets.synthetic.vocabulary import vocabulary


def emergency_concepts(visit: Visit, dice: Dice) -> list[str]:
    """What the emergency department bills: the condition, and now and then what comes with it."""
    concepts = list(visit.condition.codes[:2])
    if dice.chance(0.35):
        concepts.append(dice.choice(visit.condition.likely))
    return concepts


def admission_concepts(record: PatientRecord, visit: Visit) -> list[str]:
    """The diagnoses of an admission, most important first; the same at every call for the same visit."""
    dice = Dice(f"{record.seed}/codes/{record.patient.number}/{visit.earlier_visits}")
    condition = visit.condition
    concepts = list(condition.codes)
    if visit.grave:
        concepts += dice.some(condition.grave, 2 + dice.chance(0.5))
    concepts += dice.some(condition.likely, 1 + int(visit.severity * 2 + dice.random()))
    for one in record.patient.comorbidities:
        concepts += dice.some(one.codes, 1 + dice.chance(0.25))
    if visit.severity > 0.88 and dice.chance(0.6):
        concepts.append("dnr")
    if visit.severity > 0.92 and dice.chance(0.4):
        concepts.append("palliative")
    return list(dict.fromkeys(concepts))


def write_codes(record: PatientRecord, visit: Visit) -> None:
    """All billing rows of an admission."""
    admission = visit.admission
    if admission is None:
        return
    concepts = admission_concepts(record, visit)
    for place, concept in enumerate(concepts, start=1):
        code, _ = vocabulary().diagnoses[concept].versions[visit.icd_version]
        record.add("diagnoses_icd", record.patient.subject_id, admission.hadm_id, place, code, visit.icd_version)
    _write_procedures(record, visit, admission)
    _write_drg(record, visit, admission, concepts[0])
    _write_hcpcs(record, visit, admission)


def _write_procedures(record: PatientRecord, visit: Visit, admission: Admission) -> None:
    dice, condition = record.dice, visit.condition
    concepts = dice.some(condition.procedures, 2) if dice.chance(0.75) else []
    if visit.grave:
        concepts += dice.some(condition.grave_procedures, 2)
    if admission.icu_places and visit.severity > 0.5 and dice.chance(0.5):
        concepts.append("central_line")
    first = at_hour(admission.admittime, 0)
    last = at_hour(admission.dischtime, 0)
    for place, concept in enumerate(dict.fromkeys(concepts), start=1):
        code, _ = vocabulary().procedures[concept].versions[visit.icd_version]
        record.add(
            "procedures_icd",
            record.patient.subject_id,
            admission.hadm_id,
            place,
            _procedure_date(first, last, dice).date(),
            code,
            visit.icd_version,
        )


def _procedure_date(first: datetime, last: datetime, dice: Dice) -> datetime:
    """Mostly within a day: the midnight before the admission (222 of 722) or after it; a few after discharge (4)."""
    chance = dice.random()
    if chance < 0.3:
        return first
    if chance < 0.306:
        return last + DAY
    if chance < 0.75 or last <= first + DAY:
        return min(first + DAY, max(last, first))
    return first + DAY * dice.randint(1, (last - first).days)


def _write_drg(record: PatientRecord, visit: Visit, admission: Admission, principal: str) -> None:
    _, title = vocabulary().diagnoses[principal].versions[visit.icd_version]
    number = 100 + sorted(vocabulary().conditions).index(visit.condition.name) * 7
    level = 1 + min(3, int(visit.severity * 4))
    head = (record.patient.subject_id, admission.hadm_id)
    ending = " W MCC" if visit.grave else " W/O CC/MCC"
    record.add("drgcodes", *head, "HCFA", f"{number:03d}", f"{title.upper()}{ending}", None, None)
    if record.dice.chance(0.95):
        record.add("drgcodes", *head, "APR", f"{number + 1:04d}", title.upper(), level, level)


def _write_hcpcs(record: PatientRecord, visit: Visit, admission: Admission) -> None:
    """Observation stays are billed by the hour, and some procedures apart."""
    dice, codes = record.dice, vocabulary().hcpcs
    billed = []
    if "OBSERVATION" in admission.kind:
        billed.append(next(row for row in codes if row["code"] == "G0378"))
    if dice.chance(0.3):
        billed.append(dice.choice(codes))
    for place, row in enumerate({row["code"]: row for row in billed}.values(), start=1):
        day = (admission.admittime + timedelta(hours=dice.randint(0, 12))).date()
        head = (record.patient.subject_id, admission.hadm_id, day)
        record.add("hcpcsevents", *head, row["code"], place, row["short_description"])
