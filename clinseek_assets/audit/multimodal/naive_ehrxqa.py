"""The `strict` policy of EHRXQA once more, naively: what a question may see of a patient's rows.

Written from the policy's document, table by table, in plain Python; the engine that serves records is not looked at. A
row is visible iff it was known before the question's moment, and so is each of its values; what nothing dates was never
known.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from clinseek_assets.audit.life import NEVER, Row, after, latest
from clinseek_assets.audit.multimodal.as_seen import Known, as_seen
from clinseek_assets.mimic.catalogue import CATALOGUES
from clinseek_assets.records.pinned.pin import Pin
from clinseek_assets.timeline.rows import PatientRows

# The column that places a row in an admission, for the last event before its bill is written.
EVENT_COLUMN = {
    "admissions": "admittime",
    "chartevents": "charttime",
    "cost": "chargetime",
    "diagnoses_icd": "charttime",
    "icustays": "intime",
    "inputevents": "starttime",
    "labevents": "charttime",
    "microbiologyevents": "charttime",
    "outputevents": "charttime",
    "prescriptions": "starttime",
    "procedures_icd": "charttime",
    "tb_cxr": "studydatetime",
    "transfers": "intime",
}


class Life:
    """One patient's rows as one question meets them: admissions, their ends and bills, ICU stays."""

    def __init__(self, rows: PatientRows, pin: Pin) -> None:
        self._rows = rows
        self._pin = pin
        self._admissions = {row["hadm_id"]: row for row in rows["admissions"]}
        self._icu_stays = {row["stay_id"]: row for row in rows["icustays"]}
        self._own = self._own_admissions()
        self._last_events = self._last_event_of_each()

    def admitted(self, hadm_id: int | None) -> datetime | None:
        """ADM; None where there is no such admission, which is no floor."""
        return self._admissions[hadm_id]["admittime"] if hadm_id in self._admissions else None

    def betrayed(self, row: Row) -> dict[str, datetime]:
        """A hadm_id is known once its admission has begun; without such an admission never."""
        return {"hadm_id": self.admitted(row["hadm_id"]) or NEVER}

    def in_the_icu(self, stay_id: int | None) -> datetime:
        """When an ICU stay began; never where there is none."""
        return self._icu_stays[stay_id]["intime"] if stay_id in self._icu_stays else NEVER

    def billed(self, hadm_id: int) -> datetime:
        """BILL: 72 hours after discharge and last event; never of the question's own admission, or of none."""
        if hadm_id in self._own or hadm_id not in self._admissions:
            return NEVER
        end = latest(self._admissions[hadm_id]["dischtime"])
        if end == NEVER:
            return NEVER
        return latest(after(latest(end, self._last_events.get(hadm_id)), hours=72))

    def _own_admissions(self) -> set[int]:
        if self._pin.hadm_id is not None:
            return {self._pin.hadm_id}
        moment = self._pin.prediction_time
        return {
            hadm_id
            for hadm_id, row in self._admissions.items()
            if row["admittime"] <= moment <= (row["dischtime"] or NEVER)
        }

    def _last_event_of_each(self) -> dict[int, datetime]:
        found: dict[int, datetime] = {}
        for table, column in EVENT_COLUMN.items():
            for row in self._rows[table]:
                hadm_id, at = row["hadm_id"], row[column]
                if hadm_id is not None and at is not None:
                    found[hadm_id] = max(at, found.get(hadm_id, at))
        return found


def visible(rows: PatientRows, pin: Pin) -> dict[str, list[Row]]:
    """What a question may see.

    Args:
        rows: the patient's rows, every table of EHRXQA's patients among them.
        pin: whose question it is, and at which moment.

    Returns:
        Table -> its visible rows in file order, with `source_row`; values that are not known yet are None.
    """
    life = Life(rows, pin)
    return {
        table: as_seen([(row, RULES[table](row, life)) for row in of_table], pin.prediction_time)
        for table, of_table in rows.items()
    }


def columns(rows: PatientRows) -> dict[str, tuple[str, ...]]:
    """Table -> the columns that are served of it: all that are read."""
    return {name: table.column_names for name, table in CATALOGUES["ehrxqa"].patient_tables.items()}


def _admissions(row: Row, life: Life) -> Known:
    """How it ended is known a day after the discharge: some die within a day of it, and no deathtime is kept."""
    ended = latest(after(row["dischtime"], hours=24))
    return Known(latest(row["admittime"]), {"dischtime": ended, "discharge_location": ended})


def _at(column: str) -> Callable[[Row, Life], Known]:
    def rule(row: Row, life: Life) -> Known:
        return Known(latest(row[column]))

    return rule


def _coded(row: Row, life: Life) -> Known:
    return Known(life.billed(row["hadm_id"]))


def _icustays(row: Row, life: Life) -> Known:
    return Known(latest(row["intime"]), dict.fromkeys(("outtime", "last_careunit"), latest(row["outtime"])))


def _inputevents(row: Row, life: Life) -> Known:
    return Known(latest(row["starttime"]), {"amount": latest(after(row["starttime"], hours=36))})


def _after_the_specimen(hours: int) -> Callable[[Row, Life], Known]:
    """Results are known so long after the specimen, and, since only those of admissions are kept, once admitted."""

    def rule(row: Row, life: Life) -> Known:
        result = after(row["charttime"], hours=hours)
        return Known(latest(result, life.admitted(row["hadm_id"])), life.betrayed(row))

    return rule


def _always(row: Row, life: Life) -> Known:
    return Known(datetime.min)


def _prescriptions(row: Row, life: Life) -> Known:
    return Known(latest(row["starttime"], life.admitted(row["hadm_id"])), {"stoptime": latest(row["stoptime"])})


def _tb_cxr(row: Row, life: Life) -> Known:
    return Known(latest(row["studydatetime"]), {"stay_id": life.in_the_icu(row["stay_id"]), **life.betrayed(row)})


def _transfers(row: Row, life: Life) -> Known:
    return Known(
        latest(row["intime"], life.admitted(row["hadm_id"])), {"outtime": latest(row["outtime"]), **life.betrayed(row)}
    )


RULES: Mapping[str, Callable[[Row, Life], Known]] = {
    "admissions": _admissions,
    **dict.fromkeys(("chartevents", "outputevents"), _at("charttime")),
    **dict.fromkeys(("cost", "diagnoses_icd", "procedures_icd"), _coded),
    "icustays": _icustays,
    "inputevents": _inputevents,
    "labevents": _after_the_specimen(24),
    "microbiologyevents": _after_the_specimen(8 * 24),
    "patients": _always,
    "prescriptions": _prescriptions,
    "tb_cxr": _tb_cxr,
    "transfers": _transfers,
}
