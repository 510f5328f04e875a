"""Orders and what becomes of them: poe, pharmacy, prescriptions, and the drugs given (emar)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from clinseek_assets.synthetic.administrations import write_administrations
from clinseek_assets.synthetic.patients import DAY, HOUR, Admission, Visit
from clinseek_assets.synthetic.randomness import Dice, at_hour
from clinseek_assets.synthetic.record import PatientRecord
from clinseek_assets.synthetic.vocabulary import Drug, vocabulary

ROUNDS = (8.2, 11.0, 14.5, 18.0, 21.3)
MEDICATIONS = "Medications"
# How a drug's base is named where one is mixed in, by how it is given.
BASES = {"IV DRIP": "0.9% Sodium Chloride", "IV": "Iso-Osmotic Dextrose"}
DISCHARGED = "Discontinued via patient discharge"


@dataclass
class Order:
    """One row of poe while it is made."""

    time: datetime
    order_type: str
    order_subtype: str | None
    drug: Drug | None = None
    details: tuple[tuple[str, str], ...] = ()
    transaction: str = "New"
    poe_id: str = ""
    poe_seq: int = 0
    discontinues: str | None = None
    discontinued_by: str | None = None


@dataclass
class Habits:
    """What a patient's team orders again and again: of it the next orders can be told from the last."""

    subtypes: tuple[tuple[str, str], ...]
    again: tuple[Drug, ...] = field(default_factory=tuple)


def write_orders(record: PatientRecord, visit: Visit) -> None:
    """All orders of an admission and what follows from the drugs among them."""
    admission = visit.admission
    if admission is None:
        return
    orders = sorted(_planned(record, visit, admission), key=lambda order: order.time)
    given: list[Order] = []
    for order in orders:
        order.poe_seq = record.count("poe")
        order.poe_id = f"{record.patient.subject_id}-{order.poe_seq}"
        if order.drug and given and record.dice.chance(0.13):
            earlier = record.dice.choice(given)
            if earlier.discontinued_by is None and earlier.drug:
                order.transaction = "D/C" if record.dice.chance(0.5) else "Change"
                order.discontinues, earlier.discontinued_by = earlier.poe_id, order.poe_id
                order.drug = earlier.drug
        if order.drug:
            given.append(order)
    ends = {order.poe_id: order.time for order in orders}
    for order in orders:
        _write_order(record, admission, order)
        if order.drug and order.transaction != "D/C":
            _write_drug(record, visit, admission, order, order.drug, ends.get(order.discontinued_by or ""))


def _planned(record: PatientRecord, visit: Visit, admission: Admission) -> Iterator[Order]:
    dice = record.dice
    habits = _habits(visit, dice)
    if visit.emergency:
        yield from _emergency_orders(visit, admission, dice)
    yield from _admission_orders(visit, admission, dice)
    yield from _transfer_orders(admission, dice)
    yield from _daily_orders(visit, admission, habits, dice)
    leaving = admission.end - dice.minutes(30, 240)
    if leaving > admission.admittime + HOUR and admission.deathtime is None:
        details = (("Discharge Planning", "Finalized"), ("Discharge When", "Discharge Now"))
        yield Order(leaving, "ADT orders", "Discharge", details=details)


def _habits(visit: Visit, dice: Dice) -> Habits:
    """Kinds of orders that this condition and this team repeat, and drugs that are ordered anew each day."""
    orders = vocabulary().orders
    kinds = list(orders["daily"]) + list(orders["infusion"])
    name = visit.condition.name
    if visit.condition.service == "CMED":
        kinds += orders["heart"] * 2
    if visit.condition.service in ("NMED", "NSURG"):
        kinds += orders["brain"] * 2
    if visit.condition.icu and name in ("copd_exacerbation", "pneumonia", "asthma_exacerbation", "pulmonary_embolism"):
        kinds += orders["breathing"] * 3
    if name in ("gi_bleed", "trauma", "leukemia", "hip_fracture"):
        kinds += orders["bleeding"] * 2
    if name == "kidney_failure":
        kinds += orders["dialysis"] * 2
    if name in ("bowel_obstruction", "pancreatitis"):
        kinds += orders["starving"] + orders["procedure"]
    if visit.grave:
        kinds += orders["grave"] + orders["ventilation"]
    return Habits(tuple(dice.some(kinds, 3)), tuple(dice.some(visit.drugs, 3)))


def _emergency_orders(visit: Visit, admission: Admission, dice: Dice) -> Iterator[Order]:
    """Orders reach the record before the admission does, but only for those who are then admitted."""
    stay = visit.emergency
    assert stay is not None
    span = min(admission.admittime, stay.outtime) - stay.intime
    for share in sorted(dice.uniform(0.25, 0.97) for _ in range(dice.randint(2, 4))):
        time = stay.intime + span * share
        time = time.replace(microsecond=0)
        yield Order(time, "Lab", None)
        if dice.chance(0.5):
            yield Order(time, "IV therapy", "IV access")
        if dice.chance(0.3):
            yield Order(time, "Radiology", "General Xray")
        if dice.chance(0.35):
            yield Order(time, MEDICATIONS, None, dice.choice(visit.drugs))


def _admission_orders(visit: Visit, admission: Admission, dice: Dice) -> Iterator[Order]:
    """The first round: a bed, the usual care, and the drugs in one or two goes."""
    time = admission.admittime + dice.minutes(3, 25)
    category = "Place in observation" if "OBSERVATION" in admission.kind else "Admit to inpatient"
    team = {"MED": "Medicine", "CMED": "Cardiology NP", "NMED": "Neuromed"}.get(visit.condition.service, "Surgery")
    code = "Do not resuscitate (DNR/DNI)" if visit.severity > 0.88 else "Full code  (attempt resuscitation)"
    yield Order(time, "ADT orders", "Admit", details=(("Admit category", category), ("Admit to", team)))
    yield Order(time, "General Care", "Vitals/Monitoring", details=(("Code status", code),))
    yield Order(time, "Nutrition", "Diet Order")
    for kind, subtype in vocabulary().orders["admission"]:
        if subtype not in ("Admit", "Vitals/Monitoring") and dice.chance(0.3):
            yield Order(time + dice.minutes(0, 40), kind, subtype)
    yield Order(time + dice.minutes(5, 60), "Lab", None)
    second = time + dice.minutes(40, 240)
    for drug in visit.drugs:
        when = time + timedelta(seconds=dice.randrange(2)) if dice.chance(0.7) else second
        if when < admission.end - HOUR:
            yield Order(when, MEDICATIONS, None, drug)


def _transfer_orders(admission: Admission, dice: Dice) -> Iterator[Order]:
    for place in admission.places[1:]:
        to = "ICU" if place.icu_stay_id is not None else "Medicine"
        yield Order(place.intime - dice.minutes(10, 60), "ADT orders", "Transfer", details=(("Transfer to", to),))
        if place.icu_stay_id is not None and dice.chance(0.6):
            details = (("Tubes & Drains type", "Indwelling urinary catheter (IUC) - Foley"),)
            yield Order(place.intime + dice.minutes(5, 60), "General Care", "Tubes/Drains", details=details)


def _daily_orders(visit: Visit, admission: Admission, habits: Habits, dice: Dice) -> Iterator[Order]:
    day = at_hour(admission.admittime, 0)
    while day < admission.end:
        for hour in dice.some(ROUNDS, dice.randint(3, 5)):
            time = at_hour(day, hour) + dice.minutes(-25, 25)
            if not admission.admittime + 2 * HOUR < time < admission.end - HOUR:
                continue
            if dice.chance(0.35):
                yield Order(time, "Lab", None)
            for kind, subtype in habits.subtypes:
                if dice.chance(0.4):
                    yield Order(time, kind, subtype)
            if habits.again and dice.chance(0.5):
                yield Order(time, MEDICATIONS, None, dice.choice(habits.again))
            if dice.chance(0.08):
                yield Order(time, "Radiology", "General Xray")
            if dice.chance(0.06):
                details = (("Consult Status", "Pending"), ("Level of Urgency", "Within 24 hours"))
                yield Order(time, "Consults", dice.choice(("Physical Therapy", "Social Work")), details=details)
        day += DAY


def _write_order(record: PatientRecord, admission: Admission, order: Order) -> None:
    subject_id, dice = record.patient.subject_id, record.dice
    record.add(
        "poe",
        order.poe_id,
        order.poe_seq,
        subject_id,
        admission.hadm_id,
        order.time,
        order.order_type,
        order.order_subtype,
        order.transaction,
        order.discontinues,
        order.discontinued_by,
        None if dice.chance(0.02) else record.provider(),
        "Inactive",
    )
    for name, value in order.details:
        record.add("poe_detail", order.poe_id, order.poe_seq, subject_id, name, value)


def _write_drug(
    record: PatientRecord, visit: Visit, admission: Admission, order: Order, drug: Drug, ended: datetime | None
) -> None:
    dice = record.dice
    pharmacy_id = record.number("pharmacy", 10_000_000)
    entered = order.time + dice.minutes(0, 4)
    # The hour at which it is to start: mostly the next full one, now and then one already past.
    start = at_hour(order.time, order.time.hour + (0 if dice.chance(0.08) else 1))
    start = max(start, at_hour(admission.admittime, admission.admittime.hour))
    stop = ended or admission.end
    if drug.frequency == "ONCE":
        stop = start + HOUR
    elif dice.chance(0.25):
        stop = min(stop, start + dice.minutes(20 * 60, 96 * 60))
    stop = max(at_hour(stop, stop.hour), start)
    if dice.chance(0.042):
        stop = start - HOUR * dice.randint(1, 5)
    _write_pharmacy(record, admission, order, drug, pharmacy_id, entered, start, stop, ended)
    _write_prescription(record, admission, order, drug, pharmacy_id, start, stop)
    last = min(max(stop, start + HOUR), admission.end)
    write_administrations(record, visit, admission, order.poe_id, pharmacy_id, drug, start, last)


def _write_pharmacy(
    record: PatientRecord,
    admission: Admission,
    order: Order,
    drug: Drug,
    pharmacy_id: int,
    entered: datetime,
    start: datetime,
    stop: datetime,
    ended: datetime | None,
) -> None:
    dice = record.dice
    infused = drug.route == "IV DRIP"
    kind = "IV Large Volume" if infused else "IV Piggyback" if drug.route == "IV" and dice.chance(0.5) else "Unit Dose"
    status = (
        DISCHARGED
        if stop >= admission.dischtime - HOUR
        else "Discontinued"
        if ended is None
        else "Inactive (Due to a change order)"
    )
    record.add(
        "pharmacy",
        record.patient.subject_id,
        admission.hadm_id,
        pharmacy_id,
        None if dice.chance(0.006) else order.poe_id,
        start,
        stop,
        None if dice.chance(0.066) else drug.name,
        kind,
        status,
        entered,
        entered + dice.minutes(0, 35),
        drug.route,
        drug.frequency,
        None if dice.chance(0.42) else "08, 20",
        "C" if infused else None,
        "Y" if drug.name == "Insulin" else None,
        None,
        None,
        None,
        _doses_a_day(drug),
        None,
        "Doses" if drug.frequency == "ONCE" else "Ongoing",
        36 if infused else 365,
        "Hours" if infused else "Days",
        None,
        "Omnicell" if dice.chance(0.75) else "Floor Stock Item",
        None,
    )


def _doses_a_day(drug: Drug) -> float | None:
    return {"DAILY": 1.0, "BID": 2.0, "TID": 3.0, "QID": 4.0, "Q6H": 4.0, "Q8H": 3.0, "Q12H": 2.0, "Q24H": 1.0}.get(
        drug.frequency
    )


def _write_prescription(
    record: PatientRecord,
    admission: Admission,
    order: Order,
    drug: Drug,
    pharmacy_id: int,
    start: datetime,
    stop: datetime,
) -> None:
    base = BASES.get(drug.route) if record.dice.chance(0.35) and drug.name not in BASES.values() else None
    written = [("MAIN", drug)] + ([("BASE", vocabulary().drugs[base])] if base else [])
    provider = record.provider()
    for kind, one in written:
        dice = record.dice
        amount = f"{one.dose:g}" if kind == "MAIN" else "100"
        record.add(
            "prescriptions",
            record.patient.subject_id,
            admission.hadm_id,
            pharmacy_id,
            order.poe_id,
            order.poe_seq,
            provider,
            start,
            stop,
            kind,
            _as_typed(one.name, dice),
            one.code,
            None if dice.chance(0.14) else one.gsn,
            "0" if dice.chance(0.07) else one.ndc,
            one.strength,
            None,
            amount,
            one.unit,
            "1",
            one.form,
            _doses_a_day(drug),
            drug.route,
        )


def _as_typed(name: str, dice: Dice) -> str:
    """The name as somebody typed it: now and then with stray or doubled spaces, or not at all."""
    chance = dice.random()
    if chance < 0.0008:
        return ""
    if chance < 0.012:
        return f"{name} "
    if chance < 0.018:
        return f" {name}"
    return name.replace(" ", "  ", 1) if chance < 0.026 else name
