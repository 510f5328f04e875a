"""The emergency department: triage, vital signs, home medicines, dispensed drugs, diagnoses."""

from __future__ import annotations

from datetime import datetime

from clinseek_assets.synthetic.coding import emergency_concepts
from clinseek_assets.synthetic.patients import EmergencyStay, Visit
from clinseek_assets.synthetic.physiology import vital_signs
from clinseek_assets.synthetic.randomness import whole_minute
from clinseek_assets.synthetic.record import PatientRecord
from clinseek_assets.synthetic.vocabulary import Drug, vocabulary

PAINLESS = ("0", "0", "0", "2", "3")
PAINFUL = ("4", "5", "6", "7", "8", "10", "unable", "Critical")


def write_emergency(record: PatientRecord, visit: Visit) -> None:
    """All rows of an emergency stay."""
    stay = visit.emergency
    if stay is None:
        return
    _write_triage(record, visit, stay)
    _write_vital_signs(record, visit, stay)
    _write_home_medicines(record, stay)
    _write_dispensed(record, visit, stay)
    _write_diagnoses(record, visit, stay)


def _pain(record: PatientRecord, visit: Visit) -> str:
    return record.dice.choice(PAINFUL if record.dice.chance(0.25 + 0.4 * visit.severity) else PAINLESS)


def _write_triage(record: PatientRecord, visit: Visit, stay: EmergencyStay) -> None:
    signs = vital_signs(visit, visit.severity, record.dice)
    blank = record.dice.chance(0.03)
    record.add(
        "triage",
        record.patient.subject_id,
        stay.stay_id,
        None if blank or record.dice.chance(0.05) else signs.temperature,
        None if blank else signs.heartrate,
        None if blank else signs.resprate,
        None if blank else signs.o2sat,
        None if blank else signs.sbp,
        None if blank else signs.dbp,
        None if blank else _pain(record, visit),
        stay.acuity,
        stay.complaint,
    )


def _write_vital_signs(record: PatientRecord, visit: Visit, stay: EmergencyStay) -> None:
    dice, time = record.dice, stay.intime + record.dice.minutes(2, 12)
    heart = visit.condition.service == "CMED"
    while time < stay.outtime:
        signs = vital_signs(visit, visit.severity, dice)
        record.add(
            "vitalsign",
            record.patient.subject_id,
            stay.stay_id,
            whole_minute(time),
            signs.temperature if dice.chance(0.6) else None,
            signs.heartrate,
            signs.resprate,
            signs.o2sat,
            signs.sbp,
            signs.dbp,
            ("Atrial Fibrillation" if dice.chance(0.4) else "Sinus Rhythm") if heart and dice.chance(0.5) else None,
            _pain(record, visit),
        )
        time += dice.minutes(28, 62)


def _write_home_medicines(record: PatientRecord, stay: EmergencyStay) -> None:
    """The home list, taken at the door or only hours later; for some nobody noted when."""
    dice = record.dice
    share = dice.uniform(0.03, 0.15) if dice.chance(0.4) else dice.uniform(0.55, 0.9)
    time = None if dice.chance(0.02) else whole_minute(stay.intime + (stay.outtime - stay.intime) * share)
    for drug in record.patient.home_drugs:
        record.add(
            "medrecon",
            record.patient.subject_id,
            stay.stay_id,
            time,
            drug.name.lower(),
            drug.gsn,
            drug.ndc,
            1,
            f"{4000 + int(drug.gsn) % 1900:08d}",
            vocabulary().atc_names[drug.atc],
        )


def _write_dispensed(record: PatientRecord, visit: Visit, stay: EmergencyStay) -> None:
    dice, times = record.dice, _dispensing_times(record, visit, stay)
    usual: list[Drug] = list(visit.drugs[:4])
    for time in times:
        for place, drug in enumerate(dice.some(usual, 1 + dice.chance(0.35)), start=1):
            record.add("pyxis", record.patient.subject_id, stay.stay_id, time, place, drug.name, 1, drug.gsn)


def _dispensing_times(record: PatientRecord, visit: Visit, stay: EmergencyStay) -> list[datetime]:
    dice = record.dice
    span = stay.outtime - stay.intime
    shares = (dice.uniform(0.12, 0.97) for _ in range(dice.randint(2, 3 + int(4 * visit.severity))))
    return sorted({whole_minute(stay.intime + span * share) for share in shares})


def _write_diagnoses(record: PatientRecord, visit: Visit, stay: EmergencyStay) -> None:
    for place, concept in enumerate(emergency_concepts(visit, record.dice), start=1):
        code, title = vocabulary().diagnoses[concept].versions[visit.icd_version]
        record.add("diagnosis", record.patient.subject_id, stay.stay_id, place, code, visit.icd_version, title.upper())
