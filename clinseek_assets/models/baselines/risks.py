"""Risks from evidence: a points score over what the context shows, against a fixed threshold for each question.

The bands of vital signs are those of NEWS2 (Royal College of Physicians, 2017); those of laboratory values follow the
bands of SOFA (Vincent 1996; Singer 2016), rounded. Treatments, age and triage acuity add points as the clinical scores
of their field do (ESI levels, LACE's emergency admission and earlier stays). Missing measurements give no points.
A context with at least the threshold's points is answered «yes».
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from clinseek_assets.contexts.timeline_text import Block

Pick = Callable[[Sequence[int]], int]
"""How the points of one sign over time become one number: the worst of them, or the latest."""


@dataclass(frozen=True)
class Sign:
    """One measured sign.

    Attributes:
        items: names of its measurements in laboratory and chart events, and titles in triage and vital signs.
        bands: (lower bound, points) in ascending order; a value gets the points of the last bound that it reaches.
    """

    name: str
    items: tuple[str, ...]
    bands: tuple[tuple[float, int], ...]

    def points(self, value: float) -> int:
        """The points of one value."""
        return next((points for bound, points in reversed(self.bands) if value >= bound), 0)


LOWEST = float("-inf")
VITAL_SIGNS = (
    Sign("respiratory rate", ("resprate", "respiratory rate"), ((1, 3), (9, 1), (12, 0), (21, 2), (25, 3))),
    Sign(
        "oxygen saturation",
        ("o2sat", "o2 saturation pulseoxymetry"),
        ((50, 3), (92, 2), (94, 1), (96, 0)),
    ),
    Sign(
        "systolic pressure",
        ("sbp", "non invasive blood pressure systolic", "arterial blood pressure systolic"),
        ((20, 3), (91, 2), (101, 1), (111, 0), (220, 3)),
    ),
    Sign("heart rate", ("heartrate", "heart rate"), ((10, 3), (41, 1), (51, 0), (91, 1), (111, 2), (131, 3))),
    Sign(
        "temperature in °F",
        ("temperature", "temperature fahrenheit"),
        ((80, 3), (95.1, 1), (96.9, 0), (100.5, 1), (102.3, 2)),
    ),
)
LABORATORY = (
    Sign("lactate", ("lactate",), ((LOWEST, 0), (2.1, 1), (4, 3))),
    Sign("creatinine", ("creatinine", "creatinine (serum)"), ((LOWEST, 0), (1.3, 1), (2, 2), (3.5, 3))),
    Sign("urea nitrogen", ("urea nitrogen", "bun"), ((LOWEST, 0), (25, 1), (45, 2))),
    Sign("bilirubin", ("bilirubin, total", "total bilirubin"), ((LOWEST, 0), (1.3, 1), (2, 2), (6, 3))),
    Sign("platelets", ("platelet count",), ((LOWEST, 3), (50, 2), (100, 1), (150, 0))),
    Sign("white cells", ("white blood cells", "wbc"), ((LOWEST, 1), (4, 0), (12.1, 1), (20, 2))),
    Sign("haemoglobin", ("hemoglobin",), ((LOWEST, 2), (7, 1), (10, 0))),
    Sign("pH", ("ph",), ((6.5, 3), (7.2, 2), (7.3, 1), (7.35, 0))),
    Sign("bicarbonate", ("bicarbonate", "hco3 (serum)"), ((LOWEST, 2), (15, 1), (20, 0))),
    Sign("INR", ("inr(pt)", "inr"), ((LOWEST, 0), (1.5, 1), (2.5, 2))),
    Sign("albumin", ("albumin",), ((LOWEST, 2), (2.5, 1), (3.2, 0))),
    Sign("troponin T", ("troponin t",), ((LOWEST, 0), (0.05, 1), (0.5, 2))),
)
SIGNS_OF_ITEM = {item: sign for sign in (*VITAL_SIGNS, *LABORATORY) for item in sign.items}
VITAL_TITLES = ("Temperature", "Heartrate", "Resprate", "O2Sat", "Sbp")

# What is being done, or written down, and its points; each counts once, wherever the context says it.
TREATMENTS: Mapping[str, tuple[re.Pattern[str], int]] = {
    "vasopressor": (re.compile(r"norepinephrine|vasopressin|phenylephrine|epinephrine|dopamine|levophed"), 3),
    "invasive ventilation": (
        re.compile(r"invasive ventilation|intubation|mechanical ventilation|peep set|ventilator"),
        3,
    ),
    "dialysis": (re.compile(r"dialysis|crrt|hemofiltration"), 2),
    "sedation": (re.compile(r"propofol|midazolam|fentanyl|dexmedetomidine"), 1),
    "broad antibiotics": (re.compile(r"vancomycin|piperacillin|cefepime|meropenem"), 1),
    "transfusion": (re.compile(r"packed red|red blood cells|fresh frozen plasma|platelets \(|transfusion"), 1),
    "intensive care": (re.compile(r"intensive care|\bicu\b|\bmicu\b|\bsicu\b|\bccu\b|\(cvicu\)"), 2),
}
END_OF_LIFE: Mapping[str, tuple[re.Pattern[str], int]] = {
    "comfort care": (re.compile(r"comfort (?:care|measures)|\bcmo\b|hospice|palliative"), 5),
    "no resuscitation": (re.compile(r"\bdnr\b|\bdni\b|do not resuscitate"), 2),
}
ILLNESSES: Mapping[str, tuple[re.Pattern[str], int]] = {
    "sepsis": (re.compile(r"sepsis|septic|bacteremia"), 2),
    "shock or arrest": (re.compile(r"\bshock\b|cardiac arrest"), 3),
    "respiratory failure": (re.compile(r"respiratory failure|hypoxi|\bards\b"), 2),
    "bleeding": (re.compile(r"hemorrhage|gi bleed|intracranial"), 2),
    "stroke": (re.compile(r"stroke|cerebral infarct"), 1),
    "cancer": (re.compile(r"metasta|malignan|carcinoma|lymphoma|leukemia"), 2),
    "liver failure": (re.compile(r"cirrhosis|hepatic encephalopathy|ascites"), 2),
    "heart failure": (re.compile(r"heart failure|\bchf\b"), 1),
    "kidney failure": (re.compile(r"kidney (?:failure|injury)|renal failure|\besrd\b|end stage renal"), 1),
    "chronic lung disease": (re.compile(r"chronic obstructive|\bcopd\b"), 1),
    "infection of the lung": (re.compile(r"pneumonia"), 1),
    "altered mind": (re.compile(r"altered mental|encephalopathy|dementia|unresponsive"), 1),
}
AGE_BANDS = ((65.0, 1), (75.0, 2), (85.0, 3))
ACUITY_POINTS = {1: 5, 2: 2, 3: 0, 4: -2, 5: -3}  # the five levels of the Emergency Severity Index
EMERGENCY = re.compile(r"emer|urgent")
NUMBERED = re.compile(r"(?:^|\n|<br>)\s*(\d{1,2})[.)] ")
ABNORMAL_BANDS = ((0.25, 1), (0.4, 2), (0.6, 3))  # share of laboratory rows that carry a flag
MEDICINE_BANDS = ((4.0, 1), (8.0, 2), (12.0, 3))  # different home medicines
EVENT_BANDS = ((30.0, 1), (60.0, 2))


@dataclass(frozen=True)
class Findings:
    """Points of one context by group; how they are weighed depends on the question."""

    signs: int
    treatments: int
    end_of_life: int
    illnesses: int
    age: int
    acuity: int
    emergency: int
    abnormal: int
    medicines: int
    events: int
    earlier_stay: int


@dataclass(frozen=True)
class Rule:
    """Which groups of points a question weighs, how much, and from which sum on the answer is «yes»."""

    weights: Mapping[str, float]
    threshold: float

    def score(self, findings: Findings) -> float:
        """The weighed sum of points."""
        return sum(weight * getattr(findings, group) for group, weight in self.weights.items())

    def answer(self, findings: Findings) -> str:
        """`yes` from the threshold on, else `no`."""
        return "yes" if self.score(findings) >= self.threshold else "no"


def read_findings(blocks: Sequence[Block], pick: Pick) -> Findings:
    """The points of a context; `pick` makes one number of each sign's points over time."""
    text = _text(blocks)
    return Findings(
        signs=sum(pick(points) for points in _sign_points(blocks).values()),
        treatments=_mentioned(TREATMENTS, text),
        end_of_life=_mentioned(END_OF_LIFE, text),
        illnesses=_mentioned(ILLNESSES, text),
        age=_band(AGE_BANDS, max(_numbers(blocks, "patients", "Anchor_Age"), default=0.0)),
        acuity=ACUITY_POINTS.get(int(min(_numbers(blocks, "triage", "Acuity"), default=0.0)), 0),
        emergency=_emergency(blocks),
        abnormal=_band(ABNORMAL_BANDS, _flagged_share(blocks)),
        medicines=_band(MEDICINE_BANDS, _home_medicines(blocks)),
        events=_band(EVENT_BANDS, len(blocks)),
        earlier_stay=2 * any(block.table == "discharge" for block in blocks[1:2]),
    )


def worst(points: Sequence[int]) -> int:
    """The most points that a sign had."""
    return max(points)


def latest(points: Sequence[int]) -> int:
    """The points that a sign had last."""
    return points[-1]


def _sign_points(blocks: Iterable[Block]) -> dict[str, list[int]]:
    """Sign -> the points of its measurements, in the order of the context."""
    found: dict[str, list[int]] = {}
    for block in blocks:
        for item, text in _measurements(block):
            sign = SIGNS_OF_ITEM.get(item.casefold())
            value = _number(text)
            if sign and value is not None:
                found.setdefault(sign.name, []).append(sign.points(value))
    return found


def _measurements(block: Block) -> Iterable[tuple[str, str]]:
    if block.table in ("labevents", "chartevents"):
        return [(row.get("Item_Name", ""), row.get("Valuenum", "")) for row in block.rows]
    if block.table in ("triage", "vitalsign"):
        return [(title, row.get(title, "")) for row in block.rows for title in VITAL_TITLES]
    return []


def _mentioned(patterns: Mapping[str, tuple[re.Pattern[str], int]], text: str) -> int:
    return sum(points for pattern, points in patterns.values() if pattern.search(text))


def _text(blocks: Sequence[Block]) -> str:
    """All values, in lower case."""
    return "\n".join(value for block in blocks for row in block.rows for value in row.values()).casefold()


def _numbers(blocks: Sequence[Block], table: str, title: str) -> list[float]:
    values = (_number(value) for block in blocks if block.table == table for value in block.values(title))
    return [value for value in values if value is not None]


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if value == value else None


def _band(bands: Sequence[tuple[float, int]], value: float) -> int:
    return next((points for bound, points in reversed(bands) if value >= bound), 0)


def _emergency(blocks: Sequence[Block]) -> int:
    """2 points for an emergency admission, -2 for a planned one, 0 where the context shows no admission."""
    kinds = [
        value.casefold() for block in blocks if block.table == "admissions" for value in block.values("Admission_Type")
    ]
    return 0 if not kinds else 2 if EMERGENCY.search(kinds[-1]) else -2


def _home_medicines(blocks: Sequence[Block]) -> int:
    """How many different home medicines are recorded; where none are, the longest numbered list of a discharge note."""
    recorded = {name for block in blocks if block.table == "medrecon" for name in block.values("Name")}
    notes = (note for block in blocks if block.table == "discharge" for note in block.values("Text"))
    return len(recorded) or max((int(number) for note in notes for number in NUMBERED.findall(note)), default=0)


def _flagged_share(blocks: Sequence[Block]) -> float:
    rows = [row.get("Flag", "") for block in blocks if block.table == "labevents" for row in block.rows]
    return rows.count("abnormal") / len(rows) if rows else 0.0
