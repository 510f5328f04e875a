"""The policy as one table for readers: `python -m clinseek_assets.mimic.visibility.document > docs/time_policy.md`."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

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
from clinseek_assets.mimic.visibility.policies import POLICIES
from clinseek_assets.mimic.visibility.rule import BILLING, EMBARGO, Rule
from clinseek_assets.mimic.visibility.rules import SIBLINGS

HEAD = """# What was known when: the `strict` policy

Made from `clinseek_assets/mimic/visibility`; do not edit it here.

A row is seen iff its moment lies before the question's, a value iff its own does; until then it reads NULL. A table or
column that is not in the rules is not served. **K()** is the latest of those that are there; what has no moment is
never known. **ADM** is the admittime of the row's hadm_id, no bound where it has no admission. **END** is the later of
dischtime and deathtime, **BILL** the later of END and the last event of the admission, and {billing} more; it never
comes for the question's own admission (where the question names none: those that cover its moment). A **J** marks a
judgement. Plans inside a seen row may lie ahead: {planned}.
"""
SECTIONS = {
    "mimic_iv": """
## MIMIC-IV: the text split

""",
    "ehrxqa": """
## EHRXQA

Worked out from the rules above, EHRXQA's own preprocessing, and lags measured on the open demo of MIMIC-IV. No
deathtime is kept, so END is dischtime. Dates of death and the tables of findings (`tb_cxr_plus`) are not read at all.

""",
    "medmod": """
## MedMod

An admission is in MedMod for its one ICU stay: **ADM** is that stay's intime here, and of an admission nothing but
X-rays is known before. Ends of stays, deaths, mortality, lengths of stay and diagnoses are not read at all.

""",
}
EMBARGO_TEXT = """
**Target embargo.** The target of a decision often shares the second of the last event in its context. So for a decision
all rows of its target table with an event time at or after the moment less {embargo} are hidden, and those of the
table's siblings. Details are hidden with their parent; for `next_event` every table counts as the target. Siblings:
{siblings}.
Questions of EHRXQA and MedMod are about X-rays, deaths and billed groups; none asks which row comes next, so there is
no embargo for them.

**The X-ray of the question.** What is known at a moment is seen after it, under both policies: the `tb_cxr` row of a
study made at the very moment of the question (each of MedMod's radiology questions) is not in the record. Its picture
is shown with the question.

## The published rule: `compat`

A table is cut by its first column whose name contains `time` or `date`, strictly before the moment; rows in which it is
missing are dropped, and a table without such a column (`patients`) is whole. Nothing else of a row is looked at. A
table in which the patient has no row at all is not there.
"""
COLUMNS = ("#", "table", "a row is known", "why", "values known later", "never shown")


def document() -> str:
    """The whole policy in Markdown: of each dataset a table, and what holds for all."""
    of_all = [rule for policy in POLICIES.values() for rule in policy.rules.values()]
    planned = ", ".join(f"`{rule.table}.{name}`" for rule in of_all for name in rule.planned)
    siblings = "; ".join(", ".join(f"`{name}`" for name in sorted(group)) for group in SIBLINGS)
    tables = (SECTIONS[dataset] + _table(policy.rules.values()) for dataset, policy in POLICIES.items())
    return (
        HEAD.format(billing=duration(BILLING), planned=planned)
        + "".join(tables)
        + EMBARGO_TEXT.format(embargo=duration(EMBARGO), siblings=siblings)
    )


def _table(rules: Iterable[Rule]) -> str:
    rows = (_row(number, rule) for number, rule in enumerate(rules, 1))
    return "\n".join([_line(COLUMNS), _line("---" for _ in COLUMNS), *map(_line, rows)]) + "\n"


def _row(number: int, rule: Rule) -> tuple[str, ...]:
    later = "; ".join(f"{_named(one.columns)} → {told(one.known)} ({one.why})" for one in rule.settled)
    never = "; ".join(f"`{name}` ({why})" for name, why in rule.never)
    return str(number), f"`{rule.table}`", told(rule.row), rule.why, later or "–", never or "–"


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _named(columns: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in columns)


def told(moment: Moment) -> str:
    """A moment in words."""
    match moment:
        case Always():
            return "always"
        case At():
            return f"`{moment.column}`{_plus(moment.plus)}"
        case Of():
            return f"`{moment.table}.{moment.column}` of `{moment.our_id}`{_plus(moment.plus)}"
        case Admitted():
            return "ADM"
        case Ended():
            return "END of the order's admission" if moment.order else "END"
        case Billed():
            return "BILL"
        case StayBilled():
            return f"`edstays.outtime` of `stay_id`{_plus(BILLING)}, never for the question's own stay"
        case Parent():
            return f"with its row of `{moment.table}`"
        case YearBegun():
            return "in that year"
        case Latest():
            return f"K({', '.join(map(told, moment.moments))})"
        case FirstOf():
            return "; if NULL: ".join(map(told, moment.moments))
        case Where():
            return f"{told(moment.filled)}; `{moment.column}` NULL: {told(moment.empty)}"
        case OnlyFor():
            return f"where `{moment.column}` is {' or '.join(moment.texts)}: {told(moment.moment)}"
        case FromNumber():
            return f"{told(moment.reached)}; `{moment.column}` below {moment.least}: {told(moment.below)}"


def _plus(delay: timedelta) -> str:
    return f" + {duration(delay)}" if delay else ""


def duration(length: timedelta) -> str:
    """A length of time in hours, minutes or seconds, the largest that it is whole in."""
    seconds = int(length.total_seconds())
    for unit, size in (("h", 3600), ("min", 60)):
        if seconds % size == 0:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
