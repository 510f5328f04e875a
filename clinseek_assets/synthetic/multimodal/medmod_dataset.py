"""MedMod's built data: list files of three tasks, extracted folders of patients, the tables of labels beside them.

Source: MedMod's `mimic4extract`: headers and order of columns, one episode a stay, what of the chart is kept. As its
scripts do, ids of columns that had empty cells are written with a decimal point.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from clinseek_assets.benchmark.vocabularies import PHENOTYPES
from clinseek_assets.synthetic.multimodal.csv_files import write_csv
from clinseek_assets.synthetic.multimodal.medmod_selection import (
    DECOMPENSATION,
    IN_HOSPITAL_MORTALITY,
    PHENOTYPING,
    MedmodPatient,
)
from clinseek_assets.synthetic.multimodal.medmod_stays import WINDOW, Stay, hours_between, phenotype_of
from clinseek_assets.synthetic.multimodal.mimic_cxr import SPLIT_HEADER, split_rows
from clinseek_assets.synthetic.multimodal.source_rows import PatientRows, cells, nullable
from clinseek_assets.synthetic.vocabulary import vocabulary

EVENTS_HEADER = ("subject_id", "hadm_id", "stay_id", "charttime", "itemid", "value", "valuenum")
STAYS_HEADER = (
    *("subject_id", "hadm_id", "stay_id", "last_careunit", "intime", "outtime", "los"),
    *("admittime", "dischtime", "deathtime", "ethnicity", "gender", "anchor_age", "dod", "age"),
    *("mortality_inunit", "mortality", "mortality_inhospital"),
)
DIAGNOSES_HEADER = ("subject_id", "hadm_id", "seq_num", "icd_code", "icd_version", "long_title", "stay_id")
PHENOTYPED_HEADER = (*DIAGNOSES_HEADER, "HCUP_CCS_2015", "USE_IN_BENCHMARK")
EPISODE_HEADER = ("Icustay", "Ethnicity", "Gender", "Age", "Height", "Weight", "Length of Stay", "Mortality")
LIST_HEADER = ("stay", "period_length", "stay_id", "y_true")
LABELS = tuple(sorted(PHENOTYPES))
PARTS = ("train", "test", "validate")

# MedMod's variables -> the labels that are taken for them, of the chart and of the laboratory.
VARIABLES: Mapping[str, tuple[str, ...]] = {
    "Capillary refill rate": ("Capillary Refill R", "Capillary Refill L"),
    "Diastolic blood pressure": ("Non Invasive Blood Pressure diastolic", "Arterial Blood Pressure diastolic"),
    "Fraction inspired oxygen": ("Inspired O2 Fraction",),
    "Glascow coma scale eye opening": ("GCS - Eye Opening",),
    "Glascow coma scale motor response": ("GCS - Motor Response",),
    "Glascow coma scale total": (),
    "Glascow coma scale verbal response": ("GCS - Verbal Response",),
    "Glucose": ("Glucose finger stick (range 70-100)", "Glucose"),
    "Heart Rate": ("Heart Rate",),
    "Height": ("Height (cm)",),
    "Mean blood pressure": ("Non Invasive Blood Pressure mean", "Arterial Blood Pressure mean"),
    "Oxygen saturation": ("O2 saturation pulseoxymetry", "Oxygen Saturation"),
    "Respiratory rate": ("Respiratory Rate",),
    "Systolic blood pressure": ("Non Invasive Blood Pressure systolic", "Arterial Blood Pressure systolic"),
    "Temperature": ("Temperature Fahrenheit",),
    "Weight": ("Daily Weight", "Admission Weight (Kg)"),
    "pH": ("pH",),
}
GENDERS = {"F": 1, "M": 2}
ETHNICITIES = {"ASIAN": 1, "BLACK": 2, "HISPANIC": 3, "WHITE": 4}

Row = tuple[Any, ...]


@dataclass
class MedmodFiles:
    """MedMod's folder while patients are added to it.

    Attributes:
        root: the dataset's folder.
        rows: what was written so far, by kind of file.
    """

    root: Path
    seed: int
    rows: dict[str, int] = field(default_factory=dict)
    _stays: list[Row] = field(default_factory=list)
    _diagnoses: list[Row] = field(default_factory=list)
    _phenotypes: list[Row] = field(default_factory=list)
    _lists: dict[tuple[str, str], list[Row]] = field(default_factory=dict)
    _images: list[Row] = field(default_factory=list)

    def add(self, patient: MedmodPatient, rows: PatientRows) -> None:
        """Write one patient's folder, and remember what of the patient the lists need."""
        # MedMod splits off its validation patients from those of training by their list files alone.
        part = "test" if patient.part == "test" else "train"
        folder = self.root / "data_full" / "root" / part / str(patient.life.patient.subject_id)
        events = list(_events(patient, rows))
        blanks = _Blanks.of(rows)
        stays = [_stay_row(stay) for stay in patient.stays]
        diagnoses = [row for stay in patient.stays for row in _diagnosis_rows(stay)]
        self._count(
            "events", write_csv(folder / "events.csv", EVENTS_HEADER, (_event_row(event, blanks) for event in events))
        )
        self._count("stays", write_csv(folder / "stays.csv", STAYS_HEADER, stays))
        self._count("diagnoses", write_csv(folder / "diagnoses.csv", PHENOTYPED_HEADER, diagnoses))
        for number, stay in enumerate(patient.stays, start=1):
            _write_episode(folder, number, stay, events)
            for task, listed in _list_rows(stay, number).items():
                self._lists.setdefault((task, patient.part), []).extend(listed)
            self._phenotypes.append(_flags(stay))
        self._stays += stays
        self._diagnoses += [row[: len(DIAGNOSES_HEADER)] for row in diagnoses]
        self._images += [(*row[:3], patient.part) for row in split_rows(patient.life.studies, self.seed)]

    def finish(self) -> dict[tuple[str, str], int]:
        """Write the list files and the tables beside the folders; return each question's line in its list file.

        The key is the task, and the stay's id with its period as the list file has them, a blank between.
        """
        root = self.root / "data_full" / "root"
        write_csv(root / "all_stays.csv", STAYS_HEADER, self._stays)
        write_csv(root / "all_diagnoses.csv", DIAGNOSES_HEADER, self._diagnoses)
        write_csv(root / "phenotype_labels.csv", LABELS, self._phenotypes, quoting=csv.QUOTE_NONNUMERIC)
        write_csv(self.root / "mimic-cxr-ehr-split.csv", SPLIT_HEADER, self._images)
        lines: dict[tuple[str, str], int] = {}
        for task, name in _FOLDERS.items():
            header = (*LIST_HEADER[:3], *LABELS) if task == PHENOTYPING else LIST_HEADER
            for part in PARTS:
                listed = sorted(self._lists.get((task, part), []), key=lambda row: (row[0], float(row[1])))
                path = self.root / "mml-ssl-full" / name / f"{part}_listfile.csv"
                self._count(f"{name} lists", write_csv(path, header, listed))
                lines |= {(task, f"{row[2]} {row[1]}"): line for line, row in enumerate(listed)}
        return lines

    def _count(self, kind: str, number: int) -> None:
        self.rows[kind] = self.rows.get(kind, 0) + number


_FOLDERS = {
    DECOMPENSATION: "decompensation",
    IN_HOSPITAL_MORTALITY: "in-hospital-mortality",
    PHENOTYPING: "phenotyping",
}


def period_text(task: str, hours: float) -> str:
    """A period as the list files write it."""
    return "0" if task == IN_HOSPITAL_MORTALITY else f"{hours:.6f}"


@dataclass(frozen=True)
class _Event:
    """One measurement that MedMod keeps, of an admission with a kept stay."""

    stay: Stay
    time: datetime
    itemid: int
    variable: str
    value: str
    number: float | None


@cache
def _variables() -> dict[int, str]:
    """Item -> MedMod's variable."""
    items, labs = vocabulary().item_of, vocabulary().lab_items
    found: dict[int, str] = {}
    for variable, labels in VARIABLES.items():
        for label in labels:
            if ("chartevents", label) in items:
                found[items["chartevents", label].itemid] = variable
            else:
                found[labs[label].itemid] = variable
    return found


@dataclass(frozen=True)
class _Blanks:
    """Which ids some row of a patient's events lacked at first: pandas writes such a column as decimal numbers.

    Results have no ICU stay, and some no admission; MedMod fills in the stay and drops what has no admission.
    """

    stay_id: bool
    hadm_id: bool

    @classmethod
    def of(cls, rows: PatientRows) -> _Blanks:
        variables = _variables()
        results = [hadm for hadm, itemid in cells(rows, "labevents", "hadm_id", "itemid") if itemid in variables]
        return cls(bool(results), None in results)


def _events(patient: MedmodPatient, rows: PatientRows) -> Iterator[_Event]:
    """Chart first, then the laboratory. What has no admission, or one without a kept stay, is left out."""
    stays = {stay.admission.hadm_id: stay for stay in patient.stays}
    variables = _variables()
    columns = ("hadm_id", "charttime", "itemid", "value", "valuenum")
    for table in ("chartevents", "labevents"):
        for hadm_id, time, itemid, value, number in cells(rows, table, *columns):
            if itemid in variables and hadm_id in stays:
                yield _Event(stays[hadm_id], time, itemid, variables[itemid], value, number)


def _event_row(event: _Event, blanks: _Blanks) -> Row:
    stay = event.stay
    hadm_id, stay_id = stay.admission.hadm_id, stay.stay_id
    ids = (nullable(hadm_id) if blanks.hadm_id else hadm_id, nullable(stay_id) if blanks.stay_id else stay_id)
    return (stay.life.patient.subject_id, *ids, event.time, event.itemid, event.value, event.number)


def _stay_row(stay: Stay) -> Row:
    one, admission, place = stay.life.patient, stay.admission, stay.place
    return (
        *(one.subject_id, admission.hadm_id, stay.stay_id, place.careunit, place.intime, place.outtime, stay.los_days),
        *(admission.admittime, admission.dischtime, admission.deathtime, one.race, one.gender, one.age, one.dod),
        *(one.age, stay.mortality_in_unit, stay.mortality, stay.mortality),
    )


def _diagnosis_rows(stay: Stay) -> Iterator[Row]:
    head = (stay.life.patient.subject_id, stay.admission.hadm_id)
    for number, (code, version, title) in enumerate(stay.codes, start=1):
        group = phenotype_of(code, version)
        yield (*head, number, code, version, title, stay.stay_id, group, int(group in PHENOTYPES))


def _flags(stay: Stay) -> tuple[int, ...]:
    return tuple(int(name in stay.phenotypes) for name in LABELS)


def _list_rows(stay: Stay, number: int) -> dict[str, list[Row]]:
    """Task -> the lines of its list file for this stay."""
    series = f"{stay.life.patient.subject_id}_episode{number}_timeseries.csv"
    hours = [
        (series, period_text(DECOMPENSATION, hour), stay.stay_id, stay.dies_soon(hour)) for hour in stay.sample_hours()
    ]
    listed: dict[str, list[Row]] = {
        DECOMPENSATION: hours,
        PHENOTYPING: [(series, period_text(PHENOTYPING, stay.los_hours), stay.stay_id, *_flags(stay))],
    }
    if stay.los_hours >= WINDOW:
        row = (series, period_text(IN_HOSPITAL_MORTALITY, 0), stay.stay_id, stay.mortality)
        listed[IN_HOSPITAL_MORTALITY] = [row]
    return listed


def _write_episode(folder: Path, number: int, stay: Stay, events: Sequence[_Event]) -> None:
    """The stay's summary with its diagnoses, and its measurements by the hour."""
    one = stay.life.patient
    mine = [event for event in events if event.stay.stay_id == stay.stay_id]
    first = {event.variable: event.value for event in reversed(mine)}
    codes = {code for code, _, _ in stay.codes}
    known = _codes()
    summary = (
        stay.stay_id,
        ETHNICITIES.get(one.race.split("/")[0].split(" - ")[0], 0),
        GENDERS[one.gender],
        one.age,
        first.get("Height"),
        first.get("Weight"),
        stay.los_days,
        stay.mortality,
        *(int(code in codes) for code in known),
    )
    write_csv(folder / f"episode{number}.csv", (*EPISODE_HEADER, *known), [summary])
    header = ("Hours", *sorted(VARIABLES))
    write_csv(folder / f"episode{number}_timeseries.csv", header, _series(stay, mine))


def _codes() -> list[str]:
    return [code for one in vocabulary().diagnoses.values() for code, _ in one.versions.values()]


def _series(stay: Stay, events: Iterable[_Event]) -> Iterator[Row]:
    """One row a moment: hours since the begin of the stay, and each variable's last value."""
    moments: dict[datetime, dict[str, str]] = {}
    for event in events:
        if stay.place.intime <= event.time <= stay.place.outtime:
            moments.setdefault(event.time, {})[event.variable] = event.value
    names = sorted(VARIABLES)
    for time, values in sorted(moments.items()):
        yield hours_between(stay.place.intime, time), *(values.get(name) for name in names)
