"""What the naive oracle looks up in a patient's source rows: admissions, ends, bills, ED stays, times of events.

Written from the policy's text alone, with plain loops, and shared with nothing that serves records: whoever wants to
check the rules can read them here without knowing the engine.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from clinseek_assets.records.pinned.pin import Pin
from clinseek_assets.timeline.rows import PatientRows

Row = dict[str, Any]

# «Never» is the end of time: no moment comes after it.
NEVER = datetime.max

# The column by which the benchmark orders a table's rows. Not here: tables whose rows have no time of their own (coded
# diagnoses and groups, patients), and those whose time comes from elsewhere (`Life.event_time`).
EVENT_COLUMN = {
    "admissions": "admittime",
    "chartevents": "charttime",
    "datetimeevents": "charttime",
    "discharge": "charttime",
    "edstays": "intime",
    "emar": "charttime",
    "hcpcsevents": "chartdate",
    "icustays": "intime",
    "ingredientevents": "starttime",
    "inputevents": "starttime",
    "labevents": "charttime",
    "medrecon": "charttime",
    "omr": "chartdate",
    "outputevents": "charttime",
    "pharmacy": "entertime",
    "poe": "ordertime",
    "prescriptions": "starttime",
    "procedureevents": "starttime",
    "procedures_icd": "chartdate",
    "pyxis": "charttime",
    "radiology": "charttime",
    "services": "transfertime",
    "transfers": "intime",
    "vitalsign": "charttime",
}

# Details -> the table of their parents and the id by which they hang on them.
PARENTS = {
    "discharge_detail": ("discharge", "note_id"),
    "emar_detail": ("emar", "emar_id"),
    "poe_detail": ("poe", "poe_id"),
    "radiology_detail": ("radiology", "note_id"),
}


def moment_of(value: date | datetime | None) -> datetime | None:
    """A date is its midnight; a moment stays what it is."""
    if value is None or isinstance(value, datetime):
        return value
    return datetime.combine(value, time())


def latest(*moments: date | datetime | None) -> datetime:
    """K(): the latest of the moments that are there; never, where none is."""
    there = [moment for moment in map(moment_of, moments) if moment is not None]
    return max(there) if there else NEVER


def after(moment: datetime | None, **delay: float) -> datetime | None:
    """So long after a moment; nothing after nothing, never after never."""
    if moment is None or moment == NEVER:
        return moment
    return moment + timedelta(**delay)


class Life:
    """One patient's source rows, with what the rules look up in them.

    Args:
        rows: all of the patient's rows, whatever the moment.
    """

    def __init__(self, rows: PatientRows) -> None:
        self.rows = rows
        self._by: dict[tuple[str, str], dict[Any, list[Row]]] = {}
        self._last_events: dict[int, datetime] | None = None

    def found(self, table: str, column: str, value: Any) -> list[Row]:
        """The rows of a table that have this value; none for a missing one."""
        if value is None:
            return []
        if (table, column) not in self._by:
            index: dict[Any, list[Row]] = {}
            for row in self.rows.get(table, ()):
                index.setdefault(row[column], []).append(row)
            self._by[table, column] = index
        return self._by[table, column].get(value, [])

    def admitted(self, hadm_id: int | None) -> datetime | None:
        """ADM: the admittime of an admission; None where there is no such admission, which is no floor."""
        return next((row["admittime"] for row in self.found("admissions", "hadm_id", hadm_id)), None)

    def end(self, hadm_id: int | None) -> datetime:
        """END: the later of dischtime and deathtime; never where neither is recorded."""
        return latest(
            *(row[name] for row in self.found("admissions", "hadm_id", hadm_id) for name in ("dischtime", "deathtime"))
        )

    def billed(self, hadm_id: int | None) -> datetime:
        """BILL of an admission that is not the question's own: 72 hours after its end and its last event."""
        end = self.end(hadm_id)
        if end == NEVER:
            return NEVER
        return latest(after(latest(end, self._last_event(hadm_id)), hours=72))

    def stay(self, stay_id: int | None) -> Row:
        """An ED stay; a row of nothing where there is none."""
        return next(iter(self.found("edstays", "stay_id", stay_id)), {})

    def event_time(self, table: str, row: Row) -> datetime | None:
        """The time by which the benchmark orders a row: triage a second after arrival, ED diagnoses at the stay's end,
        details with their parent; None where it has none."""
        if table == "triage":
            return after(self.stay(row["stay_id"]).get("intime"), seconds=1)
        if table == "diagnosis":
            outtime: datetime | None = self.stay(row["stay_id"]).get("outtime")
            return outtime
        if table == "microbiologyevents":
            return moment_of(row["charttime"] or row["chartdate"])
        if table in PARENTS:
            parent, key = PARENTS[table]
            return next((self.event_time(parent, of) for of in self.found(parent, key, row[key])), None)
        column = EVENT_COLUMN.get(table)
        return moment_of(row[column]) if column else None

    def own_admissions(self, pin: Pin) -> set[int]:
        """The question's admission; where it names none, each that is open at its moment."""
        if pin.hadm_id is not None:
            return {pin.hadm_id}
        return {
            row["hadm_id"]
            for row in self.rows.get("admissions", ())
            if row["admittime"] is not None and row["admittime"] <= pin.prediction_time <= self.end(row["hadm_id"])
        }

    def own_stays(self, pin: Pin) -> set[int]:
        """The ED stays of the question's admission, and each that is open at its moment."""
        own, moment = self.own_admissions(pin), pin.prediction_time
        return {
            stay["stay_id"]
            for stay in self.rows.get("edstays", ())
            if stay["hadm_id"] in own
            or (stay["intime"] is not None and stay["intime"] <= moment <= (stay["outtime"] or NEVER))
        }

    def _last_event(self, hadm_id: int | None) -> datetime | None:
        if self._last_events is None:
            self._last_events = {}
            for table, of_table in self.rows.items():
                if of_table and "hadm_id" in of_table[0]:
                    for row in of_table:
                        self._note_event(row["hadm_id"], self.event_time(table, row))
        return None if hadm_id is None else self._last_events.get(hadm_id)

    def _note_event(self, hadm_id: int | None, moment: datetime | None) -> None:
        assert self._last_events is not None
        if hadm_id is not None and moment is not None:
            self._last_events[hadm_id] = max(moment, self._last_events.get(hadm_id, moment))
