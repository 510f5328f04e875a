"""The bedside chart: vital signs at every round, other sets in turn, dates of lines and tubes twice a day."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from clinseek_assets.synthetic.patients import HOUR, Visit
from clinseek_assets.synthetic.physiology import VitalSigns, vital_signs
from clinseek_assets.synthetic.randomness import at_hour, whole_minute
from clinseek_assets.synthetic.record import PatientRecord
from clinseek_assets.synthetic.vocabulary import Item, vocabulary

# For text items without words of their own: for the well, and for the ill.
PLAIN = (("WNL", "Normal", "Intact"), ("Abnormal", "Impaired", "Limited"))
BASE_SETS = (
    "consciousness",
    "temperature",
    "pain",
    "activity",
    "skin",
    "braden",
    "lines",
    "alarms",
    "urine",
    "prophylaxis",
)
VENTILATED_SETS = ("ventilator", "ventilator_pressures", "airway", "secretions", "sedation")
STORED_EARLY_DATES = 591 / 15280
DATE_AFTER_CHARTTIME = 566 / 15280


def write_charting(
    record: PatientRecord,
    visit: Visit,
    ids: tuple[Any, ...],
    start: datetime,
    end: datetime,
    *,
    ventilated: bool,
) -> None:
    """All chartevents and datetimeevents of one ICU stay.

    Args:
        ids: subject_id, hadm_id and stay_id.
    """
    sets = _sets(record, visit, ventilated)
    _write_set(record, visit, ids, "admission", whole_minute(start + record.dice.minutes(5, 40)))
    pressure = "arterial" if visit.severity > 0.6 else "cuff"
    time, place = at_hour(start, start.hour + 1), 0
    while time < end:
        _write_set(record, visit, ids, "vitals", time)
        _write_set(record, visit, ids, pressure, time)
        between = time + timedelta(minutes=30) if record.dice.chance(0.5) else time
        if between < end:
            _write_set(record, visit, ids, sets[place % len(sets)], between)
        place += 1
        time += HOUR * (2 if time - start < timedelta(hours=24) else 4)
    _write_dates(record, visit, ids, start, end, ventilated)


def _sets(record: PatientRecord, visit: Visit, ventilated: bool) -> list[str]:
    """What this bedside charts in turn: the condition's sets, the ventilator's, and three or four usual ones."""
    usual = record.dice.some(BASE_SETS, 4)
    own = [name for name in visit.condition.chart_sets if name not in usual]
    return own + (list(VENTILATED_SETS) if ventilated else []) + usual


def _write_set(record: PatientRecord, visit: Visit, ids: tuple[Any, ...], name: str, time: datetime) -> None:
    dice, illness = record.dice, visit.illness(time)
    signs = vital_signs(visit, illness, dice)
    caregiver = record.caregiver()
    storetime = None if dice.chance(0.004) else time + dice.minutes(0, 75)
    for item in vocabulary().item_sets[name]:
        if dice.chance(0.03):
            continue
        value, number = _charted(record, item, signs, illness)
        outside = number is not None and item.low is not None and item.high is not None
        warning = int(outside and not item.low <= number <= item.high)  # type: ignore[operator]
        record.add(
            "chartevents", *ids, caregiver, time, storetime, item.itemid, value, number, item.unit or None, warning
        )


def _charted(record: PatientRecord, item: Item, signs: VitalSigns, illness: float) -> tuple[str, float | None]:
    dice = record.dice
    ill = dice.chance(min(0.95, max(0.04, (illness - 0.25) * 1.6)))
    if item.param_type != "Numeric":
        if item.param_type == "Checkbox":
            return "1", 1.0
        words = vocabulary().charted_words.get(item.label, PLAIN)[int(ill)]
        return dice.choice(words), None
    measured = {
        "Heart Rate": signs.heartrate,
        "Respiratory Rate": signs.resprate,
        "O2 saturation pulseoxymetry": signs.o2sat,
        "Temperature Fahrenheit": signs.temperature,
        "Non Invasive Blood Pressure systolic": signs.sbp,
        "Arterial Blood Pressure systolic": signs.sbp,
        "Non Invasive Blood Pressure diastolic": signs.dbp,
        "Arterial Blood Pressure diastolic": signs.dbp,
        "Non Invasive Blood Pressure mean": (signs.sbp + 2 * signs.dbp) // 3,
        "Arterial Blood Pressure mean": (signs.sbp + 2 * signs.dbp) // 3,
        "Daily Weight": record.patient.weight,
        "Admission Weight (Kg)": record.patient.weight,
        "Height (cm)": record.patient.height,
    }.get(item.label)
    if measured is None:
        low, high = item.low or 0.0, item.high or 10.0
        measured = dice.uniform(low, high) + (high - low) * (dice.uniform(0.4, 1.2) if ill else 0.0)
        measured = round(measured, 1 if high < 20 else 0)
    return f"{measured:g}", float(measured)


def _write_dates(
    record: PatientRecord, visit: Visit, ids: tuple[Any, ...], start: datetime, end: datetime, ventilated: bool
) -> None:
    dice = record.dice
    names = ["peripheral_dates"]
    if visit.severity > 0.6:
        names += ["central_dates", "arterial_dates"]
    if ventilated:
        names += ["ventilation_dates", "urinary_dates"]
    if visit.condition.name == "kidney_failure":
        names.append("dialysis_dates")
    time = at_hour(start, start.hour + 3)
    while time < end:
        caregiver = record.caregiver()
        for name in names:
            for item in vocabulary().item_sets[name]:
                if dice.chance(0.35):
                    continue
                early = dice.chance(STORED_EARLY_DATES)
                stored = time - dice.minutes(1, 20) if early else time + dice.minutes(1, 90)
                value = at_hour(start, 0)
                if dice.chance(DATE_AFTER_CHARTTIME):
                    value = at_hour(time, 0) + timedelta(days=1)
                dated = "Date" if "Date" in item.label or "Change" in item.label else "Date and Time"
                record.add("datetimeevents", *ids, caregiver, time, stored, item.itemid, value, dated, 0)
        time += 8 * HOUR if dice.chance(0.5) else 12 * HOUR
