"""The control of the comparison: a patient made up for it, whose record holds a future row in every table.

The record must hide all of it. Then one rule after the other is taken away, by a view that shows one future row, one
value that is settled later or one column that is never shown: the comparison must flag each of them, in that table and
in no other. If it does not, the audit is blind and its silence proves nothing.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from clinseek_assets.audit import naive_strict
from clinseek_assets.audit.comparison import Oracle, Served, ServedByRecord, difference, text_of
from clinseek_assets.audit.life import Row
from clinseek_assets.audit.naive_compat import with_derived_columns
from clinseek_assets.mimic.catalogue import CATALOGUES, MIMIC_IV, PATIENT_TABLES, Catalogue
from clinseek_assets.mimic.tables import Column, ColumnType
from clinseek_assets.records.database_schema import schema_statements
from clinseek_assets.records.patient_databases import database_path
from clinseek_assets.records.pinned.limits import Limits
from clinseek_assets.records.pinned.pin import Pin
from clinseek_assets.records.pinned.record import PinnedRecord
from clinseek_assets.timeline.rows import PatientRows

SUBJECT = 1
OWN, NEXT = 2, 3
MOMENT = datetime(2150, 6, 10, 12)
PIN = Pin(SUBJECT, OWN, MOMENT, "Inpatient_Mortality")

UNLIMITED = Limits(rows=None, bytes=None, seconds=None, memory=None)


def hours(after: float) -> datetime:
    """So many hours after the moment."""
    return MOMENT + timedelta(hours=after)


# What stands in a planted row by the type of its column; every time is to come.
PLANTED: dict[ColumnType, Any] = {
    ColumnType.INTEGER: 7,
    ColumnType.REAL: 1.5,
    ColumnType.TEXT: "planted",
    ColumnType.DATETIME: hours(50),
    ColumnType.DATE: hours(50).date(),
}
# Ids by which rows hang together: a future row hangs on the future stay, order, administration or note.
FUTURE_IDS: dict[str, Any] = {
    "subject_id": SUBJECT,
    "hadm_id": OWN,
    "stay_id": 22,
    "poe_id": "future",
    "emar_id": "future",
    "pharmacy_id": 42,
    "note_id": "future",
}
FUTURE: dict[str, Row] = {"admissions": {"hadm_id": NEXT}}

_GIVEN = {"hadm_id": OWN, "starttime": hours(-3), "storetime": hours(-2), "endtime": hours(3)}
_OF_THE_NEXT = {"hadm_id": NEXT, "charttime": hours(-60), "storetime": hours(-50)}
# Rows that are visible at the moment, with values that are not: what ends later, and admissions to come.
PRESENT: dict[str, Row] = {
    "admissions": {"hadm_id": OWN, "admittime": hours(-20), "dischtime": hours(30), "edouttime": hours(1)},
    "patients": {"anchor_year": MOMENT.year + 1},
    "transfers": {"hadm_id": NEXT, "eventtype": "ED", "intime": hours(-1), "outtime": hours(1)},
    "labevents": _OF_THE_NEXT,
    "microbiologyevents": {**_OF_THE_NEXT, "chartdate": hours(-72)},
    "emar": {**_OF_THE_NEXT, "emar_id": "present"},
    "edstays": {"hadm_id": NEXT, "stay_id": 11, "intime": hours(-1), "outtime": hours(2)},
    "discharge": {**_OF_THE_NEXT, "note_id": "present"},
    "radiology": {**_OF_THE_NEXT, "note_id": "present"},
    "poe": {"poe_id": "present", "ordertime": hours(-2), "discontinued_by_poe_id": "future"},
    "poe_detail": {"poe_id": "present", "field_name": "Discharge When"},
    "pharmacy": {"pharmacy_id": 41, "entertime": hours(-3), "starttime": hours(-3)},
    "prescriptions": {"pharmacy_id": 41, "starttime": hours(-3)},
    "icustays": {"intime": hours(-3)},
    "inputevents": _GIVEN,
    "ingredientevents": _GIVEN,
    "procedureevents": {**_GIVEN, "storetime": hours(4)},
}

_AT_ITS_END = ("endtime", "amount", "statusdescription")
SETTLED_LATER: dict[str, tuple[str, ...]] = {
    "admissions": ("dischtime", "deathtime", "discharge_location", "hospital_expire_flag", "edouttime"),
    "patients": ("anchor_year",),
    "transfers": ("outtime", "hadm_id"),
    **dict.fromkeys(("labevents", "microbiologyevents", "emar", "discharge", "radiology"), ("hadm_id",)),
    "edstays": ("outtime", "disposition", "hadm_id"),
    "poe": ("discontinued_by_poe_id",),
    "poe_detail": ("field_value",),
    "pharmacy": ("verifiedtime", "stoptime"),
    "prescriptions": ("stoptime",),
    "icustays": ("outtime", "los", "last_careunit"),
    "inputevents": (*_AT_ITS_END, "isopenbag", "continueinnextdept"),
    "ingredientevents": _AT_ITS_END,
    "procedureevents": (
        *("endtime", "value", "storetime", "statusdescription", "isopenbag", "continueinnextdept"),
        *("ORIGINALAMOUNT", "ORIGINALRATE"),
    ),
}
NEVER_SHOWN: dict[str, tuple[str, ...]] = {
    **naive_strict.NEVER_SERVED,
    "admissions": ("text",),
    "diagnoses_icd": ("charttime",),
    "diagnosis": ("charttime",),
}


@dataclass(frozen=True)
class Plant:
    """Something of the future that a doctored view shows: a row, or (with a column) a value or a whole column."""

    table: str
    column: str | None = None

    def __str__(self) -> str:
        return self.table if self.column is None else f"{self.table}.{self.column}"


PLANTS: tuple[Plant, ...] = (
    *(Plant(table) for table in PATIENT_TABLES if table != "patients"),
    *(Plant(table, column) for table, columns in SETTLED_LATER.items() for column in columns),
    *(Plant(table, column) for table, columns in NEVER_SHOWN.items() for column in columns),
)


@dataclass(frozen=True)
class Controls:
    """What the control found.

    Attributes:
        planted: how many plants there are.
        shown: tables in which the record itself showed something of the future, or lacked something.
        missed: plants that the comparison did not flag, by table and column.
    """

    planted: int
    shown: tuple[str, ...]
    missed: tuple[str, ...]


@dataclass(frozen=True)
class MadeUp:
    """A made-up patient of one dataset.

    Attributes:
        catalogue: whose tables.
        ids: column -> what stands in it where a row names nothing else: a future row hangs on what is to come.
        future: table -> what its future row names.
        present: table -> what its visible row names, whose later values are to come.
    """

    catalogue: Catalogue
    ids: Row
    future: Mapping[str, Row]
    present: Mapping[str, Row]

    def life(self) -> PatientRows:
        """The rows: a future one in every table but `patients`, and those of `present`."""
        life: PatientRows = {}
        for table in self.catalogue.patient_tables:
            rows = [] if table == "patients" else [self._row(table, self.future.get(table, {}))]
            rows += [self._row(table, self.present[table])] if table in self.present else []
            life[table] = [{**row, "source_row": place} for place, row in enumerate(rows, 1)]
        return life

    def _row(self, table: str, named: Row) -> Row:
        columns = self.catalogue.patient_tables[table].columns
        return {column.name: named.get(column.name, self._planted(column)) for column in columns}

    def _planted(self, column: Column) -> Any:
        return self.ids.get(column.name, PLANTED[column.type])


def planted_life() -> PatientRows:
    """The made-up patient of MIMIC-IV: see `MadeUp.life`."""
    return MadeUp(MIMIC_IV, FUTURE_IDS, FUTURE, PRESENT).life()


@dataclass(frozen=True)
class Snapshot:
    """What a view serves, taken once.

    Attributes:
        tables: table -> columns.
        taken: table -> all of its rows, with these columns.
    """

    tables: Mapping[str, tuple[str, ...]]
    taken: Mapping[str, Sequence[tuple[Any, ...]]]

    @classmethod
    def of(cls, served: Served) -> Snapshot:
        """A snapshot of all tables."""
        return cls(served.tables, {table: served.rows(table, columns) for table, columns in served.tables.items()})

    def rows(self, table: str, columns: Sequence[str]) -> Sequence[tuple[Any, ...]]:
        """All rows of a table."""
        places = [self.tables[table].index(name) for name in columns]
        return [tuple(row[place] for place in places) for row in self.taken[table]]


@dataclass(frozen=True)
class Doctored:
    """A view that serves what another one does, and a plant.

    Attributes:
        served: the view that keeps the rules.
        life: the rows with derived columns, out of which the plant comes.
        plant: what is shown besides.
    """

    served: Served
    life: PatientRows
    plant: Plant

    @property
    def tables(self) -> Mapping[str, tuple[str, ...]]:
        """The tables with their columns, the planted one included."""
        table, column = self.plant.table, self.plant.column
        offered = self.served.tables[table]
        added = (column,) if column is not None and column not in offered else ()
        return {**self.served.tables, table: (*offered, *added)}

    def rows(self, table: str, columns: Sequence[str]) -> Sequence[tuple[Any, ...]]:
        """The rows of the view, with the plant where it stands."""
        kept = self.served.rows(table, columns)
        if table != self.plant.table:
            return kept
        if self.plant.column is None:
            return [*kept, tuple(text_of(self.life[table][0].get(name)) for name in columns)]
        shown = text_of(self.life[table][-1][self.plant.column])
        place = columns.index(self.plant.column) if self.plant.column in columns else None
        return kept if place is None else [(*row[:place], shown, *row[place + 1 :]) for row in kept]


def run_controls(folder: Path, reference: Path) -> Controls:
    """Plant everything into a patient of MIMIC-IV, once.

    Args:
        folder: an empty folder for the made-up patient's database.
        reference: the reference database.

    Raises:
        DatabaseFault: the reference database cannot be read.
    """
    life = with_derived_columns(planted_life())
    write_database(folder, life)
    return control(PIN, planted_life(), life, PLANTS, naive_strict, folder=folder, reference=reference)


def control(
    pin: Pin,
    source: PatientRows,
    life: PatientRows,
    plants: Sequence[Plant],
    oracle: Oracle,
    *,
    folder: Path,
    reference: Path,
) -> Controls:
    """Show one plant after the other, and see whether the comparison flags each in its table and in no other.

    Args:
        pin: the question.
        source: the made-up patient's source rows.
        life: the rows out of which plants come: those of the source, with what is never shown beside them.
        plants: what to plant.
        oracle: what should be visible.
        folder: where the made-up patient's database lies.
        reference: the reference database.

    Raises:
        DatabaseFault: a database cannot be read.
    """
    expected, columns = oracle.visible(source, pin), oracle.columns(source)
    with PinnedRecord(pin, "strict", databases=folder, reference=reference, limits=UNLIMITED) as record:
        served = Snapshot.of(ServedByRecord(record))
        shown = difference(served, expected, columns, ()).tables
        flagged = {
            plant: difference(Doctored(served, life, plant), expected, columns, ()).tables - shown for plant in plants
        }
    missed = tuple(str(plant) for plant, tables in flagged.items() if tables != {plant.table})
    return Controls(len(plants), tuple(sorted(shown)), missed)


def write_database(folder: Path, life: PatientRows, dataset: str = MIMIC_IV.dataset) -> None:
    """The made-up patient's database, with derived columns, in the form of all others."""
    with closing(sqlite3.connect(database_path(folder, SUBJECT), isolation_level=None)) as database:
        for statement in schema_statements(CATALOGUES[dataset]):
            database.execute(statement)
        for table, rows in life.items():
            for row in rows:
                names = ", ".join(f'"{name}"' if name != "source_row" else "rowid" for name in row)
                marks = ", ".join("?" * len(row))
                values = [text_of(value) for value in row.values()]
                database.execute(f'INSERT INTO "{table}" ({names}) VALUES ({marks})', values)
