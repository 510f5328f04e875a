"""Phenotypes from what is measured: each of the 25 groups starts at how usual it is, and signs make it likelier.

How usual: the shares of ICU stays in Harutyunyan et al. (Multitask learning and benchmarking with clinical time series
data, Scientific Data 2019, table 2). What a sign does is what any textbook says of it, as a factor on the odds: high
sugars speak for diabetes, creatinine for the kidneys, troponin for the heart. No label takes part in it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from clinseek_assets.benchmark.vocabularies import PHENOTYPES
from clinseek_assets.contexts.timeline_text import Block

USUAL: Mapping[str, float] = {
    "Acute and unspecified renal failure": 0.214,
    "Acute cerebrovascular disease": 0.075,
    "Acute myocardial infarction": 0.103,
    "Cardiac dysrhythmias": 0.321,
    "Chronic kidney disease": 0.134,
    "Chronic obstructive pulmonary disease and bronchiectasis": 0.131,
    "Complications of surgical procedures or medical care": 0.207,
    "Conduction disorders": 0.072,
    "Congestive heart failure; nonhypertensive": 0.268,
    "Coronary atherosclerosis and other heart disease": 0.322,
    "Diabetes mellitus with complications": 0.095,
    "Diabetes mellitus without complication": 0.193,
    "Disorders of lipid metabolism": 0.291,
    "Essential hypertension": 0.419,
    "Fluid and electrolyte disorders": 0.269,
    "Gastrointestinal hemorrhage": 0.072,
    "Hypertension with complications and secondary hypertension": 0.133,
    "Other liver diseases": 0.089,
    "Other lower respiratory disease": 0.051,
    "Other upper respiratory disease": 0.040,
    "Pleurisy; pneumothorax; pulmonary collapse": 0.087,
    "Pneumonia (except that caused by tuberculosis or sexually transmitted disease)": 0.139,
    "Respiratory failure; insufficiency; arrest (adult)": 0.181,
    "Septicemia (except in labor)": 0.143,
    "Shock": 0.078,
}
TYPICAL_SIZE = sum(USUAL.values())  # names an answer has on average
RENAL = ("Acute and unspecified renal failure", "Chronic kidney disease")
DIABETES = ("Diabetes mellitus without complication", "Diabetes mellitus with complications")
CORONARY = ("Acute myocardial infarction", "Coronary atherosclerosis and other heart disease")
PNEUMONIA = "Pneumonia (except that caused by tuberculosis or sexually transmitted disease)"
FAILING_LUNGS = "Respiratory failure; insufficiency; arrest (adult)"
SEPSIS = "Septicemia (except in labor)"


@dataclass(frozen=True)
class Sign:
    """A measurement beyond a bound, or a word of the chart, and what it makes likelier.

    Attributes:
        items: what the item's name holds.
        above, below: the bound that a value has to pass; None: any value, or any text.
        speaks_for: phenotype -> factor on its odds.
    """

    items: re.Pattern[str]
    speaks_for: Mapping[str, float]
    above: float | None = None
    below: float | None = None

    def shows(self, name: str, value: float | None) -> bool:
        """Whether a measurement shows it."""
        if not self.items.search(name):
            return False
        if self.above is None and self.below is None:
            return True
        if value is None:
            return False
        return (self.above is not None and value > self.above) or (self.below is not None and value < self.below)


def sign(items: str, speaks_for: Mapping[str, float], above: float | None = None, below: float | None = None) -> Sign:
    """A sign by the pattern of its items' names, in lower case."""
    return Sign(re.compile(items), speaks_for, above, below)


SIGNS = (
    sign(r"^glucose", {**dict.fromkeys(DIABETES, 3.0)}, above=200),
    sign(r"hemoglobin a1c", {**dict.fromkeys(DIABETES, 6.0)}, above=6.5),
    sign(r"insulin", {**dict.fromkeys(DIABETES, 3.0)}),
    sign(r"creatinine", {RENAL[0]: 4.0, RENAL[1]: 2.0}, above=1.6),
    sign(
        r"creatinine",
        {RENAL[0]: 2.0, RENAL[1]: 3.0, "Hypertension with complications and secondary hypertension": 4.0},
        above=3.0,
    ),
    sign(r"urea nitrogen|\bbun\b", {RENAL[0]: 1.5, RENAL[1]: 1.5, "Gastrointestinal hemorrhage": 1.5}, above=40),
    sign(r"dialysis|ultrafiltrate|crrt", {RENAL[0]: 5.0, RENAL[1]: 6.0}),
    sign(r"^sodium", {"Fluid and electrolyte disorders": 2.5}, above=147, below=132),
    sign(r"^potassium", {"Fluid and electrolyte disorders": 2.0}, above=5.5, below=3.2),
    sign(r"bicarbonate|hco3", {"Fluid and electrolyte disorders": 2.0}, below=18),
    sign(r"troponin", {CORONARY[0]: 5.0, CORONARY[1]: 2.0}, above=0.1),
    sign(r"creatine kinase, mb|ck-mb", {CORONARY[0]: 4.0}, above=10),
    sign(r"ntprobnp|\bbnp\b", {"Congestive heart failure; nonhypertensive": 4.0}, above=1000),
    sign(r"lactate|lactic", {"Shock": 3.0, SEPSIS: 2.0}, above=3.0),
    sign(r"blood pressure systolic", {"Shock": 2.5, SEPSIS: 1.5}, below=85),
    sign(r"blood pressure systolic", {"Essential hypertension": 1.5}, above=170),
    sign(r"heart rate$", {"Cardiac dysrhythmias": 2.0}, above=130),
    sign(r"heart rate$", {"Cardiac dysrhythmias": 1.3, "Conduction disorders": 3.0}, below=45),
    sign(r"temperature f", {SEPSIS: 2.0, PNEUMONIA: 1.7}, above=101.5),
    sign(r"temperature c", {SEPSIS: 2.0, PNEUMONIA: 1.7}, above=38.6),
    sign(r"white blood|\bwbc\b", {SEPSIS: 2.0, PNEUMONIA: 1.5}, above=15),
    sign(r"o2 saturation|\bspo2\b", {FAILING_LUNGS: 2.0, PNEUMONIA: 1.3}, below=88),
    sign(r"^peep|tidal volume|ventilator", {FAILING_LUNGS: 3.0}),
    sign(r"inspired o2 fraction|fio2", {FAILING_LUNGS: 2.5}, above=55),
    sign(
        r"^pco2|arterial co2",
        {FAILING_LUNGS: 2.0, "Chronic obstructive pulmonary disease and bronchiectasis": 2.5},
        above=55,
    ),
    sign(r"bilirubin, total|total bilirubin", {"Other liver diseases": 5.0}, above=3),
    sign(r"\balt\b|alanine amino", {"Other liver diseases": 3.0}, above=150),
    sign(r"inr", {"Other liver diseases": 1.5, "Cardiac dysrhythmias": 1.3}, above=2.0),
    sign(r"^hemoglobin$", {"Gastrointestinal hemorrhage": 3.0}, below=7.5),
    sign(r"gcs|coma scale", {"Acute cerebrovascular disease": 2.0}, below=3),
)
WORDS = (
    sign(r"\bfib|flutter|tachycard", {"Cardiac dysrhythmias": 8.0}),
    sign(r"heart block|bundle branch|av block|paced", {"Conduction disorders": 6.0}),
    sign(r"wheez", {"Chronic obstructive pulmonary disease and bronchiectasis": 1.8}),
)


def phenotype_chances(blocks: Sequence[Block], *, latest_only: bool) -> list[tuple[str, float]]:
    """The phenotypes with their chances, the likeliest first.

    Args:
        blocks: what is measured, in the order of time.
        latest_only: whether only the last value of each item counts.
    """
    measured, words = _measured(blocks), _words(blocks)
    if latest_only:
        measured = {name: values[-1:] for name, values in measured.items()}
    odds = {name: share / (1 - share) for name, share in USUAL.items()}
    shown = [
        one for one in SIGNS if any(one.shows(name, value) for name, values in measured.items() for value in values)
    ]
    shown += [one for one in WORDS if any(one.shows(word, None) for word in words)]
    for one in shown:
        for name, factor in one.speaks_for.items():
            odds[name] *= factor
    chances = [(name, odds[name] / (1 + odds[name])) for name in PHENOTYPES]
    return sorted(chances, key=lambda entry: (-entry[1], entry[0]))


def most_usual(number: int) -> list[str]:
    """So many phenotypes, the most usual first."""
    return sorted(USUAL, key=lambda name: (-USUAL[name], name))[:number]


def _measured(blocks: Sequence[Block]) -> dict[str, list[float | None]]:
    """Item's name in lower case -> its values; None for one that is a text."""
    found: dict[str, list[float | None]] = {}
    for block in blocks:
        for row in block.rows:
            if name := row.get("Item_Name"):
                found.setdefault(name.casefold(), []).append(_number(row.get("Valuenum", "")))
    return found


def _words(blocks: Sequence[Block]) -> set[str]:
    """The texts that the chart holds as values, in lower case."""
    return {row["Value"].casefold() for block in blocks for row in block.rows if row.get("Value")}


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
