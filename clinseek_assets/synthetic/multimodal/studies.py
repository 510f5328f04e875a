"""Chest X-ray studies of a life: when they are taken, what they show, and how sure the reader is.

What a study shows is drawn once: the image, CheXpert's labels, the report and EHRXQA's answers are all made from it. A
finding is `present` (seen, labelled 1), `unsure` (hardly seen, labelled -1), or not there; what is not there is denied
by the report (labelled 0) or passed over (no label). Within one illness a finding comes and goes with its course.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from clinseek_assets.benchmark.vocabularies import CHEXPERT_LABELS
from clinseek_assets.synthetic.multimodal.findings import (
    DEVICE_CATEGORIES,
    DEVICES,
    NO_FINDING,
    SUPPORT_DEVICES,
    Finding,
    findings,
)
from clinseek_assets.synthetic.patients import PRIME, STRIDE, Admission, Patient, Place, Visit
from clinseek_assets.synthetic.randomness import Dice

STUDIES_A_PATIENT = 64
FIRST_STUDY_ID = 50_000_000
# A finding that was missed by so little is one that the reader is not sure of.
NEARLY = 1.3
PRESENT_FROM = 0.4
IN_ICU_AT_MOST = 8


@dataclass(frozen=True)
class Sight:
    """One finding in one study.

    Attributes:
        label: CheXpert's name.
        side: `left`, `right`, `both` or `middle`.
        strength: how plainly it is drawn, 0 to 1.
        sure: whether the reader says that it is there, not that it may be.
        devices: the names of what was put in, for support devices.
    """

    label: str
    side: str
    strength: float
    sure: bool
    devices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Study:
    """One study: a frontal image, and now and then a lateral one or a second exposure.

    Attributes:
        patient_number, number: whose study it is, and which of the life's.
        time: when it was made, to the second.
        milliseconds: what MIMIC-CXR's clock shows beyond that.
        view: AP or PA.
        hadm_id, stay_id: where the patient was; None outside of an admission, or of an ICU stay.
        visit: the illness that it was made for.
        sights: what it shows, present and unsure.
        denied: the labels that the report says are not there.
    """

    patient_number: int
    subject_id: int
    number: int
    study_id: int
    time: datetime
    milliseconds: int
    view: str
    dicom_id: str
    lateral_id: str | None
    repeated_id: str | None
    hadm_id: int | None
    stay_id: int | None
    visit: Visit
    illness: float
    sights: tuple[Sight, ...]
    denied: tuple[str, ...]

    @property
    def folder(self) -> str:
        """The study's folder below `files/`, as PhysioNet lays them out."""
        return f"{self.patient_folder}/s{self.study_id}"

    @property
    def patient_folder(self) -> str:
        """The patient's folder below `files/`."""
        return f"p{str(self.subject_id)[:2]}/p{self.subject_id}"

    @property
    def image_file(self) -> str:
        """Where the frontal image lies in MIMIC-CXR-JPG."""
        return f"files/{self.folder}/{self.dicom_id}.jpg"

    @property
    def report_file(self) -> str:
        """Where the report lies in MIMIC-CXR's zip of reports."""
        return f"files/{self.patient_folder}/s{self.study_id}.txt"

    @cached_property
    def present(self) -> dict[str, Sight]:
        """Label -> what is there for sure."""
        return {sight.label: sight for sight in self.sights if sight.sure}

    @cached_property
    def unsure(self) -> frozenset[str]:
        """The labels of what may be there."""
        return frozenset(sight.label for sight in self.sights if not sight.sure)

    @cached_property
    def chexpert(self) -> dict[str, float | None]:
        """All 14 labels as CheXpert would take them from the report: 1, 0, -1 or nothing."""
        labels: dict[str, float | None] = dict.fromkeys(CHEXPERT_LABELS)
        labels |= dict.fromkeys(self.denied, 0.0)
        labels |= {sight.label: 1.0 if sight.sure else -1.0 for sight in self.sights}
        if all(sight.label == SUPPORT_DEVICES for sight in self.sights):
            labels[NO_FINDING] = 1.0
        return labels

    @property
    def positives(self) -> tuple[str, ...]:
        """CheXpert's positive labels, in its order."""
        return tuple(label for label, value in self.chexpert.items() if value == 1.0)

    @cached_property
    def facts(self) -> dict[str, tuple[str, ...]]:
        """Attribute -> the anatomical places that it is seen in; of what is there for sure."""
        facts: dict[str, tuple[str, ...]] = {}
        for sight in self.present.values():
            finding = findings()[sight.label]
            for attribute in sight.devices or (finding.attribute,):
                facts[attribute] = finding.places_of(sight.side)
        return facts

    @cached_property
    def doubtful(self) -> frozenset[str]:
        """The attributes that no question should ask about: the reader is not sure of them."""
        if SUPPORT_DEVICES in self.unsure:
            return frozenset((*DEVICES, *(findings()[label].attribute for label in self.unsure)))
        return frozenset(findings()[label].attribute for label in self.unsure)


def category_of(attribute: str) -> str:
    """The category of an attribute, as EHRXQA names it."""
    if attribute in DEVICES:
        return DEVICE_CATEGORIES.get(attribute, findings()[SUPPORT_DEVICES].category)
    return next(finding.category for finding in findings().values() if finding.attribute == attribute)


def studies_of(patient: Patient, seed: int) -> list[Study]:
    """All studies of the patient's life, in the order of time: always the same ones."""
    dice = Dice(f"{seed}/chest/{patient.number}")
    lasting = {label: _Tendency.draw(finding, dice) for label, finding in findings().items() if finding.lasting}
    studies: list[Study] = []
    for visit in patient.visits:
        passing = {label: _Tendency.draw(one, dice) for label, one in findings().items() if not one.lasting}
        for time, view, place in _exposures(visit, dice):
            if len(studies) < STUDIES_A_PATIENT:
                tendencies = {**lasting, **passing}
                studies.append(_study(patient, visit, len(studies), time, view, place, tendencies, dice, seed))
    return studies


@dataclass(frozen=True)
class _Tendency:
    """How prone to a finding someone is: it is there when its probability is above `threshold`."""

    threshold: float
    side: str

    @classmethod
    def draw(cls, finding: Finding, dice: Dice) -> _Tendency:
        return cls(dice.random(), dice.weighted(finding.sides))


def _exposures(visit: Visit, dice: Dice) -> Iterator[tuple[datetime, str, Place | None]]:
    """When X-rays are taken, their view, and the stretch of the stay; in the order of time."""
    chest = any("CHEST" in exam for exam in visit.condition.exams)
    if visit.emergency and dice.chance(0.85 if chest else 0.35):
        span = visit.emergency.outtime - visit.emergency.intime
        end = visit.admission.places[0].intime if visit.admission else visit.emergency.outtime
        time = min(visit.emergency.intime + span * dice.uniform(0.15, 0.5), end - timedelta(minutes=1))
        yield _to_second(time), _view(visit.severity, dice), None
    if visit.admission:
        for place in visit.admission.places:
            yield from _exposures_in(visit.admission, place, visit, dice)


def _exposures_in(
    admission: Admission, place: Place, visit: Visit, dice: Dice
) -> Iterator[tuple[datetime, str, Place | None]]:
    end = min(place.outtime, admission.end) - timedelta(minutes=5)
    in_icu = place.icu_stay_id is not None
    time = place.intime + (dice.minutes(20, 240) if in_icu else dice.minutes(8 * 60, 70 * 60))
    for _ in range(IN_ICU_AT_MOST if in_icu else 2):
        if time >= end:
            return
        yield _to_second(time), "AP" if in_icu else _view(visit.illness(time), dice), place
        time += dice.minutes(12 * 60, 34 * 60) if in_icu else dice.minutes(40 * 60, 110 * 60)


def _to_second(time: datetime) -> datetime:
    return time.replace(microsecond=0)


def _view(illness: float, dice: Dice) -> str:
    """The ill are X-rayed in bed, from the front."""
    return "AP" if dice.chance(0.25 + 0.7 * illness) else "PA"


def _study(
    patient: Patient,
    visit: Visit,
    number: int,
    time: datetime,
    view: str,
    place: Place | None,
    tendencies: Mapping[str, _Tendency],
    dice: Dice,
    seed: int,
) -> Study:
    illness = visit.illness(time)
    in_icu = place is not None and place.icu_stay_id is not None
    sights, denied = _reading(patient, visit, illness, in_icu, tendencies, dice)
    study_id = FIRST_STUDY_ID + ((patient.number * STUDIES_A_PATIENT + number) * STRIDE) % PRIME
    name = f"{seed}/{study_id}"
    return Study(
        patient_number=patient.number,
        subject_id=patient.subject_id,
        number=number,
        study_id=study_id,
        time=time,
        milliseconds=dice.randrange(1000),
        view=view,
        dicom_id=_dicom_id(f"{name}/frontal"),
        lateral_id=_dicom_id(f"{name}/lateral") if view == "PA" and dice.chance(0.85) else None,
        repeated_id=_dicom_id(f"{name}/repeated") if dice.chance(0.05) else None,
        hadm_id=visit.hadm_id,
        stay_id=place.icu_stay_id if place else None,
        visit=visit,
        illness=illness,
        sights=sights,
        denied=denied,
    )


def _dicom_id(name: str) -> str:
    """Five groups of eight hexadecimal digits, as MIMIC-CXR names its images."""
    digits = hashlib.sha256(f"{name}".encode()).hexdigest()
    return "-".join(digits[start : start + 8] for start in range(0, 40, 8))


def _reading(
    patient: Patient,
    visit: Visit,
    illness: float,
    in_icu: bool,
    tendencies: Mapping[str, _Tendency],
    dice: Dice,
) -> tuple[tuple[Sight, ...], tuple[str, ...]]:
    sights: list[Sight] = []
    denied: list[str] = []
    for label, finding in findings().items():
        tendency = tendencies[label]
        jitter = 0.0 if finding.lasting else dice.gauss(0, 0.35)
        likely = finding.probability(patient, visit, illness, in_icu, jitter)
        if tendency.threshold < likely:
            above = (likely - tendency.threshold) / likely
            strength = min(1.0, PRESENT_FROM + 0.6 * above + dice.uniform(0, 0.15))
            devices = _devices(illness, dice) if label == SUPPORT_DEVICES else ()
            sights.append(Sight(label, tendency.side, strength, True, devices))
        elif tendency.threshold < likely * NEARLY and label != SUPPORT_DEVICES:
            sights.append(Sight(label, tendency.side, dice.uniform(0.05, 0.15), False))
        elif dice.chance(finding.denied):
            denied.append(label)
    return tuple(sights), tuple(denied)


def _devices(illness: float, dice: Dice) -> tuple[str, ...]:
    chosen = [name for name, (least, often) in DEVICES.items() if illness >= least and dice.chance(often)]
    return tuple(chosen or ["central venous line"])
