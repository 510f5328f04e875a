"""What a rule of time is: when a table's rows, and the values in them, became known."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property

from clinseek_assets.mimic.visibility.moments import Moment

SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)
# How long after a stay its bill is written (J): the `discharge` transfer follows dischtime by up to 28 hours, and a
# question is asked a second after the last event, so that codes «known at discharge» would stand in plain sight.
BILLING = timedelta(hours=72)
# Rows of a table under embargo with an event time at or after the question's moment less this are hidden.
EMBARGO = SECOND


@dataclass(frozen=True)
class Settled:
    """Columns whose value is known later than their row; until then they read NULL.

    Attributes:
        columns: their names.
        known: when the value is known.
        why: the reason, in a line.
    """

    columns: tuple[str, ...]
    known: Moment
    why: str


@dataclass(frozen=True)
class Rule:
    """What may be seen of a table.

    Attributes:
        table: its name.
        row: when a row is known.
        why: the reason, in a line.
        with_row: columns that are known with their row.
        settled: columns that are known later, or not at all before their own moment.
        never: columns that are not served, with the reason; derived columns of the databases included.
        planned: columns among `with_row` that hold times which may lie after the moment, since they are plans.
        order: the time by which the benchmark orders the rows, for the target embargo; None where they have none of
            their own. Details have that of their parent and are hidden with it.
    """

    table: str
    row: Moment
    why: str
    with_row: tuple[str, ...]
    settled: tuple[Settled, ...] = ()
    never: tuple[tuple[str, str], ...] = ()
    planned: tuple[str, ...] = ()
    order: Moment | None = None

    @cached_property
    def served(self) -> frozenset[str]:
        """The columns that are served."""
        return frozenset(self.with_row).union(*(settled.columns for settled in self.settled))

    @cached_property
    def not_served(self) -> frozenset[str]:
        """The columns that are never shown."""
        return frozenset(name for name, _ in self.never)


def names(block: str) -> tuple[str, ...]:
    """Column names, as they stand in a text with blanks between them."""
    return tuple(block.split())
