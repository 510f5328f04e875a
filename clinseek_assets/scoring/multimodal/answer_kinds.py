"""What kind of answer a gold of one name is, and the value that a text has as an answer of that kind.

Yes and no, dates, ids and counts are values: two texts that write the same value are the same answer. EHRXQA stores yes
and no as "1" and "0". The order of the kinds is the published one.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from decimal import Decimal
from enum import StrEnum

from clinseek_assets.benchmark.answer_keys import answer_key

POLARITY = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}
_FIRST_WORD = re.compile(r"(yes|no)\s*[,;:.!–—-]\s")
_DATE = re.compile(r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?:[t ](\d{1,2}):(\d{2})(?::(\d{2}))?)?")
_NUMBER = re.compile(r"[+-]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?")
_ID = re.compile(r"\d{6,10}")
_HOW_MANY = re.compile(r"\b(?:how many|number of|count)\b", re.IGNORECASE)
Value = bool | dt.datetime | Decimal


class Kind(StrEnum):
    """The kinds of one answer; the words are those that a judge is told."""

    YES_NO = "yes or no"
    DATE = "date or time"
    ID = "id"
    COUNT = "number"
    NAME = "name"


def kind_of(gold: str) -> Kind:
    """The kind of a gold of one name by the published order, where "1" and "0" are always yes and no."""
    key = answer_key(gold)
    if key in POLARITY:
        return Kind.YES_NO
    if date(key) is not None:
        return Kind.DATE
    if _ID.fullmatch(key):
        return Kind.ID
    return Kind.COUNT if number(key) is not None else Kind.NAME


def kind_asked_for(gold: str, question: str) -> Kind:
    """As `kind_of`, but a "1" or "0" that answers a question for a number is a number."""
    kind = kind_of(gold)
    if kind is Kind.YES_NO and answer_key(gold) in ("1", "0") and _HOW_MANY.search(question):
        return Kind.COUNT
    return kind


def polarity(key: str) -> bool | None:
    """Yes or no, where a key is nothing else."""
    return POLARITY.get(key)


def leading_polarity(key: str) -> bool | None:
    """Yes or no, also with a full stop, or as the first word before a comma, a colon or the like."""
    bare = key.rstrip(".! ")
    if bare in POLARITY:
        return POLARITY[bare]
    first = _FIRST_WORD.match(key)
    return POLARITY[first[1]] if first else None


def date(key: str) -> dt.datetime | None:
    """The moment that a key names; a day without a time is its midnight."""
    found = _DATE.fullmatch(key)
    if found is None:
        return None
    try:
        return dt.datetime(*(int(part or 0) for part in found.groups()))  # type: ignore[arg-type]
    except ValueError:
        return None


def number(key: str) -> Decimal | None:
    """The number that a key writes in digits, with or without thousands' commas."""
    return Decimal(key.replace(",", "")) if _NUMBER.fullmatch(key) else None


VALUE: dict[Kind, Callable[[str], Value | None]] = {
    Kind.YES_NO: polarity,
    Kind.DATE: date,
    Kind.ID: number,
    Kind.COUNT: number,
}
# What the published judge, which reads sentences, would take for the same.
VALUE_IN_A_SENTENCE: dict[Kind, Callable[[str], Value | None]] = {**VALUE, Kind.YES_NO: leading_polarity}
