"""Between the visits: measurements of the online medical record (dates without times), draws at a clinic."""

from __future__ import annotations

from datetime import date

from clinseek_assets.synthetic.laboratory import write_outpatient_draw
from clinseek_assets.synthetic.patients import DAY, Visit
from clinseek_assets.synthetic.randomness import at_hour
from clinseek_assets.synthetic.record import PatientRecord

MEASURED = ("Weight (Lbs)", "Blood Pressure", "BMI (kg/m2)", "Height (Inches)")
STANDING = ("Blood Pressure Sitting", "Blood Pressure Lying", "Blood Pressure Standing (1 min)")


def write_outpatient(record: PatientRecord, visit: Visit) -> None:
    """A follow-up the day after many emergency visits, clinic days before and after others, some days in hospital."""
    dice = record.dice
    habit = _habit(record)
    start = visit.emergency.intime if visit.emergency else visit.admission.admittime  # type: ignore[union-attr]
    end = visit.admission.end if visit.admission else visit.emergency.outtime  # type: ignore[union-attr]
    if dice.chance(0.45):
        _write_day(record, (start - DAY * dice.randint(5, 60)).date(), habit)
    if visit.emergency and dice.chance(0.5):
        # The next midnight comes within a day of the emergency department's events.
        _write_day(record, (at_hour(visit.emergency.outtime, 0) + DAY).date(), habit)
    if dice.chance(0.35) and record.patient.dod is None:
        clinic = end + DAY * dice.randint(4, 25)
        _write_day(record, clinic.date(), habit)
        write_outpatient_draw(record, visit, at_hour(clinic, 9.5))


def _habit(record: PatientRecord) -> tuple[str, ...]:
    """What this patient's clinic measures, visit after visit."""
    number = record.patient.number % 10
    if number == 0:
        return STANDING
    return {1: MEASURED[:2], 2: MEASURED[1:2], 3: MEASURED[:1], 4: MEASURED[:2], 5: MEASURED[:3]}.get(number, MEASURED)


def _write_day(record: PatientRecord, day: date, habit: tuple[str, ...]) -> None:
    if record.once("omr", day):
        _write_measurements(record, day, habit)


def _write_measurements(record: PatientRecord, day: date, habit: tuple[str, ...]) -> None:
    one, dice = record.patient, record.dice
    pounds, inches = one.weight * 2.2046 + dice.gauss(0, 2), one.height / 2.54
    values = {
        "Weight (Lbs)": f"{pounds:.1f}",
        "BMI (kg/m2)": f"{one.weight / (one.height / 100) ** 2:.1f}",
        "Height (Inches)": f"{inches:.0f}",
    }
    for name in habit:
        value = values.get(name) or f"{int(dice.gauss(130, 12))}/{int(dice.gauss(76, 8))}"
        record.add("omr", one.subject_id, day, 1, name, value)
