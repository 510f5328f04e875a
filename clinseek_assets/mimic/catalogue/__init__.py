"""The catalogue of the 41 source tables: 34 of patients, 7 dictionaries and lists."""

from __future__ import annotations

from clinseek_assets.mimic.catalogue import ed, hosp, icu, note
from clinseek_assets.mimic.tables import Table

# The order of modules breaks ties between events of the same second (ed before hosp before icu before note).
MODULES = ("ed", "hosp", "icu", "note")

TABLES: dict[str, Table] = {
    table.name: table for tables in (ed.TABLES, hosp.TABLES, icu.TABLES, note.TABLES) for table in tables
}
PATIENT_TABLES: dict[str, Table] = {name: table for name, table in TABLES.items() if table.of_patients}
DICTIONARIES: dict[str, Table] = {name: table for name, table in TABLES.items() if not table.of_patients}
