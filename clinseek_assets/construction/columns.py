"""The columns that building a manifest reads, by table: the rest of a row is never loaded."""

from __future__ import annotations

from clinseek_assets.benchmark.subtasks import SUBTASKS
from clinseek_assets.contexts.display import DISPLAY
from clinseek_assets.mimic.catalogue import PATIENT_TABLES
from clinseek_assets.mimic.tables import Table
from clinseek_assets.timeline.events import EVENT_TABLES

# What order, windows, labels and readable names are made from, wherever a table has it.
_STRUCTURE = frozenset(
    {
        *("hadm_id", "stay_id", "note_id", "itemid", "icd_code", "icd_version", "ndc"),
        *("charttime", "chartdate", "intime", "outtime", "admittime", "dischtime", "deathtime", "dod"),
        *("field_name", "field_value", "field_ordinal"),
    }
)

_TABLES = ("patients", *EVENT_TABLES, "radiology_detail")


def _needed(table: Table) -> tuple[str, ...]:
    shown = DISPLAY[table.name].columns if table.name in DISPLAY else ()
    targets = {subtask.target for subtask in SUBTASKS.values() if subtask.trigger == table.name}
    wanted = {*_STRUCTURE, *shown, *targets, table.event_time}
    return tuple(name for name in table.column_names if name in wanted)


NEEDED_COLUMNS: dict[str, tuple[str, ...]] = {name: _needed(PATIENT_TABLES[name]) for name in _TABLES}
