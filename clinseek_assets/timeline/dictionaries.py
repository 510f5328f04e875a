"""What codes mean: item labels, ICD titles, CCS and ATC classes, out of the reference database."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path

from clinseek_assets.faults import DatabaseFault
from clinseek_assets.mimic.code_classes import icd_key, normalised_ndc

Code = tuple[str, int]
"""An ICD code as `icd_key` writes it, and its version (9 or 10)."""


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

    def atc_class(self, ndc: str | None) -> str | None:
        """The ATC class of a national drug code as a source table writes it, or None."""
        key = _normalised(ndc or "")
        return self.atc.get(key) if key else None

    @cached_property
    def diagnosis_groups(self) -> dict[str, str]:
        """Case-folded title of a diagnosis -> where the ICD has it."""
        return {title.casefold(): icd_group(code) for code, title in self.diagnoses.items()}

    @cached_property
    def procedure_groups(self) -> dict[str, str]:
        """Case-folded title of a procedure -> where the ICD has it."""
        return {title.casefold(): icd_group(code) for code, title in self.procedures.items()}

    @cached_property
    def diagnosis_class_groups(self) -> dict[str, str]:
        """CCS class of diagnoses -> where the ICD has most of its codes."""
        return _majority(self.ccs_diagnoses)

    @cached_property
    def procedure_class_groups(self) -> dict[str, str]:
        """CCS class of procedures -> where the ICD has most of its codes."""
        return _majority(self.ccs_procedures)

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
            # Of several classes of one medicine the first in the file's order stands.
            atc={ndc: name for ndc, name, _ in reversed(atc) if name},
            lab_groups={label: f"{fluid}/{category}" for _, label, fluid, category in labs if label},
            icu_groups={label: category for _, label, category in items if label and category},
            atc_groups={name: code[0] for _, name, code in atc if name and code},
        )


def icd_group(code: Code) -> str:
    """The group of codes that share version and first character: about a chapter of the ICD."""
    return f"{code[1]}/{code[0][0]}"


def _majority(classes: Mapping[Code, str]) -> dict[str, str]:
    groups: dict[str, Counter[str]] = {}
    for code, name in classes.items():
        groups.setdefault(name, Counter())[icd_group(code)] += 1
    return {name: min(counts, key=lambda group: (-counts[group], group)) for name, counts in groups.items()}


_normalised = lru_cache(maxsize=1 << 16)(normalised_ndc)


def _of_codes(connection: sqlite3.Connection, table: str, column: str) -> dict[Code, str]:
    rows = connection.execute(f"SELECT icd_code, icd_version, {column} FROM {table}")
    return {(icd_key(code), version): name for code, version, name in rows if code and name}
