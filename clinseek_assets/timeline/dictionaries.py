"""What codes mean: item labels, ICD titles, CCS and ATC classes, out of the reference database."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from clinseek_assets.faults import DatabaseFault

Code = tuple[str, int]
"""An ICD code without spaces, and its version (9 or 10)."""

NDC_DIGITS = 11


def normalised_ndc(ndc: str | int | float | None) -> str | None:
    """A national drug code as 11 digits (`4` -> `00000000004`), or None where there is no code (empty, 0, no number).

    The published server takes the integer part and pads it with zeros; so does this.
    """
    if ndc is None:
        return None
    digits = str(ndc).strip().partition(".")[0]
    if not digits.isdecimal() or int(digits) == 0:
        return None
    return digits.zfill(NDC_DIGITS)


@dataclass(frozen=True)
class Dictionaries:
    """Readable names of codes; an unknown code has none.

    Attributes:
        lab_items, icu_items: itemid -> label of `d_labitems` and `d_items`.
        diagnoses, procedures: ICD code -> title.
        ccs_diagnoses, ccs_procedures: ICD code -> name of its CCS class.
        atc: 11-digit NDC -> ATC class name; empty where the user gave no mapping.
        lab_groups, icu_groups: label -> the group that its neighbours are sought in (fluid and category; category).
        atc_groups: ATC class name -> first letter of its code (the anatomical main group).
    """

    lab_items: Mapping[int, str] = field(default_factory=dict)
    icu_items: Mapping[int, str] = field(default_factory=dict)
    diagnoses: Mapping[Code, str] = field(default_factory=dict)
    procedures: Mapping[Code, str] = field(default_factory=dict)
    ccs_diagnoses: Mapping[Code, str] = field(default_factory=dict)
    ccs_procedures: Mapping[Code, str] = field(default_factory=dict)
    atc: Mapping[str, str] = field(default_factory=dict)
    lab_groups: Mapping[str, str] = field(default_factory=dict)
    icu_groups: Mapping[str, str] = field(default_factory=dict)
    atc_groups: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def load(cls, reference_db: Path) -> Dictionaries:
        """Read the reference database (`records/reference_tables.py` writes it).

        Raises:
            DatabaseFault: the file is missing or lacks one of its tables.
        """
        mend = "Build the reference tables first (they come from the hosp and icu dictionaries)."
        if not reference_db.is_file():
            raise DatabaseFault("The reference database is missing.", mend=mend)
        try:
            with closing(sqlite3.connect(f"{reference_db.resolve().as_uri()}?mode=ro", uri=True)) as connection:
                return cls._read(connection)
        except sqlite3.Error as error:
            raise DatabaseFault(f"The reference database cannot be read ({type(error).__name__}).", mend=mend) from None

    @classmethod
    def _read(cls, connection: sqlite3.Connection) -> Dictionaries:
        labs = connection.execute("SELECT itemid, label, fluid, category FROM d_labitems").fetchall()
        items = connection.execute("SELECT itemid, label, category FROM d_items").fetchall()
        atc = connection.execute("SELECT ndc, atc_name, atc_code FROM d_atc_prescriptions").fetchall()
        return cls(
            lab_items={itemid: label for itemid, label, _, _ in labs if label},
            icu_items={itemid: label for itemid, label, _ in items if label},
            diagnoses=_of_codes(connection, "d_icd_diagnoses", "long_title"),
            procedures=_of_codes(connection, "d_icd_procedures", "long_title"),
            ccs_diagnoses=_of_codes(connection, "d_ccs_diagnoses", "ccs_name"),
            ccs_procedures=_of_codes(connection, "d_ccs_procedures", "ccs_name"),
            atc={key: name for ndc, name, _ in atc if name and (key := normalised_ndc(ndc))},
            lab_groups={label: f"{fluid}/{category}" for _, label, fluid, category in labs if label},
            icu_groups={label: category for _, label, category in items if label and category},
            atc_groups={name: code[0] for _, name, code in atc if name and code},
        )


def _of_codes(connection: sqlite3.Connection, table: str, column: str) -> dict[Code, str]:
    rows = connection.execute(f"SELECT icd_code, icd_version, {column} FROM {table}")
    return {(code.strip(), version): name for code, version, name in rows if code and name}
