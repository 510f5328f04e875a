"""The three columns that the published builder adds to a patient's tables, by its rules, NULL where it has nothing.

It adds them to MIMIC-IV alone: the tables of EHRXQA and MedMod stay as their own builders made them.

- `diagnoses_icd.charttime`: dischtime of the same hadm_id, minus one minute;
- `diagnosis.charttime` (emergency department): outtime of the same stay_id, minus one minute;
- `admissions.text`: the discharge summary of the same hadm_id up to the first «Physical Exam» (case-sensitive),
  trimmed; the whole note where the words are absent; of several notes the last in file order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import pyarrow as pa

BEFORE_THE_END = timedelta(minutes=1)
CUT_AT = "Physical Exam"


def front_half(note: str) -> str:
    """A discharge summary up to its physical examination, as the published builder cuts it."""
    return note.partition(CUT_AT)[0].strip()


def a_minute_before(moment: str) -> str:
    """A time text one minute earlier, to the second."""
    return (datetime.fromisoformat(moment) - BEFORE_THE_END).strftime("%Y-%m-%d %H:%M:%S")


@dataclass(frozen=True)
class DerivedColumn:
    """One derived column.

    Attributes:
        table: the table that gets it, as its last column.
        name: its name.
        source: the table that it is derived from.
        key: the id that both tables share.
        column: the source's column.
        rule: from the source's text to the derived one.
    """

    table: str
    name: str
    source: str
    key: str
    column: str
    rule: Callable[[str], str]


DERIVED_COLUMNS = {
    derived.table: derived
    for derived in (
        DerivedColumn("admissions", "text", "discharge", "hadm_id", "text", front_half),
        DerivedColumn("diagnoses_icd", "charttime", "admissions", "hadm_id", "dischtime", a_minute_before),
        DerivedColumn("diagnosis", "charttime", "edstays", "stay_id", "outtime", a_minute_before),
    )
}

DERIVED_OF_DATASET: Mapping[str, Mapping[str, DerivedColumn]] = {
    "mimic_iv": DERIVED_COLUMNS,
    "ehrxqa": {},
    "medmod": {},
}


def with_derived_columns(rows: Mapping[str, pa.Table], derived: Mapping[str, DerivedColumn]) -> dict[str, pa.Table]:
    """One patient's rows with the derived columns appended.

    Args:
        rows: table -> rows as `patient_streams` gives them; tables without rows are absent.
        derived: table -> its derived column.
    """
    return {
        name: of_table.append_column(derived[name].name, _derived(derived[name], rows)) if name in derived else of_table
        for name, of_table in rows.items()
    }


def _derived(derived: DerivedColumn, rows: Mapping[str, pa.Table]) -> pa.Array:
    source = rows.get(derived.source)
    values: dict[int, str] = {}
    if source is not None:
        pairs = zip(source.column(derived.key).to_pylist(), source.column(derived.column).to_pylist(), strict=True)
        values = {key: derived.rule(value) for key, value in pairs if key is not None and value}
    keys = rows[derived.table].column(derived.key).to_pylist()
    return pa.array([values.get(key) for key in keys], pa.string())
