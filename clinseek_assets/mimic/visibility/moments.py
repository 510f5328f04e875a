"""The words in which a rule says when a row or a value became known.

A rule is a value, not code: SQL is made of it (`records/pinned/strict_views.py`) and so is the documentation. A moment
may be missing (a column that is NULL, an id that leads nowhere); what is missing was never known, unless `Latest`,
`FirstOf` or `Where` says otherwise. What is known at `m` is visible at the prediction time `t` iff `m < t`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

AT_ONCE = timedelta()


@dataclass(frozen=True)
class Always:
    """Known before any question."""


@dataclass(frozen=True)
class At:
    """The moment that a column of the row holds (a date is its midnight), some time added."""

    column: str
    plus: timedelta = AT_ONCE


@dataclass(frozen=True)
class Of:
    """The moment that a column of another row holds: the row of `table` whose `their_id` is this row's `our_id`."""

    table: str
    column: str
    their_id: str
    our_id: str
    plus: timedelta = AT_ONCE


@dataclass(frozen=True)
class Admitted:
    """ADM: the admittime of the row's hadm_id; missing where that is NULL or has no admission."""


@dataclass(frozen=True)
class Ended:
    """END: the later of dischtime and deathtime of the row's admission; missing where both are NULL.

    Attributes:
        order: whether the admission is that of the provider order that the row belongs to, not the row's own.
    """

    order: bool = False


@dataclass(frozen=True)
class Billed:
    """BILL: some time after the END and the last event of the row's admission; never for the question's own."""


@dataclass(frozen=True)
class StayBilled:
    """Some time after the outtime of the row's emergency department stay; never for the question's own."""


@dataclass(frozen=True)
class Parent:
    """When the row of `table` with the same `id` was known; an orphan never is. A row may be seen iff its parent is."""

    table: str
    id: str


@dataclass(frozen=True)
class YearBegun:
    """Known from the year on that a column holds: in years before it the value is in the future."""

    column: str


@dataclass(frozen=True, init=False)
class Latest:
    """K(): the latest of the moments that are not missing; missing where all are."""

    moments: tuple[Moment, ...]

    def __init__(self, *moments: Moment) -> None:
        object.__setattr__(self, "moments", moments)


@dataclass(frozen=True, init=False)
class FirstOf:
    """The first of the moments that is not missing; missing where all are."""

    moments: tuple[Moment, ...]

    def __init__(self, *moments: Moment) -> None:
        object.__setattr__(self, "moments", moments)


@dataclass(frozen=True)
class Where:
    """One moment where a column holds something, another where it is NULL."""

    column: str
    filled: Moment
    empty: Moment


@dataclass(frozen=True)
class OnlyFor:
    """A moment that counts only where a column holds one of these texts; other rows' values are known with the row."""

    column: str
    texts: tuple[str, ...]
    moment: Moment


@dataclass(frozen=True)
class FromNumber:
    """One moment where a column holds this number or a larger one, another where it holds a smaller one."""

    column: str
    least: int
    reached: Moment
    below: Moment


Moment = (
    Always
    | At
    | Of
    | Admitted
    | Ended
    | Billed
    | StayBilled
    | Parent
    | YearBegun
    | Latest
    | FirstOf
    | Where
    | OnlyFor
    | FromNumber
)


def others(moment: Moment) -> frozenset[str]:
    """The tables besides the row's own that must be read to tell whether a moment has passed."""
    match moment:
        case Of() | Parent():
            return frozenset({moment.table})
        case Ended(order=True):
            return frozenset({"poe"})
        case Latest() | FirstOf():
            return frozenset().union(*map(others, moment.moments))
        case Where():
            return others(moment.filled) | others(moment.empty)
        case OnlyFor():
            return others(moment.moment)
        case FromNumber():
            return others(moment.reached) | others(moment.below)
    return frozenset()
