"""Drugs given: emar and its details, at the hours that an order's frequency names."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from clinseek_assets.synthetic.patients import DAY, HOUR, Admission, Visit
from clinseek_assets.synthetic.randomness import at_hour
from clinseek_assets.synthetic.record import PatientRecord
from clinseek_assets.synthetic.vocabulary import Drug

HOURS = {
    "DAILY": (8,),
    "DAILY16": (16,),
    "QAM": (8,),
    "BID": (8, 20),
    "TID": (8, 14, 20),
    "TID W/MEALS": (8, 12, 18),
    "QID": (8, 12, 18, 22),
    "Q6H": (0, 6, 12, 18),
    "Q8H": (6, 14, 22),
    "Q12H": (8, 20),
    "Q24H": (10,),
    "QHS": (22,),
    "QPM": (20,),
    "ASDIR": (12,),
    "3X/WEEK": (12,),
}
WHEN_NEEDED = (9, 15, 23)
OUTCOMES = {
    "Administered": 82,
    "Not Given": 7,
    "Confirmed": 4,
    "Delayed Administered": 2,
    "Hold Dose": 2,
    "Assessed": 2,
    "": 1,
}
FLUSHES = {"Flushed": 75, "Not Flushed": 25}
# 1,117 of 35,835 real rows were stored before the time that they are charted for.
STORED_EARLY = 0.031
FULL_DAYS = 6


def write_administrations(
    record: PatientRecord,
    visit: Visit,
    admission: Admission,
    poe_id: str,
    pharmacy_id: int,
    drug: Drug,
    start: datetime,
    stop: datetime,
) -> None:
    """All rows of one drug order between its start and its end."""
    for scheduled, outcome in _times(record, drug, max(start, admission.admittime + timedelta(minutes=10)), stop):
        charted = scheduled + _delay(record, scheduled)
        if charted < admission.end:
            _write(record, admission, poe_id, pharmacy_id, drug, scheduled, charted, outcome)


def _times(record: PatientRecord, drug: Drug, start: datetime, stop: datetime) -> Iterator[tuple[datetime, str]]:
    dice = record.dice
    outcomes = FLUSHES if "Flush" in drug.name else OUTCOMES
    if drug.frequency == "INFUSION" or drug.route == "IV DRIP":
        yield start, "Started"
        time = start + dice.minutes(5 * 60, 11 * 60)
        while time < stop and time < start + 3 * DAY:
            yield time, dice.choice(("Administered", "Infusion Reconciliation", "Rate Change"))
            time += dice.minutes(5 * 60, 11 * 60)
        if stop > start + HOUR:
            yield stop - timedelta(minutes=1), "Stopped"
        return
    if drug.frequency == "ONCE":
        yield start, dice.weighted(outcomes)
        return
    needed = "PRN" in drug.frequency
    hours = WHEN_NEEDED if needed else HOURS.get(drug.frequency, (8,))
    day = at_hour(start, 0)
    first = day
    while day < stop:
        if day - first < FULL_DAYS * DAY or dice.chance(0.6):
            for hour in hours:
                time = at_hour(day, hour)
                if start <= time < stop and (not needed or dice.chance(0.4)):
                    yield time, dice.weighted(outcomes)
        day += DAY


def _delay(record: PatientRecord, scheduled: datetime) -> timedelta:
    """How late a round is: the same for all drugs of that hour, so that many rows share a second."""
    return timedelta(minutes=(scheduled.toordinal() * 7 + scheduled.hour * 13 + record.patient.number) % 41)


def _write(
    record: PatientRecord,
    admission: Admission,
    poe_id: str,
    pharmacy_id: int,
    drug: Drug,
    scheduled: datetime,
    charted: datetime,
    outcome: str,
) -> None:
    dice, subject_id = record.dice, record.patient.subject_id
    sequence = record.count("emar")
    emar_id = f"{subject_id}-{sequence}"
    stored = charted - dice.minutes(1, 12) if dice.chance(STORED_EARLY) else charted + dice.minutes(0, 4)
    record.add(
        "emar",
        subject_id,
        None if dice.chance(0.028) else admission.hadm_id,
        emar_id,
        sequence,
        poe_id,
        None if dice.chance(0.18) else pharmacy_id,
        record.provider() if dice.chance(0.08) else None,
        charted,
        None if dice.chance(0.044) else drug.name,
        outcome or None,
        scheduled,
        stored,
    )
    _write_details(record, emar_id, sequence, pharmacy_id, drug, given=outcome == "Administered")


def _write_details(
    record: PatientRecord, emar_id: str, sequence: int, pharmacy_id: int, drug: Drug, *, given: bool
) -> None:
    """The order's line, and below it the product that was scanned."""
    dice, subject_id = record.dice, record.patient.subject_id
    kind = "IV Infusion" if drug.route == "IV DRIP" else "Standard Maintenance Medication"
    dose = f"{drug.dose:g}"
    record.add(
        "emar_detail",
        *(subject_id, emar_id, sequence, None, kind, None, None, None),
        *("No" if given else "Yes", dose, drug.unit, dose if given else None, drug.unit if given else None, None),
        *(None,) * 9,
        *(None, "PO" if drug.route.startswith("PO") else None, None, None, None, None, None, None, None, None),
    )
    if given:
        record.add(
            "emar_detail",
            *(subject_id, emar_id, sequence, "1.1", None, pharmacy_id, "iv" if drug.route.startswith("IV") else "if"),
            *("Discarded Packaging" if dice.chance(0.02) else None, None, dose, drug.unit, dose, drug.unit, "No"),
            *("1", drug.form, drug.code, f"{drug.name} {drug.strength}", None),
            *(None,) * 14,
        )
