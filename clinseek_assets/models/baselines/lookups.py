"""What a baseline that seeks looks up, as SQL over the tables of a record, and the found rows as events.

A lookup asks for several tables at once, in one shape: part (a block of the header, or an event), table, time, and the
columns that a curated context would show of it, one after another (`v1`, `v2`, …). So what is found can be read by the
very rules that read a context. Units, reference ranges and doses are passed over, since no rule reads them, and notes
are read from their beginning.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from clinseek_assets.benchmark.subtasks import SUBTASKS, Subtask
from clinseek_assets.contexts.display import DISPLAY, from_the_source
from clinseek_assets.contexts.timeline_text import Block
from clinseek_assets.mimic.catalogue import PATIENT_TABLES
from clinseek_assets.timeline.events import EVENT_TABLES

LOOK_BACK = timedelta(hours=24)
EARLIER_ROWS = 200  # of the kind that is asked about, from before the last day
CHARACTERS_OF_A_NOTE = 4_000

# Displayed columns that no rule reads; `status` is not served under `strict`, `admission_info` never is.
PASSED_OVER = frozenset(
    {
        *("valueuom", "ref_range_lower", "ref_range_upper", "warning"),
        *("amount", "amountuom", "rate", "rateuom", "prod_strength", "dose_val_rx", "dose_unit_rx"),
        *("dilution_text", "interpretation", "location", "locationcategory", "note_type"),
        *("status", "admission_info"),
    }
)
# Displayed columns that are not the table's own, as the tools name them.
LOOKED_UP = {"item_name": "t.label", "title": "t.long_title", "CCS Type": "t.ccs_name", "ATC Type": "t.atc_name"}
EXAMS = "radiology_detail"
EXAMS_JOINED = f" LEFT JOIN {EXAMS} d ON d.note_id = t.note_id AND d.field_name = 'exam_name'"
HEADER, EVENT = "header", "event"
HEADER_ORDER = ("patients", "discharge", "admissions")
NOTE = f"substr(t.text, 1, {CHARACTERS_OF_A_NOTE})"


# Tables whose rows get their time from another one (`s`), and that one's key.
TIMED_BY: Mapping[str, tuple[str, str, str]] = {
    "triage": ("edstays", "stay_id", "datetime(s.intime, '+1 second')"),
    "diagnosis": ("edstays", "stay_id", "s.outtime"),
    "diagnoses_icd": ("admissions", "hadm_id", "s.admittime"),
}


@dataclass(frozen=True)
class Found:
    """One row that was found.

    Attributes:
        header: whether it is a block that stands before the events.
        table: where it comes from.
        time: its time as the tool wrote it; "" where it has none.
        cells: title as in a context -> text, "" where it is missing.
    """

    header: bool
    table: str
    time: str
    cells: dict[str, str]


def columns_of(table: str) -> tuple[str, ...]:
    """The columns that are looked up of a table, as `DISPLAY` names them."""
    return tuple(column for column in DISPLAY[table].columns if column not in PASSED_OVER)


WIDTH = max(len(columns_of(table)) for table in DISPLAY)
VALUES = tuple(f"v{place}" for place in range(1, WIDTH + 1))

THEMES: Mapping[str, tuple[str, ...]] = {
    "measurements": ("triage", "vitalsign", "labevents", "chartevents", "omr"),
    "medicines": ("medrecon", "pyxis", "pharmacy", "prescriptions", "emar"),
    "care": ("edstays", "transfers", "services", "poe", "icustays", "procedureevents", "procedures_icd", "diagnosis"),
    "fluids and lines": ("inputevents", "ingredientevents", "outputevents", "datetimeevents"),
    "findings": ("microbiologyevents", "radiology", "discharge"),
}
"""What is looked up of the last day, each theme in one statement."""


def statements(subtask: str, tables: Collection[str], moment: datetime) -> list[str]:
    """The statements that gather the evidence of a question.

    Args:
        subtask: the question's subtask.
        tables: the tables that the record has.
        moment: the question's moment.

    Returns:
        SQL with the columns `part`, `table`, `time` and `VALUES`, the latest rows first: who the patient is, the last
        day by theme, and for a decision the earlier events of the kind that is asked about.
    """
    start = moment - LOOK_BACK
    tables = {table for table in tables if table not in TIMED_BY or TIMED_BY[table][0] in tables}
    last_day = [
        [_events(table, tables, f"{_time(table)} >= '{start}'") for table in theme if table in tables]
        for theme in THEMES.values()
    ]
    return [
        _header(start, tables),
        *(" UNION ALL ".join(selects) + " ORDER BY time DESC" for selects in last_day if selects),
        *_earlier(SUBTASKS[subtask], start, tables),
    ]


def _select(part: str, table: str, tables: Collection[str]) -> str:
    """A table's rows in the common shape."""
    with_exams = table == "radiology" and EXAMS in tables
    values = [_expression(table, column, with_exams) for column in columns_of(table)]
    values += ["NULL"] * (WIDTH - len(values))
    named = ", ".join(f"{value} AS {name}" for value, name in zip(values, VALUES, strict=True))
    joined = EXAMS_JOINED if with_exams else _time_joined(table)
    return f"SELECT '{part}' AS part, '{table}' AS \"table\", {_time(table)} AS time, {named} FROM {table} t{joined}"


def _events(table: str, tables: Collection[str], condition: str) -> str:
    return f"{_select(EVENT, table, tables)} WHERE {condition}"


def _expression(table: str, column: str, with_exams: bool) -> str:
    if column == "exam_name":
        return "d.field_value" if with_exams else "NULL"
    if column == "text":  # of a report on several exams once
        return f"CASE WHEN d.field_ordinal > 1 THEN NULL ELSE {NOTE} END" if with_exams else NOTE
    return f"t.{column}" if from_the_source(table, column) else LOOKED_UP[column]


def _time(table: str) -> str:
    if table in TIMED_BY:
        return TIMED_BY[table][2]
    if table == "microbiologyevents":  # a culture without a time has a date
        return "coalesce(t.charttime, t.chartdate)"
    event_time = PATIENT_TABLES[table].event_time
    return f"t.{event_time}" if event_time else "NULL"


def _time_joined(table: str) -> str:
    if table not in TIMED_BY:
        return ""
    other, key, _ = TIMED_BY[table]
    return f" JOIN {other} s ON s.{key} = t.{key}"


def _header(start: datetime, tables: Collection[str]) -> str:
    """Demographics, the last discharge note from before the last day, and the admission of the last day."""
    selects = [_select(HEADER, "patients", tables)]
    if "discharge" in tables:
        selects.append(_newest("discharge", tables, f"t.charttime < '{start}'"))
    if "admissions" in tables:
        selects.append(_newest("admissions", tables, f"t.dischtime IS NULL OR t.dischtime >= '{start}'"))
    return " UNION ALL ".join(selects)


def _newest(table: str, tables: Collection[str], condition: str) -> str:
    return f"SELECT * FROM ({_select(HEADER, table, tables)} WHERE {condition} ORDER BY time DESC LIMIT 1)"


def _earlier(asked: Subtask, start: datetime, tables: Collection[str]) -> list[str]:
    """The latest events of the target's kind that no theme has; of a risk, or of any kind, there are none."""
    if not asked.target or asked.trigger not in tables:
        return []
    in_a_theme = any(asked.trigger in theme for theme in THEMES.values())
    condition = f"{_time(asked.trigger)} < '{start}'" if in_a_theme else "TRUE"
    return [f"{_events(asked.trigger, tables, condition)} ORDER BY time DESC LIMIT {EARLIER_ROWS}"]


def found_in(rows: Iterable[Mapping[str, str | None]]) -> list[Found]:
    """The rows of a statement's answer."""
    found = []
    for row in rows:
        table = row["table"] or ""
        cells = {column.title(): row[name] or "" for column, name in zip(columns_of(table), VALUES, strict=False)}
        found.append(Found(row["part"] == HEADER, table, row["time"] or "", cells))
    return found


def blocks_of(found: Iterable[Found]) -> list[Block]:
    """Found rows as a context's blocks: the header in its order, then the events in the benchmark's order.

    Consecutive rows of one table are one event.
    """
    rows = list(found)
    header = sorted((row for row in rows if row.header), key=lambda row: HEADER_ORDER.index(row.table))
    events = sorted((row for row in rows if not row.header), key=lambda row: (row.time, EVENT_TABLES.index(row.table)))
    joined = (list(group) for _, group in groupby(events, key=lambda row: row.table))
    return [_block(rows) for rows in (*([row] for row in header), *joined)]


def _block(rows: Sequence[Found]) -> Block:
    first = rows[0]
    start = datetime.fromisoformat(first.time) if first.time else None
    return Block(first.table, start, tuple(row.cells for row in rows))
