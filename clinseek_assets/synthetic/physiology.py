"""Numbers of the body: vital signs and laboratory values as functions of illness, with noise."""

from __future__ import annotations

from dataclasses import dataclass

from clinseek_assets.synthetic.patients import Visit
from clinseek_assets.synthetic.randomness import Dice
from clinseek_assets.synthetic.vocabulary import LabItem

FEBRILE = frozenset(
    ("sepsis", "pneumonia", "cellulitis", "urinary_infection", "leukemia", "gallbladder", "cirrhosis", "pancreatitis")
)

# What grave illness does to anybody's blood, whatever the cause: label -> the value at the worst.
GRAVE = {
    "Lactate": 7.5,
    "Creatinine": 3.2,
    "Urea Nitrogen": 62.0,
    "White Blood Cells": 22.0,
    "Platelet Count": 70.0,
    "Hemoglobin": 7.4,
    "Hematocrit": 23.0,
    "Bicarbonate": 14.0,
    "Albumin": 2.2,
    "pH": 7.15,
    "Base Excess": -10.0,
    "INR(PT)": 2.1,
    "Glucose": 240.0,
    "Anion Gap": 25.0,
    "Troponin T": 0.2,
}


@dataclass(frozen=True)
class VitalSigns:
    """One set of vital signs; temperature in °F."""

    temperature: float
    heartrate: int
    resprate: int
    o2sat: int
    sbp: int
    dbp: int


def vital_signs(visit: Visit, illness: float, dice: Dice) -> VitalSigns:
    """Vital signs of a patient so ill."""
    ill = max(0.0, illness - 0.18)
    fever = 4.2 * ill if visit.condition.name in FEBRILE else 0.8 * ill
    sbp = int(dice.gauss(134 - 62 * ill, 8))
    return VitalSigns(
        round(dice.gauss(98.1 + fever, 0.4), 1),
        int(dice.gauss(76 + 62 * ill, 7)),
        int(dice.gauss(15.5 + 16 * ill, 1.5)),
        min(100, int(dice.gauss(98.6 - 10 * ill, 1.1))),
        max(52, sbp),
        max(28, int(sbp * dice.uniform(0.52, 0.64))),
    )


def lab_value(item: LabItem, visit: Visit, illness: float, dice: Dice) -> float:
    """A laboratory value: in the reference range for the well, towards the condition's and illness's extreme else."""
    middle, width = (item.low + item.high) / 2, item.high - item.low
    value = dice.gauss(middle, width * 0.2)
    target = visit.condition.high.get(item.label, visit.condition.low.get(item.label))
    if target is not None:
        share = min(1.25, max(0.0, illness * 1.5 - 0.1)) * dice.uniform(0.75, 1.1)
        value += (target - value) * share
    elif item.label in GRAVE:
        share = max(0.0, illness - 0.38) / 0.62 * dice.uniform(0.6, 1.05)
        value += (GRAVE[item.label] - value) * min(1.0, share)
    elif dice.chance(0.06 + 0.45 * max(0.0, illness - 0.3)):
        value = (
            (item.low - width * dice.uniform(0.05, 0.3))
            if dice.chance(0.5)
            else (item.high + width * dice.uniform(0.05, 0.5))
        )
    if item.low >= 0:
        value = max(value, item.low * 0.05, 0.0)
    return round(value, item.decimals)
