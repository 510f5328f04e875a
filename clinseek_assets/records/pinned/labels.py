"""Readable names of codes, appended to the views of a pinned record; a statement that asks for none pays for none."""

from __future__ import annotations

from dataclasses import dataclass

from clinseek_assets.mimic.catalogue import Catalogue

REFERENCE = "ref"
"""The schema that the reference database is attached as."""
NORMALISED_NDC = "__pin_ndc"
"""The function that writes a national drug code as the reference database has it."""


@dataclass(frozen=True)
class LabelColumn:
    """A column that is looked up.

    Attributes:
        name: how the view calls it.
        dictionary: a table of the reference database.
        column: its column that is shown.
        keys: the dictionary's column -> an expression over the row, `{row}` being the row's alias.
        unique: whether the dictionary has one row a key; else the first in its order stands.
    """

    name: str
    dictionary: str
    column: str
    keys: tuple[tuple[str, str], ...]
    unique: bool = True

    def lookup(self, row: str) -> str:
        """The expression that reads the name, NULL where there is none."""
        where = " AND ".join(f'd."{theirs}" = {ours.format(row=row)}' for theirs, ours in self.keys)
        order = "" if self.unique else " ORDER BY d.rowid LIMIT 1"
        return f'(SELECT d."{self.column}" FROM {REFERENCE}."{self.dictionary}" AS d WHERE {where}{order})'


_ITEM = (("itemid", '{row}."itemid"'),)
_ICD = (("icd_code", '{row}."icd_code"'), ("icd_version", '{row}."icd_version"'))
_NDC = (("ndc", f'{NORMALISED_NDC}({{row}}."ndc")'),)

_LAB = (LabelColumn("label", "d_labitems", "label", _ITEM),)
_ICU = (LabelColumn("label", "d_items", "label", _ITEM),)
_ATC = (LabelColumn("atc_name", "d_atc_prescriptions", "atc_name", _NDC, unique=False),)

LABELS: dict[str, tuple[LabelColumn, ...]] = {
    "labevents": _LAB,
    "chartevents": _ICU,
    "datetimeevents": _ICU,
    "ingredientevents": _ICU,
    "inputevents": _ICU,
    "outputevents": _ICU,
    "procedureevents": _ICU,
    "diagnoses_icd": (
        LabelColumn("long_title", "d_icd_diagnoses", "long_title", _ICD),
        LabelColumn("ccs_name", "d_ccs_diagnoses", "ccs_name", _ICD),
    ),
    "procedures_icd": (
        LabelColumn("long_title", "d_icd_procedures", "long_title", _ICD),
        LabelColumn("ccs_name", "d_ccs_procedures", "ccs_name", _ICD),
    ),
    "diagnosis": (LabelColumn("ccs_name", "d_ccs_diagnoses", "ccs_name", _ICD),),
    "hcpcsevents": (LabelColumn("long_description", "d_hcpcs", "long_description", (("code", '{row}."hcpcs_cd"'),)),),
    "prescriptions": _ATC,
    "medrecon": _ATC,
}
"""Table of MIMIC-IV -> its label columns."""


def catalogue_labels(catalogue: Catalogue) -> dict[str, tuple[LabelColumn, ...]]:
    """Table -> the label columns that a catalogue names: the titles of the dictionaries that explain its codes."""
    return {
        table.name: tuple(
            LabelColumn(
                label.title, label.dictionary, label.title, tuple((code, f'{{row}}."{code}"') for code in label.columns)
            )
            for label in table.labels
        )
        for table in catalogue.patient_tables.values()
        if table.labels
    }
