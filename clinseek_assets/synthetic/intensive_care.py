"""The ICU: what is charted, infused, drained and done, hour by hour."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from clinseek_assets.synthetic.charting import write_charting
from clinseek_assets.synthetic.patients import HOUR, Admission, Place, Visit
from clinseek_assets.synthetic.randomness import at_hour, whole_minute
from clinseek_assets.synthetic.record import PatientRecord
from clinseek_assets.synthetic.vocabulary import Item, vocabulary

PRESSORS = ("Norepinephrine", "Vasopressin", "Phenylephrine", "Epinephrine", "Dobutamine", "Milrinone")
SEDATIVES = ("Propofol", "Fentanyl (Concentrate)", "Midazolam (Versed)", "Dexmedetomidine (Precedex)")
# Drips run for hours at a rate; all else is pushed or hung for half an hour.
DRIPS = frozenset(
    (
        *PRESSORS,
        *SEDATIVES,
        "Heparin Sodium",
        "Insulin - Regular",
        "Amiodarone",
        "Nitroglycerin",
        "Nicardipine",
        "Esmolol",
        "Octreotide",
    )
)
FLUIDS = frozenset(
    (
        "NaCl 0.9%",
        "LR",
        "Dextrose 5%",
        "Albumin 25%",
        "Packed Red Blood Cells",
        "Fresh Frozen Plasma",
        "Platelets",
        "Jevity 1.2 (Full)",
    )
)
SITES = ("Right Antecubital", "Left Antecubital", "Right Metacarpal", "Left Metacarpal", "Left Cephalic Lower Arm")
# Shares of real rows that were stored before the time that they are charted for, or after their end.
OUTPUT_STORED_EARLY = 1457 / 9362
INPUT_STORED_BEFORE_END = 0.63
FRACTIONAL_STORETIME = 242 / 1468


@dataclass(frozen=True)
class Bedside:
    """One ICU stay, and what is kept running in it: the writers of its tables share it."""

    record: PatientRecord
    visit: Visit
    admission: Admission
    place: Place
    ventilated: bool
    inputs: tuple[str, ...]

    @property
    def ids(self) -> tuple[Any, ...]:
        """The first columns of every ICU table."""
        return (self.record.patient.subject_id, self.admission.hadm_id, self.place.icu_stay_id)

    @property
    def end(self) -> datetime:
        """When the last thing is charted."""
        return min(self.place.outtime, self.admission.end)


def write_intensive_care(record: PatientRecord, visit: Visit) -> None:
    """All ICU rows of an admission."""
    admission = visit.admission
    if admission is None:
        return
    for place in admission.icu_places:
        bedside = _bedside(record, visit, admission, place)
        write_charting(record, visit, bedside.ids, place.intime, bedside.end, ventilated=bedside.ventilated)
        _write_inputs(bedside)
        _write_outputs(bedside)
        _write_procedures(bedside)


def _bedside(record: PatientRecord, visit: Visit, admission: Admission, place: Place) -> Bedside:
    dice = record.dice
    illness = visit.illness(place.intime)
    ventilated = dice.chance(max(0.03, min(0.92, (illness - 0.5) * 3)))
    inputs = dice.some(visit.condition.inputs, 3)
    if illness > 0.7:
        inputs += dice.some(PRESSORS, 1 + (illness > 0.85))
    if ventilated:
        inputs += dice.some(SEDATIVES, 1) + (["Jevity 1.2 (Full)"] if dice.chance(0.4) else [])
    elif dice.chance(0.5):
        inputs.append("PO Intake")
    return Bedside(record, visit, admission, place, ventilated, tuple(dict.fromkeys(inputs)))


def _write_inputs(bedside: Bedside) -> None:
    """Each drug and fluid in stretches: a drip's rate changes, a fluid is hung again."""
    dice = bedside.record.dice
    for label in bedside.inputs:
        item = vocabulary().item_of["inputevents", label]
        for start, end, kind in _stretches(bedside, label):
            _write_input(bedside, item, start, end, kind)
    if dice.chance(0.8):
        bolus = vocabulary().item_of[
            "inputevents", dice.choice(("Magnesium Sulfate", "Potassium Chloride", "Calcium Gluconate"))
        ]
        for _ in range(dice.randint(1, 2)):
            start = whole_minute(bedside.place.intime + dice.minutes(60, 1300))
            if start < bedside.end - HOUR:
                _write_input(bedside, bolus, start, start + timedelta(minutes=60), "push")


def _stretches(bedside: Bedside, label: str) -> Iterator[tuple[datetime, datetime, str]]:
    dice = bedside.record.dice
    time = whole_minute(bedside.place.intime + dice.minutes(10, 160))
    late = bedside.place.intime + timedelta(hours=48)
    while time < bedside.end - timedelta(minutes=30):
        slow = 2.0 if time > late else 1.0
        if label in DRIPS:
            end = min(time + dice.minutes(150 * slow, 420 * slow), bedside.end)
            yield time, whole_minute(end), "drip"
            time = end if dice.chance(0.8) else end + dice.minutes(30, 400)
        elif label in FLUIDS:
            yield time, whole_minute(min(time + dice.minutes(60, 240), bedside.end)), "fluid"
            time += dice.minutes(420 * slow, 900 * slow)
        else:
            yield time, time + timedelta(minutes=1), "push"
            time += dice.minutes(480 * slow, 760 * slow)
        time = whole_minute(time)


def _write_input(bedside: Bedside, item: Item, start: datetime, end: datetime, kind: str) -> None:
    record, dice = bedside.record, bedside.record.dice
    end = max(end, start + timedelta(minutes=1))
    hours = (end - start) / HOUR
    order = record.number("order", 2_000_000)
    rate = None if kind == "push" else round(dice.uniform(5, 120) if kind == "fluid" else dice.uniform(0.05, 3), 4)
    amount = round(rate * hours, 4) if rate is not None else float(dice.choice((1, 2, 10, 20, 40, 100)))
    unit = "ml" if kind == "fluid" or item.unit == "mL" else item.unit
    early = dice.chance(INPUT_STORED_BEFORE_END)
    stored = start + (end - start) * dice.uniform(0.05, 0.95) if early else end + dice.minutes(1, 120)
    stored = max(whole_minute(stored), start)
    category, second, component, description = {
        "drip": ("01-Drips", "02-Fluids (Crystalloids)", "Main order parameter", "Continuous Med"),
        "fluid": ("02-Fluids (Crystalloids)", None, "Main order parameter", "Continuous IV"),
        "push": ("05-Med Bolus", None, "Main order parameter", "Drug Push"),
    }[kind]
    caregiver = record.caregiver()
    status = dice.weighted({"FinishedRunning": 64, "ChangeDose/Rate": 27, "Stopped": 5, "Paused": 4})
    record.add(
        "inputevents",
        *bedside.ids,
        caregiver,
        start,
        end,
        stored,
        item.itemid,
        amount,
        unit,
        rate,
        None if rate is None else ("mL/hour" if kind == "fluid" else "mcg/kg/min"),
        order,
        order,
        category,
        second,
        component,
        description,
        record.patient.weight,
        None if dice.chance(0.16) else round(max(amount, 50.0), 1),
        "ml",
        0,
        0,
        status,
        amount,
        rate,
    )
    _write_ingredients(bedside, item, caregiver, start, end, stored, order, status, hours)


def _write_ingredients(
    bedside: Bedside,
    item: Item,
    caregiver: int,
    start: datetime,
    end: datetime,
    stored: datetime,
    order: int,
    status: str,
    hours: float,
) -> None:
    """What is in the bag: shares order, start and end with the row of inputevents."""
    if item.label.startswith("Jevity"):
        labels = ["Calories", "Protein", "Carbohydrates", "Lipids (additive)", "Volume (not in Output)"]
    elif item.label in ("Packed Red Blood Cells", "Fresh Frozen Plasma", "Platelets"):
        labels = ["Blood Products - general", "Volume (not in Output)"]
    elif item.label == "NaCl 0.9%":
        labels = ["Sodium", "Water"]
    elif item.label in ("Dextrose 5%", "LR"):
        labels = ["Dextrose", "Water"] if item.label == "Dextrose 5%" else ["Water", "Sodium"]
    else:
        labels = ["Water"]
    for label in labels:
        ingredient = vocabulary().item_of["ingredientevents", label]
        amount = round(bedside.record.dice.uniform(2, 40) * max(hours, 0.1), 3)
        bedside.record.add(
            "ingredientevents",
            *bedside.ids,
            caregiver,
            start,
            end,
            stored,
            ingredient.itemid,
            amount,
            "ml" if ingredient.unit == "mL" else ingredient.unit,
            round(amount / max(hours, 0.1), 3),
            "mL/hour" if ingredient.unit == "mL" else f"{ingredient.unit}/hour",
            order,
            order,
            status,
            0.0,
            round(amount, 1),
        )


def _write_outputs(bedside: Bedside) -> None:
    record, dice = bedside.record, bedside.record.dice
    labels = list(bedside.visit.condition.outputs)
    usual = "Foley" if bedside.ventilated else labels[0]
    time = at_hour(bedside.place.intime, bedside.place.intime.hour + 1)
    while time < bedside.end:
        chosen = [usual] + [label for label in labels if label != usual and dice.chance(0.22)]
        caregiver = record.caregiver()
        for label in chosen:
            item = vocabulary().item_of["outputevents", label]
            early = dice.chance(OUTPUT_STORED_EARLY)
            stored = time - dice.minutes(1, 25) if early else time + dice.minutes(1, 70)
            value = float(int(max(5.0, dice.gauss(180 - 120 * bedside.visit.severity, 50))))
            record.add(
                "outputevents",
                *bedside.ids,
                caregiver,
                time,
                whole_minute(stored) if not early else stored,
                item.itemid,
                value,
                "mL",
            )
        time += HOUR * (4 if time - bedside.place.intime < timedelta(hours=48) else 6)


def _write_procedures(bedside: Bedside) -> None:
    dice, place, visit = bedside.record.dice, bedside.place, bedside.visit
    whole = bedside.end - place.intime
    planned: list[tuple[str, float, bool]] = [(dice.choice(("18 Gauge", "20 Gauge")), 0.02, True)]
    if bedside.ventilated:
        planned += [("Intubation", 0.03, False), ("Invasive Ventilation", 0.03, True)]
        if visit.admission and not visit.admission.deathtime:
            planned.append(("Extubation", 0.8, False))
    elif visit.severity > 0.45 and visit.condition.name in ("copd_exacerbation", "heart_failure", "pneumonia"):
        planned.append(("Non-invasive Ventilation", 0.04, True))
    if visit.severity > 0.6:
        planned += [("Arterial Line", 0.06, True), ("Multi Lumen", 0.08, True)]
    if visit.condition.name == "kidney_failure":
        planned += [
            ("Dialysis Catheter", 0.1, True),
            ("Hemodialysis" if visit.severity < 0.7 else "Dialysis - CRRT", 0.15, True),
        ]
    days = max(1, round(whole / timedelta(days=1)))
    tasks = _tasks(bedside)
    for day in range(min(days, 8)):
        for label in dice.some(tasks, dice.randint(1, 3)):
            planned.append((label, (day + dice.uniform(0.1, 0.95)) / days, False))
    for label, share, lasting in planned:
        start = whole_minute(place.intime + whole * min(share, 0.97))
        _write_procedure(bedside, label, start, lasting=lasting)


def _tasks(bedside: Bedside) -> list[str]:
    service, cultures = bedside.visit.condition.service, bedside.visit.condition.cultures
    tasks = ["Chest X-Ray", "EKG"]
    tasks += {
        "CMED": ["Transthoracic Echo", "EKG"],
        "NMED": ["EEG", "CT scan"],
        "NSURG": ["CT scan", "Family meeting"],
    }.get(service, [])
    tasks += ["Blood Cultured", "Urine Culture"] if "Blood Culture, Routine" in cultures else []
    tasks += {
        "gi_bleed": ["Endoscopy"],
        "cirrhosis": ["Paracentesis"],
        "pneumonia": ["Bronchoscopy", "Sputum Culture"],
    }.get(bedside.visit.condition.name, [])
    return tasks


def _write_procedure(bedside: Bedside, label: str, start: datetime, *, lasting: bool) -> None:
    record, dice = bedside.record, bedside.record.dice
    item = vocabulary().item_of["procedureevents", label]
    end = (
        whole_minute(start + (bedside.end - start) * dice.uniform(0.4, 1.0))
        if lasting
        else start + timedelta(minutes=1)
    )
    end = max(end, start + timedelta(minutes=1))
    # The closing time; some clocks keep fractions of a second.
    stored = end + dice.minutes(1, 60)
    if dice.chance(FRACTIONAL_STORETIME):
        stored += timedelta(milliseconds=dice.randint(1, 999))
    line = "Lines" in item.category
    location = dice.choice(SITES) if "Peripheral" in item.category else "Right IJ" if line else None
    order = record.number("order", 2_000_000)
    record.add(
        "procedureevents",
        *bedside.ids,
        record.caregiver(),
        start,
        end,
        stored,
        item.itemid,
        (end - start) / timedelta(minutes=1) if lasting else 1.0,
        "min" if lasting else None,
        location,
        ("Peripheral" if "Peripheral" in item.category else "Invasive Venous") if line else None,
        order,
        order,
        item.category.lstrip("0123456789-") if not line else item.category.replace("Access Lines - ", "") + " Lines",
        "ContinuousProcess" if lasting else "Task",
        record.patient.weight,
        1 if lasting and dice.chance(0.4) else 0,
        0,
        "FinishedRunning" if dice.chance(0.98) else "Stopped",
        1.0,
        0.0,
    )
