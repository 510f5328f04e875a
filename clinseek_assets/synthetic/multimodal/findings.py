"""The catalogue of findings: what each looks like in words, where it lies, and what makes it likely."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from clinseek_assets.synthetic.patients import Patient, Visit
from clinseek_assets.synthetic.randomness import sigmoid

FILE = Path(__file__).parent / "findings.yaml"
SUPPORT_DEVICES = "Support Devices"
NO_FINDING = "No Finding"

# What is put into a patient, and from what illness on: name -> (least illness, how often then).
DEVICES = {
    "endotracheal tube": (0.5, 0.7),
    "enteric tube": (0.45, 0.6),
    "central venous line": (0.3, 0.7),
    "cardiac monitor leads": (0.0, 0.6),
}
DEVICE_CATEGORIES = {"cardiac monitor leads": "device"}


@dataclass(frozen=True)
class Finding:
    """One of CheXpert's labels.

    Attributes:
        label: CheXpert's name.
        attribute, category: the words that EHRXQA's questions and tables have for it.
        places: side (`left`, `right`, `middle`, or `both` for what has no sides of its own) -> anatomical places.
        sides: side -> how often.
        base, ill, icu, conditions, comorbidities: what adds to its log-odds.
        lasting: whether it stays for life.
        denied: how often a report says that it is not there.
        said, unsure, denial, conclusion: sentences of a report.
    """

    label: str
    attribute: str
    category: str
    places: Mapping[str, tuple[str, ...]]
    sides: Mapping[str, float]
    base: float
    ill: float
    icu: float
    conditions: Mapping[str, float]
    comorbidities: Mapping[str, float]
    lasting: bool
    denied: float
    said: tuple[str, ...]
    unsure: str
    denial: str
    conclusion: str

    def log_odds(self, patient: Patient, visit: Visit, illness: float, in_icu: bool) -> float:
        """How likely it is in a patient so ill."""
        odds = self.base + self.ill * illness + self.icu * in_icu
        odds += self.conditions.get(visit.condition.name, 0.0)
        return odds + sum(self.comorbidities.get(one.name, 0.0) for one in patient.comorbidities)

    def probability(self, patient: Patient, visit: Visit, illness: float, in_icu: bool, jitter: float) -> float:
        """As `log_odds`, as a probability; `jitter` is added to the log-odds."""
        return sigmoid(self.log_odds(patient, visit, illness, in_icu) + jitter)

    def places_of(self, side: str) -> tuple[str, ...]:
        """The anatomical places that are affected where the finding lies on that side."""
        if side in self.places:
            return self.places[side]
        return tuple(place for places in self.places.values() for place in places)


@cache
def findings() -> dict[str, Finding]:
    """CheXpert's label -> finding: all but «No Finding», in the order of the labels."""
    document = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return {label: _finding(label, entry) for label, entry in document.items()}


def _finding(label: str, entry: Mapping[str, Any]) -> Finding:
    places = {side: tuple(names) for side, names in entry["places"].items()}
    return Finding(**{**entry, "label": label, "places": places, "said": tuple(entry["said"])})
