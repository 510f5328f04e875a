"""The views of the `strict` policy: its rules (`mimic/visibility/rules.py`) as comparisons with constants.

A rule is compiled once, with marks where the constants go; opening a record fills them in. «The latest of several
moments lies before the prediction time» is a conjunction of comparisons, which costs SQLite next to nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import cache

from clinseek_assets.mimic.tables import ColumnType
from clinseek_assets.mimic.visibility.moments import (
    AT_ONCE,
    Admitted,
    Always,
    At,
    Billed,
    Ended,
    FirstOf,
    FromNumber,
    Latest,
    Moment,
    Of,
    OnlyFor,
    Parent,
    StayBilled,
    Where,
    YearBegun,
    others,
)
from clinseek_assets.mimic.visibility.rule import EMBARGO, Rule
from clinseek_assets.records.pinned.kinds import KINDS, RecordKind
from clinseek_assets.records.pinned.patient_facts import PatientFacts
from clinseek_assets.records.pinned.pin import Pin
from clinseek_assets.records.pinned.texts_of_time import first_day_not_before, time_text
from clinseek_assets.records.pinned.views import ROW, SOURCE, View, masked, view_of


def strict_views(pin: Pin, facts: PatientFacts) -> list[View]:
    """The views of all tables, in the catalogue's order, cut at the pin."""
    constants = _Constants(pin, facts)
    kind = KINDS[pin.dataset]
    hidden = kind.time_policy.embargoed(pin.subtask)
    return [replace(view, constants=constants) for view in _templates(kind, hidden)]


class _Constants(dict[str, str]):
    """What stands for a mark: the year, a list of ids by the name of a fact, or `time_N`, `day_N`: N seconds before."""

    def __init__(self, pin: Pin, facts: PatientFacts) -> None:
        super().__init__(year=str(pin.prediction_time.year))
        self._moment = pin.prediction_time
        self._facts = facts

    def __missing__(self, mark: str) -> str:
        kind, _, seconds = mark.partition("_")
        if seconds.isdigit():
            moment = self._moment - timedelta(seconds=int(seconds))
            self[mark] = f"'{first_day_not_before(moment) if kind == 'day' else time_text(moment)}'"
        else:
            self[mark] = _listed(getattr(self._facts, mark))
        return self[mark]


def _listed(ids: Sequence[int]) -> str:
    """Ids as SQL lists them.

    No whole number is 0.5: it stands where there are none, since of an empty list SQLite would make a constant, so that
    a view had no column in use.
    """
    return ", ".join(map(str, ids)) or "0.5"


@cache
def _templates(kind: RecordKind, hidden: frozenset[str]) -> tuple[View, ...]:
    """The views with marks for constants, for questions from which the last second of these tables is hidden."""
    return tuple(_template(kind, rule, hidden) for rule in kind.time_policy.rules.values())


def _template(kind: RecordKind, rule: Rule, hidden: frozenset[str]) -> View:
    table = kind.tables[rule.table]
    later = {name: settled.known for settled in rule.settled for name in settled.columns}
    shown = {
        column.name: masked(Passed(kind, rule.table, ROW, hidden).known(later[column.name]), column.name, column.type)
        if column.name in later
        else f'{ROW}."{column.name}"'
        for column in table.columns
        if column.name in rule.served
    }
    return view_of(
        rule.table,
        shown,
        visible(kind, rule, ROW, hidden),
        also_read=_also_read(kind, rule),
        time_column=table.event_time,
        labels=kind.labels.get(rule.table, ()),
    )


def _also_read(kind: RecordKind, rule: Rule) -> frozenset[str]:
    """The tables that a rule looks into, those that the rules of its parents look into included."""
    moments = [rule.row, *(settled.known for settled in rule.settled), *([rule.order] if rule.order else [])]
    direct = frozenset().union(*map(others, moments))
    parents = [moment.table for moment in moments if isinstance(moment, Parent)]
    return direct.union(*(_also_read(kind, kind.time_policy.rules[parent]) for parent in parents))


def visible(kind: RecordKind, rule: Rule, row: str, hidden: frozenset[str]) -> str:
    """The condition under which a row may be seen: known, and not in the last second of a hidden table."""
    conditions = [Passed(kind, rule.table, row, hidden).known(rule.row)]
    if rule.table in hidden and rule.order is not None:
        conditions.append(Passed(kind, rule.table, row, hidden, before=EMBARGO).known_or_missing(rule.order))
    return " AND ".join(f"({condition})" for condition in conditions)


class Passed:
    """Conditions on a row under which moments have passed.

    Args:
        kind: of the record.
        table: the row's table.
        row: the row's alias.
        hidden: tables under embargo, for parents of the row.
        before: how long before the prediction time they must have passed.
    """

    def __init__(
        self, kind: RecordKind, table: str, row: str, hidden: frozenset[str], before: timedelta = AT_ONCE
    ) -> None:
        self.kind = kind
        self.table = table
        self.row = row
        self.hidden = hidden
        self.before = before

    def known(self, moment: Moment) -> str:
        """The condition that a moment is there and has passed; it may be NULL where it does not hold."""
        match moment:
            case Always():
                return f"{self._own('subject_id')} IS NOT NULL"
            case At():
                # The sign keeps SQLite from going by the time's index: most rows are seen, and a statement's own
                # conditions should choose.
                return f"+{self._own(moment.column)} < {self._bound(self.table, moment.column, moment.plus)}"
            case Of():
                return f"{self._theirs(moment)} < {self._bound(moment.table, moment.column, moment.plus)}"
            case Admitted():
                return f"{self._own('hadm_id')} IN ({{begun}})"
            case Ended():
                return f"{self._admission(moment)} IN ({{ended}})"
            case Billed():
                return f"{self._own('hadm_id')} IN ({{billed}})"
            case StayBilled():
                return f"{self._own('stay_id')} IN ({{stays_billed}})"
            case Parent():
                return self._parent_visible(moment)
            case YearBegun():
                return f"{self._own(moment.column)} <= {{year}}"
            case Latest():
                return self._all(moment.moments)
            case FirstOf():
                return self._first(moment.moments, self.known)
            case Where():
                column = self._own(moment.column)
                filled, empty = self.known(moment.filled), self.known(moment.empty)
                return f"({column} IS NOT NULL AND ({filled}) OR {column} IS NULL AND ({empty}))"
            case OnlyFor():
                texts = ", ".join(f"'{text}'" for text in moment.texts)
                return f"({self._own(moment.column)} NOT IN ({texts}) OR {self.known(moment.moment)})"
            case FromNumber():
                return self._by_number(moment, self.known(moment.reached), self.known(moment.below))

    def missing(self, moment: Moment) -> str | None:
        """The condition that a moment is missing; None where it never is, or is taken as never to come."""
        match moment:
            case At():
                required = self.kind.tables[self.table].column(moment.column).required
                return None if required else f"{self._own(moment.column)} IS NULL"
            case Of():
                return f"{self._theirs(moment)} IS NULL"
            case Admitted():
                return f"({self._own('hadm_id')} IS NULL OR {self._own('hadm_id')} NOT IN ({{admissions}}))"
            case FirstOf():
                return _conjunction([self.missing(one) for one in moment.moments])
            case FromNumber():
                reached, below = self.missing(moment.reached), self.missing(moment.below)
                return self._by_number(moment, reached or "0", below or "0") if reached or below else None
        return None

    def known_or_missing(self, moment: Moment) -> str:
        """The condition that a moment has passed if there is one."""
        match moment:
            case Of():
                bound = self._bound(moment.table, moment.column, moment.plus)
                return f"coalesce({self._theirs(moment)}, '') < {bound}"
            case Admitted():
                return f"({self._own('hadm_id')} IS NULL OR {self._own('hadm_id')} NOT IN ({{to_come}}))"
            case FirstOf():
                return self._first(moment.moments, self.known_or_missing)
        missing = self.missing(moment)
        return f"({self.known(moment)} OR {missing})" if missing else self.known(moment)

    def _all(self, moments: Sequence[Moment]) -> str:
        conditions = [self.known_or_missing(moment) for moment in moments]
        none_there = _conjunction([self.missing(moment) for moment in moments])
        return " AND ".join([*conditions, *([f"NOT {none_there}"] if none_there else [])])

    def _first(self, moments: Sequence[Moment], last: Callable[[Moment], str]) -> str:
        """The first moment that is there has passed; of the last one `last` tells."""
        first, *rest = moments
        if not rest:
            return last(first)
        return f"({self.known(first)} OR {self.missing(first) or '0'} AND {self._first(rest, last)})"

    def _own(self, column: str) -> str:
        return f'{self.row}."{column}"'

    def _theirs(self, moment: Of) -> str:
        same = f'o."{moment.their_id}" = {self._own(moment.our_id)}'
        return f'(SELECT o."{moment.column}" FROM {SOURCE}."{moment.table}" AS o WHERE {same} LIMIT 1)'

    def _admission(self, moment: Ended) -> str:
        if not moment.order:
            return self._own("hadm_id")
        return f'(SELECT o.hadm_id FROM {SOURCE}."poe" AS o WHERE o.poe_id = {self._own("poe_id")} LIMIT 1)'

    def _by_number(self, moment: FromNumber, reached: str, below: str) -> str:
        number = self._own(moment.column)
        return f"({number} >= {moment.least} AND ({reached}) OR {number} < {moment.least} AND ({below}))"

    def _parent_visible(self, moment: Parent) -> str:
        same = f'p."{moment.id}" = {self._own(moment.id)}'
        condition = visible(self.kind, self.kind.time_policy.rules[moment.table], "p", self.hidden)
        return f'EXISTS (SELECT 1 FROM {SOURCE}."{moment.table}" AS p WHERE {same} AND {condition})'

    def _bound(self, table: str, column: str, plus: timedelta) -> str:
        kind = "day" if self.kind.tables[table].column(column).type is ColumnType.DATE else "time"
        return f"{{{kind}_{int((plus + self.before).total_seconds())}}}"


def _conjunction(conditions: Sequence[str | None]) -> str | None:
    """All of the conditions; None, which never holds, where one of them never does."""
    present = [condition for condition in conditions if condition is not None]
    return f"({' AND '.join(present)})" if len(present) == len(conditions) else None
