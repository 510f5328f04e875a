"""What the rules of `strict` must know of the patient beyond a row: constants, read when a record is opened."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

import apsw

from clinseek_assets.mimic.catalogue import PATIENT_TABLES
from clinseek_assets.mimic.tables import ColumnType, Table
from clinseek_assets.mimic.visibility.rules import BILLING
from clinseek_assets.records.pinned.pin import Pin
from clinseek_assets.records.pinned.texts_of_time import first_day_not_before, time_text
from clinseek_assets.records.pinned.views import SOURCE


@dataclass(frozen=True)
class PatientFacts:
    """Ids of the patient, by what has happened before the moment.

    Attributes:
        admissions: all admissions.
        begun: those that have begun.
        ended: those whose END has passed.
        billed: those whose BILL has passed.
        stays_billed: stays in the emergency department whose diagnoses are billed.
    """

    admissions: tuple[int, ...]
    begun: tuple[int, ...]
    ended: tuple[int, ...]
    billed: tuple[int, ...]
    stays_billed: tuple[int, ...]


@dataclass(frozen=True)
class _Stretch:
    """An admission or an emergency department stay: its id, its admission's id, when it began and ended (texts)."""

    id: int
    hadm_id: int | None
    start: str
    end: str | None

    def covers(self, moment: str) -> bool:
        """Whether the moment lies in it; one without an end is still open."""
        return self.start <= moment and (self.end is None or moment <= self.end)

    def over_before(self, moment: str) -> bool:
        """Whether it ended before the moment."""
        return self.end is not None and self.end < moment


def facts_of(connection: apsw.Connection, pin: Pin) -> PatientFacts:
    """Read the facts from the patient's database, attached to the connection as `SOURCE`."""
    moment, billed_until = time_text(pin.prediction_time), pin.prediction_time - BILLING
    admissions = _admissions(connection)
    own = own_admissions(admissions, pin.hadm_id, moment)
    over = [
        admission.id
        for admission in admissions
        if admission.id not in own and admission.over_before(time_text(billed_until))
    ]
    stays = _stays(connection)
    return PatientFacts(
        admissions=_ids(admissions),
        begun=_ids(admission for admission in admissions if admission.start < moment),
        ended=_ids(admission for admission in admissions if admission.over_before(moment)),
        billed=_without_later_events(connection, over, billed_until),
        stays_billed=_ids(
            stay
            for stay in stays
            if stay.over_before(time_text(billed_until)) and stay.hadm_id not in own and not stay.covers(moment)
        ),
    )


def own_admissions(admissions: Iterable[_Stretch], hadm_id: int | None, moment: str) -> frozenset[int]:
    """The question's own admission; where it names none, those that cover its moment."""
    if hadm_id is not None:
        return frozenset({hadm_id})
    return frozenset(admission.id for admission in admissions if admission.covers(moment))


def _admissions(connection: apsw.Connection) -> list[_Stretch]:
    rows = connection.execute(
        "SELECT hadm_id, hadm_id, admittime, max(coalesce(dischtime, deathtime), coalesce(deathtime, dischtime)) "
        f"FROM {SOURCE}.admissions"
    )
    return [_Stretch(*row) for row in rows]


def _stays(connection: apsw.Connection) -> list[_Stretch]:
    return [
        _Stretch(*row) for row in connection.execute(f"SELECT stay_id, hadm_id, intime, outtime FROM {SOURCE}.edstays")
    ]


def _ids(stretches: Iterable[_Stretch]) -> tuple[int, ...]:
    return tuple(sorted({stretch.id for stretch in stretches}))


def _without_later_events(connection: apsw.Connection, hadm_ids: Collection[int], until: datetime) -> tuple[int, ...]:
    """Those of the admissions that no row of any table places at `until` or after."""
    if not hadm_ids:
        return ()
    statement = _NONE_LATER.format(ids=", ".join(map(str, sorted(hadm_ids))))
    bounds = {"time": time_text(until), "day": first_day_not_before(until)}
    return tuple(sorted(hadm_id for (hadm_id,) in connection.execute(statement, bounds)))


def _later_event(table: Table) -> str:
    """Whether a table has a row of admission `a` whose event time lies at the bound or after it."""
    assert table.event_time is not None
    bound = ":day" if table.column(table.event_time).type is ColumnType.DATE else ":time"
    later = f'e."{table.event_time}" >= {bound}'
    if table.name == "microbiologyevents":  # the benchmark orders a culture without charttime by its day
        later = f'({later} OR e.charttime IS NULL AND e."chartdate" >= :time)'
    return f'EXISTS (SELECT 1 FROM {SOURCE}."{table.name}" AS e WHERE e.hadm_id = a.hadm_id AND {later})'


def _none_later() -> str:
    tables = [t for t in PATIENT_TABLES.values() if "hadm_id" in t.column_names and t.event_time is not None]
    none_of = " AND ".join(f"NOT {_later_event(table)}" for table in tables)
    return f"SELECT DISTINCT a.hadm_id FROM {SOURCE}.admissions AS a WHERE a.hadm_id IN ({{ids}}) AND {none_of}"


_NONE_LATER = _none_later()
