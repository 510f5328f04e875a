"""What a model is told of time: why a row is not there yet, or a value reads NULL, under the policy of its record."""

from __future__ import annotations

from datetime import timedelta

from clinseek_assets.mimic.visibility.document import duration
from clinseek_assets.mimic.visibility.moments import (
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
)
from clinseek_assets.mimic.visibility.rule import BILLING, Rule
from clinseek_assets.records.pinned.record import PinnedRecord


def remarks_on(record: PinnedRecord, table: str) -> list[str]:
    """Sentences on what a served table lacks, and until when."""
    if record.policy == "strict":
        return _strict_remarks(record.kind.time_policy.rules[table])
    column = record.time_column(table)
    if column is None:
        return ["All rows are here: the table has no time to cut them by."]
    return [f"Here are the rows whose {column} lies before the current time."]


def _strict_remarks(rule: Rule) -> list[str]:
    told = [f"A row is here from then on: {told_of(rule.row)}."]
    told += [f"NULL until then: {', '.join(one.columns)} ({told_of(one.known)})." for one in rule.settled]
    if rule.planned:
        told.append(f"May lie after the current time, since it is planned: {', '.join(rule.planned)}.")
    return told


def told_of(moment: Moment) -> str:
    """When something became known, in words for who knows the tables' columns."""
    match moment:
        case Always():
            return "always"
        case At():
            return f"{moment.column}{_later(moment.plus)}"
        case Of():
            return f"{moment.table}.{moment.column} of its {moment.our_id}{_later(moment.plus)}"
        case Admitted():
            return "admittime of its hadm_id"
        case Ended():
            whose = "the order's admission" if moment.order else "its admission"
            return f"the end of {whose} (dischtime or deathtime)"
        case Billed():
            return f"{duration(BILLING)} after its admission ended; never for the admission of the question"
        case StayBilled():
            return f"{duration(BILLING)} after its emergency stay ended; never for the stay of the question"
        case Parent():
            return f"with the row of {moment.table} of the same {moment.id}"
        case YearBegun():
            return f"the beginning of the year {moment.column}"
        case Latest():
            return f"the latest of {', '.join(map(told_of, moment.moments))}"
        case FirstOf():
            return ", or where that is missing ".join(map(told_of, moment.moments))
        case Where():
            return f"{told_of(moment.filled)}; where {moment.column} is missing {told_of(moment.empty)}"
        case OnlyFor():
            return f"where {moment.column} is {' or '.join(moment.texts)}: {told_of(moment.moment)}"
        case FromNumber():
            number = f"{moment.column} is {moment.least} or more"
            return f"where {number} {told_of(moment.reached)}, where it is less {told_of(moment.below)}"


def _later(delay: timedelta) -> str:
    return f" and {duration(delay)}" if delay else ""
