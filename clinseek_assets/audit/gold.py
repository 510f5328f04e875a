"""Whether a decision's answer can be read off rows that may be the target itself, or that tell of it.

Looked at are the rows of the target's table and its siblings that the benchmark orders in the last second before the
moment or later. A row without a time of its own (coded diagnoses, groups) counts as later where it belongs to the
question's own admission. A row is read with the names of its codes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from clinseek_assets.audit.life import Life, Row
from clinseek_assets.audit.naive_strict import embargoed_tables, under_embargo
from clinseek_assets.benchmark.subtasks import SUBTASKS
from clinseek_assets.records.pinned.pin import Pin
from clinseek_assets.timeline.dictionaries import Dictionaries
from clinseek_assets.timeline.events import trajectory_of

Shown = Mapping[str, Sequence[Row]]

# Tables that name a decision's answers before its moment, rightly or not: an order is entered at the pharmacy before it
# starts. Reported, not hidden, since it is evidence.
NAMED_BEFORE = {"prescriptions": "pharmacy", "emar": "pharmacy"}


class NamedRows:
    """One patient's source rows with the names of their codes, by table and place in the source file.

    Args:
        life: the source rows.
        dictionaries: what codes mean.
    """

    def __init__(self, life: Life, dictionaries: Dictionaries) -> None:
        self.life = life
        trajectory = trajectory_of(life.rows, dictionaries)
        self._named = {(event.table, row["source_row"]): row for event in trajectory.events for row in event.rows}

    def names(self, table: str, row: Row) -> set[str]:
        """All texts of a row, codes by their names, as answers are compared."""
        return set(_folded(self._named.get((table, row["source_row"]), row).values()))


def in_sight(shown: Shown, named: NamedRows, pin: Pin, gold: Sequence[str]) -> bool:
    """Whether a row that may be the target, or a sibling's, names an answer.

    Args:
        shown: what the question sees, with `source_row`.
        named: the same patient's rows with names.
        pin: the question, a decision.
        gold: its answers.
    """
    own = named.life.own_admissions(pin)
    wanted = set(_folded(gold))
    any_table = not SUBTASKS[pin.subtask].trigger
    for table in embargoed_tables(pin.subtask) & shown.keys():
        if any_table and table not in wanted:
            continue
        for row in shown[table]:
            if _may_be_the_target(table, row, named.life, pin, own) and (any_table or named.names(table, row) & wanted):
                return True
    return False


def named_before(shown: Shown, named: NamedRows, pin: Pin, gold: Sequence[str]) -> bool | None:
    """Whether the table of `NAMED_BEFORE` names an answer before the last second; None where none is looked at."""
    table = NAMED_BEFORE.get(pin.subtask)
    if table is None:
        return None
    wanted = set(_folded(gold))
    return any(
        named.names(table, row) & wanted
        for row in shown.get(table, ())
        if not under_embargo(named.life.event_time(table, _source(named.life, table, row)), pin)
    )


def _may_be_the_target(table: str, row: Row, life: Life, pin: Pin, own: set[int]) -> bool:
    source = _source(life, table, row)
    moment = life.event_time(table, source)
    return source.get("hadm_id") in own if moment is None else under_embargo(moment, pin)


def _source(life: Life, table: str, row: Row) -> Row:
    """The source row behind a shown one: its times are neither hidden nor moved to the end of a day."""
    return life.found(table, "source_row", row["source_row"])[0]


def _folded(values: Any) -> Iterator[str]:
    """Texts trimmed and case-folded, lists of texts by their members; everything else is no name."""
    for value in values:
        if isinstance(value, str):
            yield value.strip().casefold()
        elif isinstance(value, (list, tuple)):
            yield from _folded(value)
