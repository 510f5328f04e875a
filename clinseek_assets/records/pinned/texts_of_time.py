"""Moments as the databases write them, so that comparing texts compares moments.

Times are `YYYY-MM-DD HH:MM:SS`, with a fraction only where it is not zero; dates are `YYYY-MM-DD` and mean midnight. A
date's text sorts before that of its own midnight, so dates are compared with dates.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta


def time_text(moment: datetime) -> str:
    """The text of a time."""
    text = moment.isoformat(" ")
    return text.rstrip("0") if moment.microsecond else text


def first_day_not_before(moment: datetime) -> str:
    """The text of the first date whose midnight is not before the moment: dates below it began before the moment."""
    day = moment.date()
    return (day if moment.time() == time() else day + timedelta(days=1)).isoformat()
