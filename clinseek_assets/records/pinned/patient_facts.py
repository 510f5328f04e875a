"""What the rules of `strict` must know of the patient beyond a row: a few ids."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import apsw

from clinseek_assets.mimic.tables import ColumnType, Table
from clinseek_assets.mimic.visibility.rule import BILLING
from clinseek_assets.records.pinned.kinds import KINDS, RecordKind
from clinseek_assets.records.pinned.pin import Pin
from clinseek_assets.records.pinned.texts_of_time import first_day_not_before, time_text
from clinseek_assets.records.pinned.views import SOURCE


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


class PatientFacts:
    """Ids of the patient, by what has happened before the moment; each is read when it is first asked for.

    Args:
        connection: with the patient's database attached as `SOURCE`.
        pin: the moment, and the question's own admission.
    """

    def __init__(self, connection: apsw.Connection, pin: Pin) -> None:
        self._connection = connection
        self._kind = KINDS[pin.dataset]
        self._hadm_id = pin.hadm_id
        self._moment = time_text(pin.prediction_time)
        self._billed_until = pin.prediction_time - BILLING

    @cached_property
    def admissions(self) -> tuple[int, ...]:
        """All admissions."""
        return _ids(self._admissions)

    @cached_property
    def begun(self) -> tuple[int, ...]:
        """Admissions that have begun."""
        return _ids(admission for admission in self._admissions if admission.start < self._moment)

    @cached_property
    def to_come(self) -> tuple[int, ...]:
        """Admissions that have not begun."""
        return tuple(sorted(set(self.admissions) - set(self.begun)))

    @cached_property
    def ended(self) -> tuple[int, ...]:
        """Admissions whose END has passed."""
        return _ids(admission for admission in self._admissions if admission.over_before(self._moment))

    @cached_property
    def billed(self) -> tuple[int, ...]:
        """Admissions whose BILL has passed."""
        until = time_text(self._billed_until)
        over = [one.id for one in self._admissions if one.id not in self._own and one.over_before(until)]
        return self._without_later_events(over)

    @cached_property
    def stays_billed(self) -> tuple[int, ...]:
        """Stays in the emergency department whose diagnoses are billed."""
        until = time_text(self._billed_until)
        return _ids(
            stay
            for stay in self._ed_stays
            if stay.over_before(until) and stay.hadm_id not in self._own and not stay.covers(self._moment)
        )

    @cached_property
    def _admissions(self) -> list[_Stretch]:
        return [_Stretch(row[0], *row) for row in self._read(self._kind.encounters.admissions)]

    @property
    def _ed_stays(self) -> list[_Stretch]:
        return [_Stretch(*row) for row in self._read(self._kind.encounters.ed_stays)]

    def _read(self, selected: str) -> Iterable[tuple[Any, ...]]:
        return self._connection.execute(f"SELECT {selected.format(source=SOURCE)}")

    def _without_later_events(self, hadm_ids: Collection[int]) -> tuple[int, ...]:
        """Those of the admissions that no row of any table places at the time until which bills are out or after."""
        if not hadm_ids:
            return ()
        statement = _none_later(self._kind).format(ids=", ".join(map(str, sorted(hadm_ids))))
        bounds = {"time": time_text(self._billed_until), "day": first_day_not_before(self._billed_until)}
        return tuple(sorted(hadm_id for (hadm_id,) in self._connection.execute(statement, bounds)))

    @cached_property
    def _own(self) -> frozenset[int]:
        return own_admissions(self._admissions, self._hadm_id, self._moment)


def own_admissions(admissions: Iterable[_Stretch], hadm_id: int | None, moment: str) -> frozenset[int]:
    """The question's own admission; where it names none, those that cover its moment."""
    if hadm_id is not None:
        return frozenset({hadm_id})
    return frozenset(admission.id for admission in admissions if admission.covers(moment))


def _ids(stretches: Iterable[_Stretch]) -> tuple[int, ...]:
    return tuple(sorted({stretch.id for stretch in stretches}))


def _later_event(table: Table) -> str:
    """Whether a table has a row of admission `a` whose event time lies at the bound or after it."""
    assert table.event_time is not None
    bound = ":day" if table.column(table.event_time).type is ColumnType.DATE else ":time"
    later = f'e."{table.event_time}" >= {bound}'
    if {"charttime", "chartdate"} <= set(table.column_names):  # a culture without charttime is ordered by its day
        later = f'({later} OR e.charttime IS NULL AND e."chartdate" >= :time)'
    return f'EXISTS (SELECT 1 FROM {SOURCE}."{table.name}" AS e WHERE e.hadm_id = a.hadm_id AND {later})'


@cache
def _none_later(kind: RecordKind) -> str:
    """A statement with a mark for ids: those of the admissions without a row at the bounds or after them."""
    tables = [t for t in kind.tables.values() if "hadm_id" in t.column_names and t.event_time is not None]
    none_of = " AND ".join(f"NOT {_later_event(table)}" for table in tables)
    return f"SELECT DISTINCT a.hadm_id FROM {SOURCE}.admissions AS a WHERE a.hadm_id IN ({{ids}}) AND {none_of}"
