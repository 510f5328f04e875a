"""The three columns that the published patient databases add to MIMIC's: name, type and meaning, by table."""

from __future__ import annotations

from clinseek_assets.mimic.tables import Column, ColumnType

DERIVED_COLUMNS: dict[str, Column] = {
    "admissions": Column(
        "text", ColumnType.TEXT, False, "derived: the stay's discharge summary up to its heading «Physical Exam»"
    ),
    "diagnoses_icd": Column(
        "charttime", ColumnType.DATETIME, False, "derived: one minute before the hospital stay's dischtime"
    ),
    "diagnosis": Column(
        "charttime", ColumnType.DATETIME, False, "derived: one minute before the emergency department stay's outtime"
    ),
}
