"""EHRXQA's time: each patient's years are moved between 2100 and 2105, and what lies after its current time is cut off.

Source: EHRXQA's `preprocess_db_mimic_iv_cxr.py`. Years are 365 days of minutes; later start years are likelier; one
patient in ten is moved so that the current time falls into the last admission. Admissions of the very old, and the
longest hundredth of stays, are left out. EHRXQA also swaps values between patients, to de-identify: made-up patients
need no such thing, and their records shall bear on the answers.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from clinseek_assets.synthetic.multimodal.studies import Study
from clinseek_assets.synthetic.patients import Admission, Patient
from clinseek_assets.synthetic.randomness import Dice

CURRENT_TIME = datetime(2105, 12, 31, 23, 59)
START = datetime(2100, 1, 1)
YEARS = 6
CURRENT_PATIENTS = 0.1
YOUNGEST, OLDEST = 11, 89


@dataclass(frozen=True)
class Clock:
    """How far one patient's times are moved."""

    offset: timedelta

    def moved(self, time: datetime | None) -> datetime | None:
        """The time in EHRXQA, or None where it lies after the current time."""
        if time is None or time + self.offset > CURRENT_TIME:
            return None
        return time + self.offset

    def counted(self, time: datetime | None) -> datetime | None:
        """As `moved`, but None for what lies before the first year as well."""
        moved = self.moved(time)
        return moved if moved and moved >= START else None


def clock_of(patient: Patient, studies: Sequence[Study], seed: int) -> Clock:
    """The clock of that patient; the year of the first study is moved into EHRXQA's span."""
    dice = Dice(f"{seed}/ehrxqa/clock/{patient.number}")
    year = START.year + dice.choices(range(YEARS), weights=range(1, YEARS + 1))[0]
    offset = timedelta(days=365) * (year - studies[0].time.year)
    last = next((visit.admission for visit in reversed(patient.visits) if visit.admission), None)
    if last and dice.chance(CURRENT_PATIENTS):
        inside = last.admittime + (last.dischtime - last.admittime) * dice.random()
        offset = timedelta(minutes=int((CURRENT_TIME - inside) / timedelta(minutes=1)))
    return Clock(offset)


def longest_stay(patients: Iterable[Patient]) -> int:
    """The number of days from which an admission counts as an outlier: the 99th percentile."""
    days = sorted((one.dischtime - one.admittime).days for patient in patients for one in admissions_of(patient))
    return max(1, days[int(0.99 * (len(days) - 1))])


def admissions_of(patient: Patient) -> list[Admission]:
    """The patient's admissions, in the order of time."""
    return [visit.admission for visit in patient.visits if visit.admission]


def age_at(patient: Patient, admission: Admission) -> int:
    """The age at admission, by whole years of the calendar."""
    return admission.admittime.year - patient.anchor_year + patient.age


def kept_hadm_ids(patient: Patient, clock: Clock, longest: int) -> frozenset[int]:
    """The admissions that EHRXQA's database has of this patient."""
    return frozenset(
        one.hadm_id
        for one in admissions_of(patient)
        if YOUNGEST <= age_at(patient, one) <= OLDEST
        and (one.dischtime - one.admittime).days < longest
        and clock.counted(one.admittime)
    )
