"""The patients that are considered: their rows out of a MIMIC-IV root, and the reference tables beside them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from clinseek_assets.construction.candidates import seeded
from clinseek_assets.faults import SourceFault
from clinseek_assets.mimic.extraction import extract_table, extract_tables
from clinseek_assets.mimic.source_files import SourceInventory, find_source_files
from clinseek_assets.records.reference_tables import build_reference_tables
from clinseek_assets.timeline.rows import patients_of

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Pool:
    """What questions are built from.

    Attributes:
        tables: table name -> Parquet file of the considered patients' rows.
        reference_db: the reference tables.
        patients: how many patients are considered.
        patients_of_root: how many the root has.
        missing: table name -> why it is not there.
        notices: what a reader should know about the source files.
    """

    tables: dict[str, Path]
    reference_db: Path
    patients: int
    patients_of_root: int
    missing: dict[str, str]
    notices: list[str]


def extract_pool(
    module_roots: Mapping[str, Path],
    folder: Path,
    *,
    most_patients: int,
    seed: int,
    atc_classes: Path | None,
    ccs_icd9_procedures: Path | None = None,
    progress: Progress | None = None,
) -> Pool:
    """Extract the rows of at most so many patients, a seeded draw, and build the reference tables.

    What an earlier run left in `folder` is taken where nothing has changed.

    Args:
        module_roots: module (`hosp`, `icu`, `ed`, `note`) -> its folder.
        folder: where the Parquet files and the reference tables are kept.
        most_patients: how many patients to consider at most.
        seed: decides which.
        atc_classes: the mapping of medicines to ATC classes, or None.
        ccs_icd9_procedures: AHRQ's file of the CCS classes of ICD-9 procedures, or None.
        progress: told how far the extraction is, in bytes.

    Raises:
        SourceFault: there is no patients table, or a source file is damaged. A manifest built without a damaged
            table would have other answers, so none is built.
    """
    tell = progress or (lambda stage, done, total: None)
    inventory = find_source_files(module_roots)
    everyone = _everyone(inventory, folder)
    cohort = _drawn(everyone, most_patients, seed)
    extracted = extract_tables(
        inventory,
        cohort,
        lambda table: folder / table.module / f"{table.name}.parquet",
        progress=lambda done, total: tell("extracting source tables", done, total),
    )
    for fault in extracted.faults.values():
        raise fault
    reference_db = folder / "reference_table.db"
    build_reference_tables(
        extracted.paths, reference_db, atc_classes=atc_classes, ccs_icd9_procedures=ccs_icd9_procedures
    )
    return Pool(
        tables=extracted.paths,
        reference_db=reference_db,
        patients=len(cohort),
        patients_of_root=len(everyone),
        missing=inventory.missing,
        notices=inventory.notices,
    )


def _everyone(inventory: SourceInventory, folder: Path) -> list[int]:
    if "patients" not in inventory.files:
        raise SourceFault(
            inventory.missing["patients"], mend="Name the folder that holds hosp/ with patients.csv or patients.csv.gz."
        )
    whole = extract_table(inventory.files["patients"], None, folder / "everyone.parquet")
    everyone = patients_of({"patients": whole.path})
    if not everyone:
        raise SourceFault("The table patients has no row.", mend="Check the MIMIC-IV root that was named.")
    return everyone


def _drawn(everyone: list[int], most_patients: int, seed: int) -> list[int]:
    if most_patients >= len(everyone):
        return everyone
    return sorted(seeded(seed, "patients").sample(everyone, most_patients))
