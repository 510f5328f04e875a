"""One person's chest: its proportions, the same in every study of that person."""

from __future__ import annotations

from dataclasses import dataclass

from clinseek_assets.synthetic.multimodal.studies import Study
from clinseek_assets.synthetic.patients import Patient
from clinseek_assets.synthetic.randomness import Dice

# Wider than these shares of the thorax, heart and upper mediastinum count as enlarged (EHRXQA asks for both).
WIDE_HEART = 1 / 2
WIDE_MEDIASTINUM = 1 / 3


@dataclass(frozen=True)
class Chest:
    """Proportions; lengths as shares of the image's half width (x) or height (y).

    Attributes:
        thorax: half the width of the thorax.
        apex, base: the top of the lungs, and the height of the diaphragm's dome.
        heart, mediastinum: their widths as shares of the thorax, when nothing is enlarged.
        ribs: how many ribs are seen over the lungs.
        slope: how steeply ribs run downwards.
        flesh: how thick the soft tissue is, which whitens everything.
        breasts: how dense the shadows over the lower lungs are.
        lean: how much the spine leans to the side.
        seed: of the texture of the lungs.
    """

    thorax: float
    apex: float
    base: float
    heart: float
    mediastinum: float
    ribs: float
    slope: float
    flesh: float
    breasts: float
    lean: float
    seed: int


def chest_of(patient: Patient, seed: int) -> Chest:
    """The chest of that patient in the release of that seed: always the same one."""
    dice = Dice(f"{seed}/anatomy/{patient.number}")
    heavy = (patient.weight - 82) / 17
    return Chest(
        thorax=dice.uniform(0.74, 0.82),
        apex=dice.uniform(0.10, 0.14),
        base=dice.uniform(0.70, 0.76) - 0.012 * heavy,
        heart=dice.uniform(0.38, 0.46),
        mediastinum=dice.uniform(0.19, 0.26),
        ribs=dice.uniform(8.2, 9.6),
        slope=dice.uniform(0.16, 0.26),
        flesh=0.06 * heavy + dice.uniform(0.0, 0.04),
        breasts=dice.uniform(0.03, 0.1) if patient.gender == "F" else 0.0,
        lean=dice.uniform(-0.03, 0.03),
        seed=dice.getrandbits(48),
    )


def heart_ratio(chest: Chest, study: Study) -> float:
    """The heart's width as a share of the thorax in that study: above one half exactly where it counts as enlarged."""
    strength = _strength(study, "Cardiomegaly")
    if strength >= 0:
        return 0.53 + 0.14 * strength
    return min(0.495, chest.heart + 0.025 * (study.view == "AP") + 0.04 * ("Cardiomegaly" in study.unsure))


def mediastinum_ratio(chest: Chest, study: Study) -> float:
    """The upper mediastinum's width as a share of the thorax: above a third exactly where it counts as widened."""
    strength = _strength(study, "Enlarged Cardiomediastinum")
    if strength >= 0:
        return 0.37 + 0.15 * strength
    unsure = "Enlarged Cardiomediastinum" in study.unsure
    return min(0.325, chest.mediastinum + 0.015 * (study.view == "AP") + 0.04 * unsure)


def _strength(study: Study, label: str) -> float:
    sight = study.present.get(label)
    return sight.strength if sight else -1.0
