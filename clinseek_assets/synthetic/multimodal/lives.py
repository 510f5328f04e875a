"""A patient with the studies of the whole life: what all parts of the multimodal release choose from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from clinseek_assets.synthetic.multimodal.studies import Study, studies_of
from clinseek_assets.synthetic.patients import Admission, Patient, draw_patient


@dataclass(frozen=True)
class Life:
    """One patient, and the chest X-ray studies in the order of time."""

    patient: Patient
    studies: tuple[Study, ...]

    @cached_property
    def admissions(self) -> tuple[Admission, ...]:
        """The admissions in the order of time."""
        return tuple(visit.admission for visit in self.patient.visits if visit.admission)


def draw_lives(patients: int, seed: int) -> list[Life]:
    """The lives of all patients of a release."""
    drawn = (draw_patient(number, seed) for number in range(patients))
    return [Life(patient, tuple(studies_of(patient, seed))) for patient in drawn]
