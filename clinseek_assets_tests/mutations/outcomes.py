"""What may come of a damaged file: a refusal that says certain things, or a reading with exact content."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

# Stands in values of every base file: in texts as it is, as an id in numbers. No message may hold either.
SECRET = "SECRET"
SECRET_ID = 19876543


@dataclass(frozen=True)
class Refused:
    """The file is refused, and the message says all of `says`."""

    says: tuple[str, ...]


def refused(*says: str) -> Refused:
    """A refusal whose message says all of this."""
    return Refused(says)


@dataclass(frozen=True)
class Taken:
    """The file is taken, and what is read equals `expected` of what is read from the undamaged file."""

    expected: Callable[[Any], Any]
    notice: str = ""


AS_WITHOUT = Taken(lambda undamaged: undamaged)


@dataclass(frozen=True)
class Case:
    """One damage.

    Attributes:
        name: unique among its kind.
        damage: from the undamaged bytes to the damaged ones.
        outcome: what must come of it.
    """

    name: str
    damage: Callable[[bytes], bytes]
    outcome: Refused | Taken
