"""Times as models write them, and the span that each of them means."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, time

from clinseek_assets.records.pinned.texts_of_time import time_text
from clinseek_assets.records.tools.mistakes import Mistake, shortened

FORMAT = "YYYY-MM-DD HH:MM:SS, or YYYY-MM-DD for a whole day"
_WRITTEN = re.compile(
    r"""(?P<day> \d{4}-\d{2}-\d{2} )
        (?: [Tt\s]\s* (?P<clock> \d{2}:\d{2} (?: :\d{2} (?: \.\d{1,9} )? )? )
            (?: \s* (?: [Zz] | [+-]00:?00 ) )? )?""",
    re.VERBOSE | re.ASCII,
)
_END_OF_DAY = "23:59:59.999999"


@dataclass(frozen=True)
class Given:
    """A time as it was given: a moment, or a whole day.

    Attributes:
        start: the moment, or the day's first.
        whole_day: whether no time of day was given.
    """

    start: datetime
    whole_day: bool

    @property
    def day(self) -> str:
        """The text of its date."""
        return self.start.date().isoformat()

    @property
    def first(self) -> str:
        """The text of the first moment that is meant; none that is meant sorts before it."""
        return time_text(self.start)

    @property
    def last(self) -> str:
        """The text of the last moment that is meant; none that is meant sorts behind it."""
        return f"{self.day} {_END_OF_DAY}" if self.whole_day else time_text(self.start)

    @property
    def end(self) -> datetime:
        """The last moment that is meant."""
        return datetime.combine(self.start.date(), time.max) if self.whole_day else self.start

    def __str__(self) -> str:
        return self.day if self.whole_day else time_text(self.start)


def read_time(text: str, name: str) -> Given:
    """A time out of a model's text; `T` between date and time, and a `Z` behind it, change nothing.

    Args:
        text: what was given.
        name: the argument's name, for the error.

    Raises:
        Mistake: it is no time, or one of another time zone than the record's (which has none).
    """
    found = _WRITTEN.fullmatch(text.strip().strip("\"'"))
    if found:
        clock = found["clock"]
        try:
            return Given(datetime.fromisoformat(f"{found['day']} {_microseconds(clock or '00:00')}"), clock is None)
        except ValueError:
            pass  # a month 13, an hour 25: told as any other text that is no time
    raise Mistake(
        "bad_arguments", f"`{name}` is «{shortened(text)}», which is no time. Write {FORMAT}, without a zone."
    )


def _microseconds(clock: str) -> str:
    """A time of day with at most six digits of a fraction."""
    whole, point, fraction = clock.partition(".")
    return f"{whole}.{fraction[:6]:0<6}" if point else whole
