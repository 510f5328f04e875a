"""Who, where and when: patients, admissions, transfers, services, ED and ICU stays."""

from __future__ import annotations

from datetime import timedelta

from clinseek_assets.synthetic.patients import Admission, Visit
from clinseek_assets.synthetic.record import PatientRecord
from clinseek_assets.synthetic.vocabulary import vocabulary


def write_patient(record: PatientRecord) -> None:
    """The patient's own row."""
    one = record.patient
    record.add("patients", one.subject_id, one.gender, one.age, one.anchor_year, one.anchor_year_group, one.dod)


def write_encounter(record: PatientRecord, visit: Visit) -> None:
    """All administrative rows of a visit."""
    if visit.emergency:
        _write_emergency_stay(record, visit)
    if visit.admission:
        _write_admission(record, visit, visit.admission)
        _write_places(record, visit.admission)
        _write_services(record, visit, visit.admission)


def _write_emergency_stay(record: PatientRecord, visit: Visit) -> None:
    stay, one = visit.emergency, record.patient
    assert stay is not None
    record.add(
        "edstays",
        one.subject_id,
        visit.hadm_id,
        stay.stay_id,
        stay.intime,
        stay.outtime,
        one.gender,
        one.race,
        stay.transport,
        stay.disposition,
    )
    outtime = stay.outtime if visit.admission is None else max(stay.outtime, visit.admission.places[0].intime)
    record.add(
        "transfers",
        one.subject_id,
        visit.hadm_id,
        stay.transfer_id,
        "ED",
        "Emergency Department",
        stay.intime,
        outtime,
    )


def _write_admission(record: PatientRecord, visit: Visit, admission: Admission) -> None:
    one, stay = record.patient, visit.emergency
    record.add(
        "admissions",
        one.subject_id,
        admission.hadm_id,
        admission.admittime,
        admission.dischtime,
        admission.deathtime,
        admission.kind,
        admission.provider,
        admission.location,
        admission.discharge_location or None,
        one.insurance,
        one.language,
        one.marital_status or None,
        one.race,
        stay.intime if stay else None,
        stay.outtime if stay else None,
        int(admission.deathtime is not None),
    )


def _write_places(record: PatientRecord, admission: Admission) -> None:
    subject_id = record.patient.subject_id
    for place in admission.places:
        record.add(
            "transfers",
            subject_id,
            admission.hadm_id,
            place.transfer_id,
            place.eventtype,
            place.careunit,
            place.intime,
            place.outtime,
        )
        if place.icu_stay_id is not None:
            record.add(
                "icustays",
                subject_id,
                admission.hadm_id,
                place.icu_stay_id,
                place.careunit,
                place.careunit,
                place.intime,
                place.outtime,
                round((place.outtime - place.intime) / timedelta(days=1), 6),
            )
    # The bed is cleared seconds to hours after the discharge is booked; nobody writes down when that ends.
    start = admission.dischtime + max(timedelta(seconds=6), record.dice.lag(5, 1.6))
    record.add(
        "transfers", subject_id, admission.hadm_id, admission.discharge_transfer_id, "discharge", None, start, None
    )


def _write_services(record: PatientRecord, visit: Visit, admission: Admission) -> None:
    """The first service starts with the admission, now and then before it; some patients change service."""
    dice, subject_id = record.dice, record.patient.subject_id
    if dice.chance(0.06) and visit.emergency:
        first = admission.admittime - dice.minutes(1, 30)
    else:
        first = admission.admittime + dice.minutes(0.5, 4)
    service = visit.condition.service if dice.chance(0.92) else dice.choice(vocabulary().places["services"])
    record.add("services", subject_id, admission.hadm_id, first, None, service)
    if len(admission.places) > 1 and dice.chance(0.3):
        change = admission.places[1].intime + dice.minutes(1, 20)
        other = dice.choice([name for name in vocabulary().places["services"] if name != service])
        record.add("services", subject_id, admission.hadm_id, change, service, other)
