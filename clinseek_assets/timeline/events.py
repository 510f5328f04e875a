"""A patient's trajectory: rows put in the benchmark's order, and consecutive rows of one table joined into events.

The order (EHR-R1's trajectory; where it leaves a choice, ours): by time, then module (ed, hosp, icu, note), then table,
then record number in the source file. A date without a time of day is its midnight. Times that a table's `event_time`
column does not give: triage = ED intime + 1 s, ED diagnosis = ED outtime, a culture without charttime = its chartdate.
`diagnoses_icd` has no time and stands after the last row of its admission, `drgcodes` after it. Any other row without a
time cannot be placed and is left out, counted in `Trajectory.unplaced`. ED rows take the admission of their ED stay.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cached_property
from itertools import groupby
from operator import itemgetter
from typing import Any

from clinseek_assets.faults import SourceFault
from clinseek_assets.mimic.catalogue import MODULES, PATIENT_TABLES
from clinseek_assets.mimic.code_classes import icd_key
from clinseek_assets.timeline.dictionaries import Dictionaries
from clinseek_assets.timeline.rows import PatientRows

Row = dict[str, Any]

# Tables whose rows stand behind their admission's last row, in this order, since they carry no time.
PLACED_BY_ADMISSION = ("diagnoses_icd", "drgcodes")

# Details are columns of their parent's rows (or nothing that is shown), and `patients` is the demographics.
NOT_EVENTS = ("patients", "discharge_detail", "emar_detail", "poe_detail", "radiology_detail")

EVENT_TABLES: tuple[str, ...] = tuple(
    sorted(
        (name for name in PATIENT_TABLES if name not in NOT_EVENTS),
        key=lambda name: (MODULES.index(PATIENT_TABLES[name].module), name),
    )
)

TRIAGE_AFTER_ARRIVAL = timedelta(seconds=1)

# The heading before which a discharge note describes how the patient came (the published rule for `admissions.text`).
END_OF_ADMISSION_TEXT = "Physical Exam"


@dataclass(frozen=True)
class Event:
    """Consecutive rows of one table, as one thing that happened.

    Attributes:
        table: where the rows come from.
        start: the first row's time; None for demographics and for tables without one.
        end: the latest row's time.
        hadm_id: the first row's admission.
        rows: the source rows in order, with what codes mean added (`item_name`, `title`, `CCS Type`, `ATC Type`,
            `exam_name`, `admission_info`); missing values are None.
    """

    table: str
    start: datetime | None
    end: datetime | None
    hadm_id: int | None
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Trajectory:
    """One patient's life.

    Attributes:
        subject_id: the patient.
        demographics: the `patients` row, an event without a time.
        events: everything else in order.
        unplaced: table -> rows left out because nothing says when they happened.
    """

    subject_id: int
    demographics: Event
    events: tuple[Event, ...]
    unplaced: Mapping[str, int] = field(default_factory=dict)

    @cached_property
    def times(self) -> tuple[datetime, ...]:
        """Each event's start; one without a time borrows that of the event before it. Never descending."""
        found: list[datetime] = []
        for event in self.events:
            found.append(event.start or found[-1])
        return tuple(found)

    @cached_property
    def places(self) -> dict[str, list[int]]:
        """Table -> the places of its events, ascending."""
        found: dict[str, list[int]] = {}
        for place, event in enumerate(self.events):
            found.setdefault(event.table, []).append(place)
        return found

    @cached_property
    def death(self) -> datetime | None:
        """Midnight of the date of death, or None."""
        return midnight(self.demographics.rows[0]["dod"])

    def rows_of(self, table: str) -> Iterator[Row]:
        """All rows of one table in the order of the trajectory."""
        return (row for place in self.places.get(table, ()) for row in self.events[place].rows)


def midnight(day: date | None) -> datetime | None:
    """A date as the moment at which it begins; a datetime stays what it is."""
    return day if day is None or isinstance(day, datetime) else datetime.combine(day, time())


def trajectory_of(rows: PatientRows, dictionaries: Dictionaries, *, apart_at: datetime | None = None) -> Trajectory:
    """Order one patient's rows and join them into events.

    Args:
        rows: table -> rows of one patient; their order in the lists does not matter, `source_row` decides.
        dictionaries: what codes mean.
        apart_at: a moment across which no rows are joined, so that a window that begins then holds whole events.

    Raises:
        SourceFault: the patient has no row in `patients`.
    """
    if not rows.get("patients"):
        raise SourceFault(
            "A patient has rows, but none in the patients table.",
            mend="Check that patients comes from the same release.",
        )
    patient = min(rows["patients"], key=lambda row: row["source_row"])
    placed, unplaced = _placed(rows)
    decorators = _decorators(rows, dictionaries)
    second = next((place for place, (moment, *_) in enumerate(placed) if _reached(moment, apart_at)), len(placed))
    return Trajectory(
        subject_id=patient["subject_id"],
        demographics=Event("patients", None, None, None, (patient,)),
        events=(*_joined(placed[:second], decorators), *_joined(placed[second:], decorators)),
        unplaced=unplaced,
    )


def _reached(moment: datetime | None, border: datetime | None) -> bool:
    return moment is not None and border is not None and moment >= border


# A row with its place in the order: time (None behind an admission), rank of its table, source_row, admission, row.
# Plain tuples, because there are millions of them: the first three say which comes first, no two are alike in them.
_Placed = tuple[datetime | None, int, int, int | None, Row]
_ORDER = itemgetter(0, 1, 2)
_RANK = itemgetter(1)


def _placed(rows: PatientRows) -> tuple[list[_Placed], dict[str, int]]:
    """All rows in the order of the trajectory, and how many of each table nothing could place."""
    stays = {stay["stay_id"]: stay for stay in rows.get("edstays", ())}
    timed: list[_Placed] = []
    unplaced: Counter[str] = Counter()
    for rank, table in enumerate(EVENT_TABLES):
        if table in PLACED_BY_ADMISSION:
            continue
        of_stay = table != "edstays" and PATIENT_TABLES[table].module == "ed"
        time_of = _time_reader(table, stays)
        for row in rows.get(table, ()):
            moment = time_of(row)
            if moment is None:
                unplaced[table] += 1
                continue
            holder = stays.get(row["stay_id"], {}) if of_stay else row
            timed.append((moment, rank, row["source_row"], holder.get("hadm_id"), row))
    timed.sort(key=_ORDER)
    return _with_codes(timed, rows, unplaced), dict(unplaced)


def _time_reader(table: str, stays: Mapping[int, Row]) -> Callable[[Row], datetime | None]:
    """How a row of `table` gets the time that it is ordered by."""
    if table == "triage":
        return lambda row: _after(stays.get(row["stay_id"], {}).get("intime"), TRIAGE_AFTER_ARRIVAL)
    if table == "diagnosis":
        return lambda row: stays.get(row["stay_id"], {}).get("outtime")
    if table == "microbiologyevents":
        return lambda row: row["charttime"] or midnight(row["chartdate"])
    column = PATIENT_TABLES[table].event_time
    assert column is not None, f"{table} has no event time in the catalogue"
    if PATIENT_TABLES[table].column(column).type.word == "date":
        return lambda row: midnight(row[column])
    return lambda row: row[column]


def _after(moment: datetime | None, delay: timedelta) -> datetime | None:
    return None if moment is None else moment + delay


def _with_codes(timed: list[_Placed], rows: PatientRows, unplaced: Counter[str]) -> list[_Placed]:
    """Put the coded diagnoses, then the DRG codes, of each admission behind its last row."""
    codes: dict[int, list[_Placed]] = {}
    for table in PLACED_BY_ADMISSION:
        rank = EVENT_TABLES.index(table)
        for row in sorted(rows.get(table, ()), key=lambda row: row["source_row"]):
            codes.setdefault(row["hadm_id"], []).append((None, rank, row["source_row"], row["hadm_id"], row))
    if not codes:
        return timed
    last = {hadm_id: place for place, (_, _, _, hadm_id, _) in enumerate(timed) if hadm_id in codes}
    for hadm_id, without_place in codes.items():
        if hadm_id not in last:
            unplaced.update(EVENT_TABLES[rank] for _, rank, *_ in without_place)
    behind = {place: codes[hadm_id] for hadm_id, place in last.items() if hadm_id is not None}
    return [one for place, placed in enumerate(timed) for one in (placed, *behind.get(place, ()))]


def _joined(placed: Iterable[_Placed], decorators: Mapping[str, Callable[[Row], Row]]) -> Iterator[Event]:
    for rank, group in groupby(placed, key=_RANK):
        table = EVENT_TABLES[rank]
        members = list(group)
        start, _, _, hadm_id, _ = members[0]
        decorate = decorators.get(table)
        rows = tuple(row if decorate is None else {**row, **decorate(row)} for *_, row in members)
        yield Event(table, start, members[-1][0], hadm_id, rows)


def _decorators(rows: PatientRows, known: Dictionaries) -> dict[str, Callable[[Row], Row]]:
    """Table -> what its rows show beyond their own columns."""
    exams = _exam_names(rows.get("radiology_detail", ()))
    came_with = _admission_texts(rows.get("discharge", ()))

    def icu_item(row: Row) -> Row:
        return {"item_name": known.icu_items.get(row["itemid"])}

    def atc(row: Row) -> Row:
        return {"ATC Type": known.atc_class(row["ndc"])}

    icu_tables = ("chartevents", "datetimeevents", "ingredientevents", "inputevents", "outputevents", "procedureevents")
    return {
        **dict.fromkeys(icu_tables, icu_item),
        "labevents": lambda row: {"item_name": known.lab_items.get(row["itemid"])},
        "prescriptions": atc,
        "medrecon": atc,
        "diagnoses_icd": lambda row: {
            "title": known.diagnoses.get(_code(row)),
            "CCS Type": known.ccs_diagnoses.get(_code(row)),
        },
        "procedures_icd": lambda row: {
            "title": known.procedures.get(_code(row)),
            "CCS Type": known.ccs_procedures.get(_code(row)),
        },
        "diagnosis": lambda row: {"CCS Type": known.ccs_diagnoses.get(_code(row))},
        "radiology": lambda row: {"exam_name": exams.get(row["note_id"], [])},
        "admissions": lambda row: {"admission_info": came_with.get(row["hadm_id"])},
    }


def _code(row: Row) -> tuple[str, int]:
    return (icd_key(row["icd_code"] or ""), row["icd_version"])


def _exam_names(details: Iterable[Row]) -> dict[str, list[str]]:
    """note_id -> the exams that a radiology report is about, in their order."""
    named = [row for row in details if row["field_name"] == "exam_name"]
    found: dict[str, list[str]] = {}
    for row in sorted(named, key=lambda row: (row["field_ordinal"], row["source_row"])):
        found.setdefault(row["note_id"], []).append(row["field_value"])
    return found


def _admission_texts(notes: Iterable[Row]) -> dict[int | None, str]:
    """hadm_id -> its discharge note up to the physical exam, the whole note where it has no such heading.

    The published rule, case and all; of several notes the last in the file stands.
    """
    ordered = sorted(notes, key=lambda note: note["source_row"])
    return {note["hadm_id"]: (note["text"] or "").partition(END_OF_ADMISSION_TEXT)[0].strip() for note in ordered}
