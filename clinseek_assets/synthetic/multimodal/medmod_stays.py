"""MedMod's ICU stays and their labels, by its own rules.

Source: MedMod's `mimic4extract` (after Harutyunyan et al.'s benchmark): one ICU stay an admission, without a change of
unit; mortality is a death between admission and discharge; in-hospital mortality is asked 48 hours into stays of that
length, decompensation every hour (death within 24 hours), phenotypes at the end of the stay.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time
from functools import cached_property

from clinseek_assets.benchmark.vocabularies import PHENOTYPES
from clinseek_assets.mimic.code_classes import ccs_of_diagnoses
from clinseek_assets.synthetic.coding import admission_concepts
from clinseek_assets.synthetic.multimodal.lives import Life
from clinseek_assets.synthetic.multimodal.studies import Study
from clinseek_assets.synthetic.patients import DAY, HOUR, Admission, Place, Visit
from clinseek_assets.synthetic.record import PatientRecord
from clinseek_assets.synthetic.vocabulary import vocabulary

WINDOW = 48.0
SHORTEST = 4
SOON = 24.0


@dataclass(frozen=True)
class Stay:
    """One ICU stay of MedMod's cohort.

    Attributes:
        place: the stretch in the ICU.
        codes: the admission's diagnoses in their order: (code, version, title).
        films: the AP studies within the stay, in the order of time.
    """

    life: Life
    visit: Visit
    admission: Admission
    place: Place
    codes: tuple[tuple[str, int, str], ...]
    films: tuple[Study, ...]

    @property
    def stay_id(self) -> int:
        """The ICU stay's id."""
        assert self.place.icu_stay_id is not None
        return self.place.icu_stay_id

    @property
    def los_days(self) -> float:
        """The length of the ICU stay in days, as `icustays` has it."""
        return round((self.place.outtime - self.place.intime) / DAY, 6)

    @property
    def los_hours(self) -> float:
        """The length of the ICU stay in hours, as MedMod takes it from the days."""
        return 24.0 * self.los_days

    @property
    def lived_hours(self) -> float:
        """From the begin of the stay to death; infinite for who did not die in the hospital."""
        death = self.admission.deathtime
        return hours_between(self.place.intime, death) if death else float("inf")

    def died_between(self, start: datetime, end: datetime) -> bool:
        """Whether the day of death (its midnight) or its moment lies between two times."""
        dod, death = self.life.patient.dod, self.admission.deathtime
        by_day = dod is not None and start <= datetime.combine(dod, time()) <= end
        return by_day or (death is not None and start <= death <= end)

    @property
    def mortality(self) -> int:
        """Whether the patient died in the hospital, by MedMod's rule."""
        return int(self.died_between(self.admission.admittime, self.admission.dischtime))

    @property
    def mortality_in_unit(self) -> int:
        """Whether the patient died in the ICU, by MedMod's rule."""
        return int(self.died_between(self.place.intime, self.place.outtime))

    @property
    def plain(self) -> bool:
        """Whether MedMod's rule tells of a death what really happened: not where discharge was booked before it."""
        return bool(self.mortality) == (self.admission.deathtime is not None)

    def sample_hours(self) -> range:
        """The hours into the stay at which decompensation is asked."""
        return range(SHORTEST + 1, int(min(self.los_hours, self.lived_hours) + 1e-6) + 1)

    def dies_soon(self, hours: float) -> int:
        """Decompensation: whether the patient dies within 24 hours after so many hours in the ICU."""
        return int(bool(self.mortality) and self.lived_hours - hours < SOON)

    @cached_property
    def phenotypes(self) -> tuple[str, ...]:
        """The groups of the admission's diagnoses that are among the 25, in their order."""
        groups = {phenotype_of(code, version) for code, version, _ in self.codes}
        return tuple(name for name in PHENOTYPES if name in groups)

    def moment(self, hours: float) -> datetime:
        """So many hours into the stay."""
        return self.place.intime + hours * HOUR

    def latest_film(self, moment: datetime) -> Study | None:
        """The latest AP study between the begin of the stay and that moment, both included."""
        return next((film for film in reversed(self.films) if self.place.intime <= film.time <= moment), None)


def hours_between(start: datetime, end: datetime) -> float:
    """From start to end, in hours."""
    return (end - start) / HOUR


def phenotype_of(code: str, version: int) -> str | None:
    """The CCS group of a diagnosis, or None where the code has none."""
    group = ccs_of_diagnoses().get((code, version))
    return group.name if group else None


def stays_of(life: Life, seed: int) -> list[Stay]:
    """The patient's ICU stays that MedMod keeps, in the order of time."""
    record = PatientRecord(life.patient, seed)
    return [_stay(life, visit, record) for visit in life.patient.visits if visit.admission and _kept(visit.admission)]


def _kept(admission: Admission) -> bool:
    return len(admission.icu_places) == 1


def _stay(life: Life, visit: Visit, record: PatientRecord) -> Stay:
    admission = visit.admission
    assert admission is not None
    place = admission.icu_places[0]
    diagnoses = vocabulary().diagnoses
    codes = ((diagnoses[concept].versions[visit.icd_version]) for concept in admission_concepts(record, visit))
    films = tuple(
        study
        for study in life.studies
        if study.view == "AP" and place.intime <= study.time <= min(place.outtime, admission.end)
    )
    return Stay(life, visit, admission, place, tuple((code, visit.icd_version, title) for code, title in codes), films)


def within_stay(study: Study, stays: Iterable[Stay]) -> Stay | None:
    """The stay that a study was made in, or None."""
    return next((stay for stay in stays if stay.place.intime <= study.time <= stay.place.outtime), None)
