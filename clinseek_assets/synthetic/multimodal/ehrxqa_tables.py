"""EHRXQA's gold database as CSV files, out of synthetic MIMIC-IV rows, as EHRXQA's builder makes it.

Source: EHRXQA's `preprocess_db_mimic_iv_cxr.py`: fewer columns with a `row_id` before them, texts in lower case, times
moved a patient at a time and cut at the current time, only admissions that are kept, prices made up by kind. Beside
the 18 tables lies what holds answers: `tb_cxr_plus.csv`, and `dod` in `patients.csv`. Ids of columns that had empty
cells are written as pandas does, `29990001.0`.

It differs in this: the nine charted items are those of the synthetic chart (temperature in °F), and no values are
swapped between patients.
"""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from clinseek_assets.synthetic.dictionaries import dictionary_rows
from clinseek_assets.synthetic.multimodal.chest import chest_of, heart_ratio, mediastinum_ratio
from clinseek_assets.synthetic.multimodal.csv_files import write_csv
from clinseek_assets.synthetic.multimodal.ehrxqa_clock import Clock, age_at, kept_hadm_ids
from clinseek_assets.synthetic.multimodal.ehrxqa_selection import Linked
from clinseek_assets.synthetic.multimodal.findings import findings
from clinseek_assets.synthetic.multimodal.source_rows import PatientRows, cells, nullable
from clinseek_assets.synthetic.multimodal.studies import Study, category_of
from clinseek_assets.synthetic.randomness import Dice
from clinseek_assets.synthetic.vocabulary import vocabulary

HEADERS: Mapping[str, tuple[str, ...]] = {
    name: ("row_id", *columns.split())
    for name, columns in {
        "admissions": "subject_id hadm_id admittime dischtime admission_type admission_location discharge_location "
        "insurance language marital_status age",
        "chartevents": "subject_id hadm_id stay_id charttime itemid valuenum valueuom",
        "cost": "subject_id hadm_id event_type event_id chargetime cost",
        "d_icd_diagnoses": "icd_code long_title",
        "d_icd_procedures": "icd_code long_title",
        "d_items": "itemid label abbreviation linksto",
        "d_labitems": "itemid label",
        "diagnoses_icd": "subject_id hadm_id icd_code charttime",
        "icustays": "subject_id hadm_id stay_id first_careunit last_careunit intime outtime",
        "inputevents": "subject_id hadm_id stay_id starttime itemid amount",
        "labevents": "subject_id hadm_id itemid charttime valuenum valueuom",
        "microbiologyevents": "subject_id hadm_id charttime spec_type_desc test_name org_name",
        "outputevents": "subject_id hadm_id stay_id charttime itemid value",
        "patients": "subject_id gender dob dod",
        "prescriptions": "subject_id hadm_id starttime stoptime drug dose_val_rx dose_unit_rx route",
        "procedures_icd": "subject_id hadm_id icd_code charttime",
        "tb_cxr": "subject_id hadm_id study_id image_id viewposition studydatetime",
        "tb_cxr_plus": "subject_id hadm_id study_id image_id viewposition studydatetime studyorder object relation "
        "attribute category ct_ratio mt_ratio",
        "transfers": "subject_id hadm_id transfer_id eventtype careunit intime outtime",
    }.items()
}
CHARTED = (
    "Temperature Fahrenheit",
    "O2 saturation pulseoxymetry",
    "Heart Rate",
    "Respiratory Rate",
    "Arterial Blood Pressure systolic",
    "Arterial Blood Pressure diastolic",
    "Arterial Blood Pressure mean",
    "Admission Weight (Kg)",
    "Height (cm)",
)
LINKED_ITEMS = ("inputevents", "outputevents", "chartevents")
# Table -> its columns of the patient, the admission, what is charged for, and when.
CHARGED = {
    "diagnoses_icd": ("icd_code", "charttime"),
    "labevents": ("itemid", "charttime"),
    "procedures_icd": ("icd_code", "charttime"),
    "prescriptions": ("drug", "starttime"),
}

Row = tuple[Any, ...]


class GoldTables:
    """The gold database while patients are added to it; tables of a few hundred patients fit into memory."""

    def __init__(self, longest_stay: int, seed: int) -> None:
        self._longest_stay = longest_stay
        self._seed = seed
        self._rows: dict[str, list[Row]] = defaultdict(list)
        items = vocabulary().item_of
        self._charted = frozenset(items["chartevents", label].itemid for label in CHARTED)

    def add(self, patient: Linked, rows: PatientRows) -> None:
        """Add one patient's rows; patients come by subject_id."""
        kept = kept_hadm_ids(patient.life.patient, patient.clock, self._longest_stay)
        for name, found in {
            **_persons(patient, kept, self._seed),
            **_of_the_hospital(rows, patient.clock, kept),
            **_of_the_unit(rows, patient.clock, kept, self._charted),
            **_studies(patient, kept, self._seed),
        }.items():
            self._rows[name].extend(found)

    def write(self, folder: Path) -> dict[str, int]:
        """Write all tables as `<table>.csv`; return the rows by table."""
        tables: dict[str, list[Row]] = {**self._rows, **_dictionaries()}
        tables["prescriptions"] = _in_usual_units(tables.get("prescriptions", []))
        tables["cost"] = list(_costs(tables, self._seed))
        return {
            name: write_csv(folder / f"{name}.csv", header, _numbered(tables.get(name, [])))
            for name, header in HEADERS.items()
        }


def _numbered(rows: list[Row]) -> Iterator[Row]:
    return ((number, *row) for number, row in enumerate(rows))


def _small(text: str | None) -> str | None:
    """A text as EHRXQA keeps it: lower case, without spaces around."""
    return None if text is None else text.strip().lower()


def _persons(patient: Linked, kept: frozenset[int], seed: int) -> dict[str, list[Row]]:
    one, clock = patient.life.patient, patient.clock
    days = Dice(f"{seed}/ehrxqa/birth/{one.number}").randrange(365)
    dob = clock.moved(datetime(one.anchor_year - one.age, 1, 1) + timedelta(days=days))
    dod = clock.moved(_midnight(one.dod)) if one.dod else None
    admissions = [
        (
            one.subject_id,
            stay.hadm_id,
            clock.counted(stay.admittime),
            clock.counted(stay.dischtime),
            _small(stay.kind),
            _small(stay.location),
            _small(stay.discharge_location) or None,
            _small(one.insurance),
            _small(one.language),
            _small(one.marital_status) or None,
            age_at(one, stay),
        )
        for stay in patient.life.admissions
        if stay.hadm_id in kept
    ]
    return {"patients": [(one.subject_id, _small(one.gender), dob, dod)], "admissions": admissions}


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time())


def _of_the_hospital(rows: PatientRows, clock: Clock, kept: frozenset[int]) -> dict[str, list[Row]]:
    return {
        "diagnoses_icd": list(_diagnoses(rows, clock, kept)),
        "procedures_icd": list(_procedures(rows, clock, kept)),
        "labevents": list(_results(rows, clock, kept)),
        "microbiologyevents": list(_cultures(rows, clock, kept)),
        "transfers": list(_transfers(rows, clock, kept)),
        "prescriptions": list(_prescriptions(rows, clock, kept)),
    }


def _stays(rows: PatientRows) -> dict[int, tuple[datetime, datetime]]:
    """Admission -> its begin and end."""
    columns = cells(rows, "admissions", "hadm_id", "admittime", "dischtime")
    return {hadm_id: (start, end) for hadm_id, start, end in columns}


def _diagnoses(rows: PatientRows, clock: Clock, kept: frozenset[int]) -> Iterator[Row]:
    """Dated by the admission's begin."""
    stays = _stays(rows)
    for subject, hadm, code in cells(rows, "diagnoses_icd", "subject_id", "hadm_id", "icd_code"):
        if hadm in kept and (charted := clock.counted(stays[hadm][0])):
            yield subject, hadm, _small(code), charted


def _procedures(rows: PatientRows, clock: Clock, kept: frozenset[int]) -> Iterator[Row]:
    """Dated by their midnight, or by the discharge where that lies outside of the admission."""
    stays = _stays(rows)
    for subject, hadm, day, code in cells(rows, "procedures_icd", "subject_id", "hadm_id", "chartdate", "icd_code"):
        start, end = stays[hadm]
        midnight = _midnight(day)
        if hadm in kept and (charted := clock.counted(midnight if start <= midnight <= end else end)):
            yield subject, hadm, _small(code), charted


def _results(rows: PatientRows, clock: Clock, kept: frozenset[int]) -> Iterator[Row]:
    """Those with an admission, a number and a unit."""
    columns = ("subject_id", "hadm_id", "itemid", "charttime", "valuenum", "valueuom")
    for subject, hadm, item, charttime, value, unit in cells(rows, "labevents", *columns):
        if hadm in kept and value is not None and unit and (charted := clock.counted(charttime)):
            yield subject, nullable(hadm), item, charted, value, _small(unit)


def _cultures(rows: PatientRows, clock: Clock, kept: frozenset[int]) -> Iterator[Row]:
    """Those without a time get that of their day."""
    columns = ("subject_id", "hadm_id", "chartdate", "charttime", "spec_type_desc", "test_name", "org_name")
    for subject, hadm, day, charttime, *words in cells(rows, "microbiologyevents", *columns):
        if hadm in kept and (charted := clock.counted(charttime or day)):
            yield subject, nullable(hadm), charted, *map(_small, words)


def _transfers(rows: PatientRows, clock: Clock, kept: frozenset[int]) -> Iterator[Row]:
    columns = ("subject_id", "hadm_id", "transfer_id", "eventtype", "careunit", "intime", "outtime")
    for subject, hadm, transfer, kind, unit, start, end in cells(rows, "transfers", *columns):
        if hadm in kept and (intime := clock.moved(start)):
            yield subject, nullable(hadm), transfer, _small(kind), _small(unit), intime, clock.moved(end)


def _prescriptions(rows: PatientRows, clock: Clock, kept: frozenset[int]) -> Iterator[Row]:
    """Those with both times, a route, and a dose that is a whole number."""
    columns = ("subject_id", "hadm_id", "starttime", "stoptime", "drug", "dose_val_rx", "dose_unit_rx", "route")
    for subject, hadm, start, stop, drug, dose, unit, route in cells(rows, "prescriptions", *columns):
        digits = str(dose or "").replace(",", "")
        whole = hadm in kept and start and stop and unit and route and digits.isnumeric()
        if whole and (started := clock.counted(start)):
            yield subject, hadm, started, clock.moved(stop), _small(drug), float(digits), _small(unit), _small(route)


def _in_usual_units(rows: list[Row]) -> list[Row]:
    """Of each drug only what is written in the unit that it has most often."""
    units: dict[str, Counter[str]] = defaultdict(Counter)
    for *_, drug, _dose, unit, _route in rows:
        units[drug][unit] += 1
    usual = {drug: counts.most_common(1)[0][0] for drug, counts in units.items()}
    return [row for row in rows if row[6] == usual[row[4]]]


def _of_the_unit(
    rows: PatientRows, clock: Clock, kept: frozenset[int], charted_items: frozenset[int]
) -> dict[str, list[Row]]:
    return {
        "icustays": list(_icu_stays(rows, clock, kept)),
        "chartevents": list(_chart(rows, clock, kept, charted_items)),
        "inputevents": list(_volumes(rows, clock, kept, "inputevents", "starttime", "amount", "amountuom")),
        "outputevents": list(_volumes(rows, clock, kept, "outputevents", "charttime", "value", "valueuom")),
    }


def _icu_stays(rows: PatientRows, clock: Clock, kept: frozenset[int]) -> Iterator[Row]:
    columns = ("subject_id", "hadm_id", "stay_id", "first_careunit", "last_careunit", "intime", "outtime")
    for subject, hadm, stay, first, last, start, end in cells(rows, "icustays", *columns):
        if hadm in kept and (intime := clock.moved(start)):
            yield subject, hadm, stay, _small(first), _small(last), intime, clock.moved(end)


def _chart(rows: PatientRows, clock: Clock, kept: frozenset[int], items: frozenset[int]) -> Iterator[Row]:
    """Of the chart only the nine items, where they have a number and a unit."""
    columns = ("subject_id", "hadm_id", "stay_id", "charttime", "itemid", "valuenum", "valueuom")
    for subject, hadm, stay, charttime, item, value, unit in cells(rows, "chartevents", *columns):
        whole = item in items and hadm in kept and value is not None and unit
        if whole and (charted := clock.counted(charttime)):
            yield subject, hadm, stay, charted, item, value, _small(unit)


def _volumes(
    rows: PatientRows, clock: Clock, kept: frozenset[int], table: str, when: str, what: str, measure: str
) -> Iterator[Row]:
    """What was given or measured in ml."""
    columns = ("subject_id", "hadm_id", "stay_id", when, "itemid", what, measure)
    for subject, hadm, stay, time_, item, value, unit in cells(rows, table, *columns):
        measured = hadm in kept and value is not None and _small(unit) == "ml"
        if measured and (charted := clock.counted(time_)):
            yield subject, hadm, stay, charted, item, value


def _studies(patient: Linked, kept: frozenset[int], seed: int) -> dict[str, list[Row]]:
    """One row a study, and what each shows."""
    chest = chest_of(patient.life.patient, seed)
    order = {study.study_id: place for place, study in enumerate(patient.life.studies, start=1)}
    images: list[Row] = []
    shown: list[Row] = []
    for study in patient.studies:
        hadm_id = nullable(study.hadm_id) if study.hadm_id in kept else None
        time_ = patient.clock.counted(study.time)
        row = (study.subject_id, hadm_id, study.study_id, study.dicom_id, study.view, time_)
        images.append(row)
        ratios = (round(heart_ratio(chest, study), 6), round(mediastinum_ratio(chest, study), 6))
        shown += [(*row, float(order[study.study_id]), *fact, *ratios) for fact in _relations(study)]
    return {"tb_cxr": images, "tb_cxr_plus": shown}


def _relations(study: Study) -> Iterator[tuple[str, int, str, str]]:
    """Object, relation (1 is there, 0 is not), attribute and its category."""
    for attribute, places in study.facts.items():
        for place in places:
            yield place, 1, attribute, category_of(attribute)
    for label in study.denied:
        finding = findings()[label]
        for place in itertools.chain.from_iterable(finding.places.values()):
            yield place, 0, finding.attribute, finding.category


def _dictionaries() -> dict[str, list[Row]]:
    rows = dictionary_rows()
    items = [(number, _small(label), _small(short), links) for number, label, short, links, *_ in rows["d_items"]]
    return {
        "d_icd_diagnoses": _titles(rows["d_icd_diagnoses"]),
        "d_icd_procedures": _titles(rows["d_icd_procedures"]),
        "d_items": [row for row in items if row[3] in LINKED_ITEMS],
        "d_labitems": [(number, _small(label)) for number, label, *_ in rows["d_labitems"]],
    }


def _titles(rows: list[Row]) -> list[Row]:
    """Each code once and each title once."""
    by_code: dict[str | None, str | None] = {}
    for code, _version, title in rows:
        by_code.setdefault(_small(code), _small(title))
    by_title: dict[str | None, str | None] = {}
    for code, title in by_code.items():
        by_title.setdefault(title, code)
    return [(code, title) for title, code in by_title.items()]


def _costs(tables: Mapping[str, list[Row]], seed: int) -> Iterator[Row]:
    """A price for each kind of thing, about the same for all of a table."""
    for table, (what, when) in CHARGED.items():
        names = HEADERS[table][1:]
        thing, moment = names.index(what), names.index(when)
        usual = max(3.0, Dice(f"{seed}/ehrxqa/cost/{table}").gauss(10, 3))
        prices: dict[Any, float] = {}
        for event_id, row in enumerate(tables.get(table, [])):
            name = row[thing]
            if name not in prices:
                prices[name] = round(Dice(f"{seed}/ehrxqa/cost/{table}/{name}").gauss(usual, 1.0), 2)
            hadm_id = row[1] if isinstance(row[1], str) else nullable(row[1])
            yield row[0], hadm_id, table, event_id, row[moment], prices[name]
