"""The words that synthetic records are made of: compact catalogues of common clinical knowledge, written by hand.

Codes and titles are those of ICD-9-CM, ICD-10-CM and ICD-10-PCS, so that packages with CCS classes know them; ATC codes
and class names are WHO's. Numbers of items, drug codes (NDC, GSN) and everything about patients are made up.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class LabItem:
    """A laboratory test: its item number, label, specimen, unit and reference range, and the panel it is drawn with."""

    itemid: int
    label: str
    fluid: str
    category: str
    unit: str
    low: float
    high: float
    decimals: int
    panel: str

    @property
    def is_word(self) -> bool:
        """Whether its result is a word (a screen, negative or positive) and not a number."""
        return self.high == 0


@dataclass(frozen=True)
class Item:
    """An ICU item of `d_items`; `set` names the items that are charted together."""

    itemid: int
    label: str
    abbreviation: str
    linksto: str
    category: str
    unit: str
    param_type: str
    low: float | None
    high: float | None
    set: str


@dataclass(frozen=True)
class Drug:
    """A drug as the pharmacy knows it; its NDC (11 digits) and GSN (6 digits) are made up but well formed."""

    name: str
    atc: str
    route: str
    strength: str
    dose: float
    unit: str
    form: str
    frequency: str
    ndc: str
    gsn: str
    code: str


@dataclass(frozen=True)
class Code:
    """A diagnosis or procedure in both versions of ICD: version -> (code, title)."""

    concept: str
    versions: Mapping[int, tuple[str, str]]


@dataclass(frozen=True)
class MicroTest:
    """A microbiology test, its specimen, and the organisms that it may grow; item numbers are made up."""

    itemid: int
    test: str
    specimen: str
    spec_itemid: int
    organisms: tuple[str, ...]


@dataclass(frozen=True)
class Condition:
    """What brings a patient in, and what follows from it (see `conditions.yaml`)."""

    name: str
    often: float
    severity: float
    service: str
    ward: str
    icu: str
    complaints: tuple[str, ...]
    codes: tuple[str, ...]
    likely: tuple[str, ...]
    grave: tuple[str, ...]
    panels: tuple[str, ...]
    high: Mapping[str, float]
    low: Mapping[str, float]
    drugs: tuple[str, ...]
    grave_drugs: tuple[str, ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    chart_sets: tuple[str, ...]
    procedures: tuple[str, ...]
    grave_procedures: tuple[str, ...]
    exams: tuple[str, ...]
    finding: str
    cultures: tuple[str, ...]


@dataclass(frozen=True)
class Comorbidity:
    """A lasting condition: its codes, and the medicines of the home list."""

    name: str
    often: float
    codes: tuple[str, ...]
    drugs: tuple[str, ...]


class Vocabulary:
    """All catalogues, read once; every attribute is in the order of its file, so that drawing from it is repeatable."""

    @cached_property
    def lab_items(self) -> dict[str, LabItem]:
        """Label -> laboratory item."""
        return {
            row["label"]: LabItem(
                50801 + 7 * place,
                row["label"],
                row["fluid"],
                row["category"],
                row["unit"],
                float(row["low"]),
                float(row["high"]),
                int(row["decimals"]),
                row["panel"],
            )
            for place, row in enumerate(_table("laboratory"))
        }

    @cached_property
    def panels(self) -> dict[str, tuple[LabItem, ...]]:
        """Panel -> its laboratory items."""
        found: dict[str, tuple[LabItem, ...]] = {}
        for item in self.lab_items.values():
            found[item.panel] = (*found.get(item.panel, ()), item)
        return found

    @cached_property
    def items(self) -> tuple[Item, ...]:
        """All ICU items."""
        return tuple(
            Item(
                220045 + 13 * place,
                row["label"],
                row["abbreviation"],
                row["linksto"],
                row["category"],
                row["unit"],
                row["param_type"],
                float(row["low"]) if row["low"] else None,
                float(row["high"]) if row["high"] else None,
                row["set"],
            )
            for place, row in enumerate(_table("items"))
        )

    @cached_property
    def item_sets(self) -> dict[str, tuple[Item, ...]]:
        """Set -> the items that are charted together."""
        found: dict[str, tuple[Item, ...]] = {}
        for item in self.items:
            found[item.set] = (*found.get(item.set, ()), item)
        return found

    @cached_property
    def item_of(self) -> dict[tuple[str, str], Item]:
        """(table, label) -> ICU item: some labels stand in two tables."""
        return {(item.linksto, item.label): item for item in self.items}

    @cached_property
    def charted_words(self) -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
        """Label of a text item -> the words charted for the well, and for the ill."""
        return {label: (tuple(one["well"]), tuple(one["ill"])) for label, one in _document("charted_words").items()}

    @cached_property
    def drugs(self) -> dict[str, Drug]:
        """Name -> drug. Some NDC begin with zeros, as real ones do."""
        return {
            row["name"]: Drug(
                row["name"],
                row["atc"],
                row["route"],
                row["strength"],
                float(row["dose"]),
                row["unit"],
                row["form"],
                row["frequency"],
                f"{(place * 487 + 91) % 70000:05d}{(place * 31 + 7) % 10000:04d}{(place * 3 + 10) % 100:02d}",
                f"{1000 + place * 317:06d}",
                "".join(letter for letter in row["name"].upper() if letter.isalnum())[:5] + row["form"][:2],
            )
            for place, row in enumerate(_table("drugs"))
        }

    @cached_property
    def atc_names(self) -> dict[str, str]:
        """ATC code of the fourth level -> class name."""
        return {row["code"]: row["name"] for row in _table("atc")}

    @cached_property
    def diagnoses(self) -> dict[str, Code]:
        """Concept -> its diagnosis codes."""
        return _codes("diagnoses")

    @cached_property
    def procedures(self) -> dict[str, Code]:
        """Concept -> its procedure codes."""
        return _codes("procedures")

    @cached_property
    def micro_tests(self) -> dict[str, MicroTest]:
        """Test name -> microbiology test; tests on one kind of specimen share its number."""
        rows = _table("microbiology")
        specimens = list(dict.fromkeys(row["specimen"] for row in rows))
        return {
            row["test"]: MicroTest(
                90201 + place,
                row["test"],
                row["specimen"],
                70001 + specimens.index(row["specimen"]),
                tuple(filter(None, row["organisms"].split(";"))),
            )
            for place, row in enumerate(rows)
        }

    @cached_property
    def organisms(self) -> dict[str, int]:
        """Organism -> its number."""
        names = dict.fromkeys(name for test in self.micro_tests.values() for name in test.organisms)
        return {name: 80002 + place for place, name in enumerate(names)}

    @cached_property
    def antibiotics(self) -> dict[str, int]:
        """Antibiotic -> its number."""
        return {row["name"]: 90003 + place for place, row in enumerate(_table("antibiotics"))}

    @cached_property
    def hcpcs(self) -> tuple[dict[str, str], ...]:
        """Rows of `d_hcpcs`."""
        return tuple(_table("hcpcs"))

    @cached_property
    def exams(self) -> dict[str, dict[str, str]]:
        """Radiology exam -> its code and region."""
        return {row["exam"]: row for row in _table("radiology")}

    @cached_property
    def orders(self) -> dict[str, tuple[tuple[str, str], ...]]:
        """When an order is placed -> (order type, order subtype) pairs."""
        found: dict[str, tuple[tuple[str, str], ...]] = {}
        for row in _table("orders"):
            found[row["when"]] = (*found.get(row["when"], ()), (row["order_type"], row["order_subtype"]))
        return found

    @cached_property
    def conditions(self) -> dict[str, Condition]:
        """Name -> condition."""
        return {name: Condition(name=name, **_frozen(entry)) for name, entry in _document("conditions").items()}

    @cached_property
    def comorbidities(self) -> dict[str, Comorbidity]:
        """Name -> comorbidity."""
        return {name: Comorbidity(name=name, **_frozen(entry)) for name, entry in _document("comorbidities").items()}

    @cached_property
    def places(self) -> dict[str, Any]:
        """Administrative words: name -> how often each value is met, or a list of values."""
        return _document("places")


@lru_cache(maxsize=1)
def vocabulary() -> Vocabulary:
    """The one vocabulary of this process."""
    return Vocabulary()


def _table(name: str) -> list[dict[str, str]]:
    with (FOLDER / f"{name}.csv").open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def _document(name: str) -> dict[str, Any]:
    return dict(yaml.safe_load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8")))


def _frozen(entry: dict[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in entry.items()}


def _codes(name: str) -> dict[str, Code]:
    return {
        row["concept"]: Code(row["concept"], {9: (row["icd9"], row["title9"]), 10: (row["icd10"], row["title10"])})
        for row in _table(name)
    }
