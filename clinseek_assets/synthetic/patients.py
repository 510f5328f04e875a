"""Latent patients: who they are, why they come, how ill they are, and what becomes of them.

Nothing here is written down in a table. Severity and frailty drive vital signs, results, treatments and outcomes alike,
with noise, so that the evidence in a record bears on the answers to questions about it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from clinseek_assets.synthetic.randomness import Dice, sigmoid, whole_minute
from clinseek_assets.synthetic.vocabulary import Comorbidity, Condition, Drug, vocabulary

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)

# Ids look random, as published ones do, and never meet: a multiple of the patient's number modulo a prime.
PRIME = 9_999_991
STRIDE = 6_700_417
VISITS_AT_MOST = 6
USUAL_IN_HOSPITAL = (
    *("Heparin", "Acetaminophen", "Docusate Sodium", "Senna"),
    *("Ondansetron", "Pantoprazole", "Ramelteon"),
)
IDS_A_PATIENT = 64


@dataclass
class Place:
    """A stretch in one care unit: what `transfers` and `icustays` are made of."""

    careunit: str
    intime: datetime
    outtime: datetime
    transfer_id: int
    eventtype: str
    icu_stay_id: int | None = None


@dataclass
class EmergencyStay:
    """A visit to the emergency department."""

    stay_id: int
    transfer_id: int
    intime: datetime
    outtime: datetime
    acuity: int
    complaint: str
    transport: str
    disposition: str


@dataclass
class Admission:
    """A stay in the hospital; `places` in the order of time, the ICU stays among them."""

    hadm_id: int
    admittime: datetime
    dischtime: datetime
    deathtime: datetime | None
    kind: str
    location: str
    discharge_location: str
    places: list[Place]
    discharge_transfer_id: int
    provider: str

    @property
    def icu_places(self) -> list[Place]:
        """The stretches in intensive care."""
        return [place for place in self.places if place.icu_stay_id is not None]

    @property
    def end(self) -> datetime:
        """The moment after which nothing is done for the patient any more."""
        return max(self.dischtime, self.deathtime or self.dischtime)


@dataclass
class Visit:
    """One illness that brought the patient in: emergency stay, admission or both.

    Attributes:
        severity: 0 mild to 1 grave.
        panels: the laboratory panels that are drawn for it, again and again.
        drugs: what is prescribed for it, home medicines included.
        comes_back: whether an unplanned return follows soon.
    """

    condition: Condition
    severity: float
    emergency: EmergencyStay | None
    admission: Admission | None
    panels: tuple[str, ...]
    drugs: tuple[Drug, ...]
    icd_version: int
    earlier_visits: int
    comes_back: bool = False

    @property
    def hadm_id(self) -> int | None:
        """The admission's id, or None for a visit to the emergency department alone."""
        return self.admission.hadm_id if self.admission else None

    @property
    def grave(self) -> bool:
        """Whether the illness is a grave one, of which the grave codes, drugs and procedures come."""
        return self.severity > 0.62

    def illness(self, time: datetime) -> float:
        """How ill the patient is at a time: survivors mend by the day, the dying grow worse."""
        start = self.admission.admittime if self.admission else time
        days = max(0.0, (time - start) / DAY)
        if self.admission and self.admission.deathtime:
            return min(1.0, self.severity + 0.08 * days)
        return self.severity * max(0.45, 1.0 - 0.05 * days)


@dataclass
class Patient:
    """A person, and the visits of a life."""

    number: int
    subject_id: int
    gender: str
    age: int
    anchor_year: int
    anchor_year_group: str
    race: str
    insurance: str
    language: str
    marital_status: str
    frailty: float
    weight: float
    height: float
    comorbidities: tuple[Comorbidity, ...]
    home_drugs: tuple[Drug, ...]
    dod: date | None = None
    visits: list[Visit] = field(default_factory=list)


def provider_id(number: int) -> str:
    """The provider of that number: P, two digits and three letters or digits, as published ids look."""
    scrambled = (number * 7919 + 4021) % 46656
    signs = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    return f"P{scrambled % 100:02d}{signs[scrambled // 1296]}{signs[scrambled // 36 % 36]}{signs[scrambled % 36]}"


PROVIDERS = 400
CAREGIVERS = 300


def caregiver_id(number: int) -> int:
    """The caregiver of that number: five digits."""
    return 10_000 + (number * 733) % 89_989


class Ids:
    """The ids of one patient's stays: never another's, and in no order that tells of time."""

    def __init__(self, patient_number: int) -> None:
        self._next = patient_number * IDS_A_PATIENT + 1

    def of(self, range_start: int) -> int:
        """A fresh id at or above `range_start`."""
        self._next += 1
        return range_start + (self._next * STRIDE) % PRIME


def draw_patient(number: int, seed: int) -> Patient:
    """The patient of that number in the release of that seed: always the same one."""
    dice = Dice(f"{seed}/patient/{number}")
    words = vocabulary()
    frailty = dice.betavariate(1.3, 1.6)
    age = max(18, min(91, int(dice.gauss(52 + 26 * frailty, 12))))
    comorbidities = _draw_comorbidities(dice, frailty)
    drugs = dict.fromkeys(
        name for one in comorbidities for name in dice.some(one.drugs, 1 + (frailty > 0.45) + (frailty > 0.75))
    )
    patient = Patient(
        number=number,
        subject_id=10_000_000 + number * 53 + dice.randrange(53),
        gender=dice.choice("FM"),
        age=age,
        anchor_year=2110 + dice.randrange(90),
        anchor_year_group=dice.weighted(words.places["anchor_year_group"]),
        race=dice.weighted(words.places["race"]),
        insurance=dice.weighted(words.places["insurance"]),
        language=dice.weighted(words.places["language"]),
        marital_status=dice.weighted(words.places["marital_status"]),
        frailty=frailty,
        weight=round(dice.gauss(82, 17), 1),
        height=round(dice.gauss(169, 9)),
        comorbidities=comorbidities,
        home_drugs=tuple(words.drugs[name] for name in drugs),
    )
    _live(patient, dice)
    return patient


def _draw_comorbidities(dice: Dice, frailty: float) -> tuple[Comorbidity, ...]:
    wanted = 1 + int(frailty * 7 + dice.random())
    pool = list(vocabulary().comorbidities.values())
    chosen: list[Comorbidity] = []
    while len(chosen) < wanted:
        one = dice.choices(pool, weights=[entry.often for entry in pool])[0]
        pool.remove(one)
        chosen.append(one)
    return tuple(chosen)


def _live(patient: Patient, dice: Dice) -> None:
    """Fill in the visits of a life, one after the other, until it ends or care elsewhere begins."""
    ids = Ids(patient.number)
    time = datetime(patient.anchor_year, 1, 1) + timedelta(minutes=dice.randrange(365 * 1440))
    conditions = list(vocabulary().conditions.values())
    usual = dice.choices(conditions, weights=[one.often for one in conditions])[0]
    wanted = 1 + min(VISITS_AT_MOST - 1, int(dice.expovariate(1.0 / (0.5 + 2.4 * patient.frailty))))
    while len(patient.visits) < wanted:
        weights = [one.often for one in conditions]
        condition = usual if dice.chance(0.55) else dice.choices(conditions, weights=weights)[0]
        visit = _draw_visit(patient, condition, time, ids, dice)
        patient.visits.append(visit)
        end = visit.admission.end if visit.admission else visit.emergency.outtime  # type: ignore[union-attr]
        if visit.admission and visit.admission.deathtime:
            patient.dod = visit.admission.deathtime.date()
            return
        time, returns = _next_time(patient, visit, end, dice)
        visit.comes_back = returns
        if returns:
            wanted = min(VISITS_AT_MOST, max(wanted, len(patient.visits) + 1))
    if dice.chance(0.12 * patient.frailty):
        patient.dod = (time + dice.randrange(40) * DAY).date()


def _next_time(patient: Patient, visit: Visit, end: datetime, dice: Dice) -> tuple[datetime, bool]:
    """When the patient comes next, and whether that is an unplanned return.

    The frail, those who were gravely ill, those who came before and drinkers return.
    """
    burden = 0.55 * patient.frailty + 0.45 * visit.severity + 0.1 * (visit.earlier_visits > 0)
    burden += 0.15 * (visit.condition.name == "alcohol_withdrawal")
    if not visit.admission and dice.chance(0.7 * sigmoid((burden - 0.42) * 16)):
        return end + dice.minutes(6 * 60, 66 * 60), True
    if visit.admission and dice.chance(0.85 * sigmoid((burden - 0.6) * 16)):
        return end + dice.minutes(3 * 1440, 27 * 1440 if dice.chance(0.75) else 55 * 1440), True
    return end + dice.minutes(90 * 1440, 700 * 1440), False


def _draw_visit(patient: Patient, condition: Condition, time: datetime, ids: Ids, dice: Dice) -> Visit:
    severity = min(0.98, max(0.03, dice.gauss(condition.severity + 0.16 * (patient.frailty - 0.45), 0.21)))
    by_emergency = dice.chance(0.84)
    admitted = not by_emergency or dice.chance(sigmoid((severity - 0.26) * 13))
    words = vocabulary()
    extra = [name for name in words.panels if name in ("counts", "chemistry", "coagulation", "minerals", "liver")]
    panels = tuple(dict.fromkeys([*dice.some(condition.panels, 3), dice.choice(extra)]))
    if severity > 0.6:
        panels = tuple(dict.fromkeys([*panels, "lactate", "gas"]))
    visit = Visit(
        condition=condition,
        severity=severity,
        emergency=None,
        admission=None,
        panels=panels,
        drugs=_draw_drugs(patient, condition, severity, admitted, dice),
        icd_version=9 if patient.anchor_year_group < "2014" else 10,
        earlier_visits=len(patient.visits),
    )
    if by_emergency:
        visit.emergency = _draw_emergency(visit, time, admitted, ids, dice)
    if admitted:
        visit.admission = _draw_admission(patient, visit, time, ids, dice)
    return visit


def _draw_drugs(
    patient: Patient, condition: Condition, severity: float, admitted: bool, dice: Dice
) -> tuple[Drug, ...]:
    drugs = vocabulary().drugs
    names = list(dice.some(condition.drugs, 4))
    if severity > 0.62:
        names += dice.some(condition.grave_drugs, 2)
    if admitted:
        names += ["Sodium Chloride 0.9%  Flush", *dice.some(USUAL_IN_HOSPITAL, 2)]
    home = dice.some(patient.home_drugs, 5) if admitted else []
    return tuple({drug.name: drug for drug in (*(drugs[name] for name in names), *home)}.values())


def _draw_emergency(visit: Visit, time: datetime, admitted: bool, ids: Ids, dice: Dice) -> EmergencyStay:
    severity = visit.severity + dice.gauss(0, 0.06)
    acuity = next((level for level, least in ((1, 0.78), (2, 0.46), (3, 0.2), (4, 0.1)) if severity > least), 5)
    hours = dice.uniform(4.0, 8.5) if admitted else dice.uniform(3.2, 7.0)
    intime = whole_minute(time)
    if not admitted:
        disposition = dice.weighted(
            {"HOME": 90, "LEFT WITHOUT BEING SEEN": 4, "ELOPED": 3, "LEFT AGAINST MEDICAL ADVICE": 3}
        )
    else:
        disposition = "ADMITTED"
    transport = (
        "AMBULANCE" if acuity <= 2 and dice.chance(0.7) else dice.weighted(vocabulary().places["arrival_transport"])
    )
    return EmergencyStay(
        stay_id=ids.of(30_000_000),
        transfer_id=ids.of(30_000_000),
        intime=intime,
        outtime=intime + timedelta(seconds=int(hours * 3600)),
        acuity=acuity,
        complaint=dice.choice(visit.condition.complaints),
        transport=transport,
        disposition=disposition,
    )


def _draw_admission(patient: Patient, visit: Visit, time: datetime, ids: Ids, dice: Dice) -> Admission:
    severity = visit.severity
    emergency = visit.emergency
    admittime = whole_minute(_admittime(emergency, time, dice))
    start = max(admittime, emergency.outtime) if emergency else admittime
    icu = dice.chance(sigmoid((severity - 0.55) * 14))
    dies = dice.chance(0.01 + 0.9 * sigmoid((severity + 0.1 * (patient.age > 74) - 0.8) * 15))
    icu = icu or (dies and dice.chance(0.8))
    stretches = _draw_stretches(visit, icu, dies, dice)
    places: list[Place] = []
    for careunit, hours, in_icu in stretches:
        end = start + timedelta(seconds=int(hours * 3600))
        kind = "transfer" if places else "admit"
        begin = start if places else admittime
        places.append(Place(careunit, begin, end, ids.of(30_000_000), kind, ids.of(30_000_000) if in_icu else None))
        start = end
    if emergency:
        # The first bed is taken when the patient leaves the emergency department, not when the papers are made out.
        places[0].intime = max(admittime, emergency.outtime) + SECOND * dice.randrange(2)
    dischtime = whole_minute(places[-1].outtime)
    deathtime = dischtime if dies else None
    if dies and dice.chance(0.27):
        # Discharge is booked before the death is: up to a day earlier, as in 4 of 15 real deaths.
        dischtime = max(admittime + 2 * HOUR, dischtime - dice.minutes(20, 23 * 60))
    elif dies:
        dischtime += dice.minutes(0, 90)
        dischtime = whole_minute(dischtime)
    places[-1].outtime = dischtime + dice.minutes(0, 1) if not dies else dischtime
    if places[-1].outtime <= places[-1].intime:
        places[-1].outtime = places[-1].intime + dice.minutes(30, 60)
        dischtime = max(dischtime, whole_minute(places[-1].outtime))
        if dies:
            deathtime = max(dischtime, deathtime or dischtime)
    return Admission(
        hadm_id=ids.of(20_000_000),
        admittime=admittime,
        dischtime=dischtime,
        deathtime=deathtime,
        kind=_kind(visit, stretches, dice),
        location="EMERGENCY ROOM" if emergency else dice.weighted(vocabulary().places["direct_location"]),
        discharge_location=_discharge_location(severity, dies, dice),
        places=places,
        discharge_transfer_id=ids.of(30_000_000),
        provider=provider_id(dice.randrange(PROVIDERS)),
    )


def _admittime(emergency: EmergencyStay | None, time: datetime, dice: Dice) -> datetime:
    """The papers are mostly made out while the patient is still in the emergency department (174 of 182)."""
    if emergency is None:
        return time
    if dice.chance(0.065):
        return emergency.outtime + dice.minutes(1, 15)
    return emergency.intime + (emergency.outtime - emergency.intime) * dice.uniform(0.55, 0.93)


Stretch = tuple[str, float, bool]


def _draw_stretches(visit: Visit, icu: bool, dies: bool, dice: Dice) -> list[Stretch]:
    """Care unit, hours and whether it is intensive care, in order."""
    ward, unit, severity = visit.condition.ward, visit.condition.icu, visit.severity
    if not icu:
        if severity < 0.45 and dice.chance(0.5):
            return [(ward if dice.chance(0.6) else "Observation", dice.uniform(9, 22), False)]
        days = dice.uniform(1.2, 3.2) if severity < 0.35 else dice.uniform(2.0, 5.0 + 5.0 * severity)
        if dies:
            return [(ward, 24 * dice.uniform(1.1, 5), False)]
        return _ward(ward, days * 24, dice)
    before = [(ward, dice.uniform(14, 60), False)] if dice.chance(0.22) else []
    if dies:
        hours = dice.uniform(25, 47) if dice.chance(0.45) else 24 * dice.uniform(2, 13)
        return [*before, (unit, hours, True)]
    first = _icu_days(severity, dice)
    after = _ward(ward, 24 * dice.uniform(1.0, 2.0 + 4.0 * severity), dice)
    if dice.chance(0.45 * sigmoid((severity - 0.68) * 16)):
        relapse = (unit, 24 * dice.uniform(1.1, 4), True)
        return [*before, (unit, first * 24, True), (ward, dice.uniform(14, 50), False), relapse, *after]
    return [*before, (unit, first * 24, True), *after]


def _icu_days(severity: float, dice: Dice) -> float:
    if dice.chance(sigmoid((severity - 0.68) * 18)):
        return dice.uniform(7.2, 13) if dice.chance(0.55) else dice.uniform(14.2, 19)
    return dice.uniform(1.1, 2.0 + 4.0 * severity)


def _ward(ward: str, hours: float, dice: Dice) -> list[Stretch]:
    """A ward, and now and then another on the way out."""
    if hours > 40 and dice.chance(0.45):
        return [(ward, hours * 0.6, False), (dice.choice(vocabulary().places["step_down"]), hours * 0.4, False)]
    return [(ward, hours, False)]


def _kind(visit: Visit, stretches: Sequence[Stretch], dice: Dice) -> str:
    places = vocabulary().places
    short = sum(hours for _, hours, _ in stretches) < 24
    if visit.emergency is None:
        return "DIRECT OBSERVATION" if short else dice.weighted(places["planned_admission_type"])
    if short:
        return "EU OBSERVATION" if visit.severity < 0.3 else "OBSERVATION ADMIT"
    if visit.severity > 0.5:
        return "EW EMER."
    return dice.weighted(places["emergency_admission_type"])


def _discharge_location(severity: float, dies: bool, dice: Dice) -> str:
    if dies:
        return "DIED"
    return dice.weighted(vocabulary().places["ill_discharge" if severity > 0.5 else "well_discharge"])
