"""The catalogues of source tables, one a dataset. That of MIMIC-IV has 41: 34 of patients, 7 dictionaries and lists."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from clinseek_assets.mimic.catalogue import cxr, ed, ehrxqa, hosp, icu, medmod, note
from clinseek_assets.mimic.tables import Table

# The order of modules breaks ties between events of the same second (ed before hosp before icu before note).
MODULES = ("ed", "hosp", "icu", "note")

TABLES: dict[str, Table] = {
    table.name: table for tables in (ed.TABLES, hosp.TABLES, icu.TABLES, note.TABLES) for table in tables
}
PATIENT_TABLES: dict[str, Table] = {name: table for name, table in TABLES.items() if table.of_patients}
DICTIONARIES: dict[str, Table] = {name: table for name, table in TABLES.items() if not table.of_patients}


@dataclass(frozen=True, eq=False)
class Catalogue:
    """The tables that a dataset's patient databases are made of: an allow-list of tables and columns.

    Attributes:
        dataset: `mimic_iv`, `ehrxqa` or `medmod`.
        tables: by name, in the order in which they stand in a database.
    """

    dataset: str
    tables: dict[str, Table]

    @cached_property
    def patient_tables(self) -> dict[str, Table]:
        """The tables whose rows belong to patients."""
        return {name: table for name, table in self.tables.items() if table.of_patients}


MIMIC_IV = Catalogue("mimic_iv", TABLES)
CATALOGUES: dict[str, Catalogue] = {
    MIMIC_IV.dataset: MIMIC_IV,
    "ehrxqa": Catalogue("ehrxqa", {table.name: table for table in ehrxqa.TABLES}),
    "medmod": Catalogue("medmod", {table.name: table for table in medmod.TABLES}),
}
CXR_TABLES: dict[str, Table] = {table.name: table for table in cxr.TABLES}
