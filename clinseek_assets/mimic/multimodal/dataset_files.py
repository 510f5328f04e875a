"""Which files of MIMIC-CXR-JPG, EHRXQA and MedMod are there, where PhysioNet or their own scripts put them.

Only names that the catalogues know are looked for, so label tables and stray files play no part.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from clinseek_assets.mimic.catalogue import CATALOGUES, CXR_TABLES
from clinseek_assets.mimic.source_files import SUFFIXES, SourceFile, SourceInventory, newest_of
from clinseek_assets.mimic.tables import Table

# Both versions of MIMIC-CXR-JPG on PhysioNet name their lists 2.0.0; copies named after version 2.1.0 are about.
CXR_LIST_VERSIONS = ("2.0.0", "2.1.0")
CXR_PLACES = ("", "2.0.0", "2.1.0", "mimic-cxr-jpg/2.0.0", "mimic-cxr-jpg/2.1.0", "mimic-cxr/2.0.0")
# MedMod's own split of the images, which its users put beside the lists.
EHR_SPLIT = "mimic-cxr-ehr-split"
# A package of the dataset before what its own scripts leave.
EHRXQA_PLACES = ("ehrxqa", "", "1.0.0/ehrxqa", "1.0.0")
EHRXQA_TABLES = ("database/gold", "database/mimic_iv_cxr/test")
EHRXQA_QUESTIONS = ("dataset/test.json", "dataset/mimic_iv_cxr/test.json")
MEDMOD_SUBJECTS = ("data_full/root", "root")
MEDMOD_PARTS = ("test", "train")
EXTRACTED = ("events", "stays")  # what is read of a patient's folder
# The part in between has several names, in qids as in the names of list files.
VALIDATION = ("validate", "val", "valid", "validation")


@dataclass(frozen=True)
class DatasetRoots:
    """The folders that a user named, each None where nothing is."""

    mimic_cxr: Path | None = None
    mimic_cxr_jpg: Path | None = None
    ehrxqa: Path | None = None
    medmod: Path | None = None


@dataclass(frozen=True)
class DatasetFiles:
    """What was found below the named folders.

    Attributes:
        roots: the folders.
        tables: `<dataset>/<table>` -> its file, of `mimic_cxr` and `ehrxqa`.
        subjects: the folder of MedMod's extracted patients, or None.
        missing: `<dataset>/<table>` -> why it cannot be read, in one sentence.
        notices: what a reader should know about the choice of files.
    """

    roots: DatasetRoots
    tables: dict[str, SourceFile]
    subjects: Path | None
    missing: dict[str, str]
    notices: tuple[str, ...]


def find_dataset_files(roots: DatasetRoots) -> DatasetFiles:
    """Look for all tables of the multimodal split's catalogues."""
    lists, ehrxqa = find_cxr_lists(roots), find_ehrxqa_tables(roots.ehrxqa)
    found = {"mimic_cxr": lists, "ehrxqa": ehrxqa}
    tables = {f"{dataset}/{name}": source for dataset, each in found.items() for name, source in each.files.items()}
    missing = {f"{dataset}/{name}": reason for dataset, each in found.items() for name, reason in each.missing.items()}
    subjects = find_medmod_subjects(roots.medmod)
    if subjects is None:
        wanted = f"{MEDMOD_SUBJECTS[0]}/{{{','.join(MEDMOD_PARTS)}}}/"
        missing |= dict.fromkeys(
            map("medmod/{}".format, EXTRACTED), _why_missing(wanted, (roots.medmod,), "MEDMOD_ROOT")
        )
    if "mimic_cxr/metadata" in missing:  # the times and views of the linked studies
        missing["medmod/tb_cxr"] = missing["mimic_cxr/metadata"]
    return DatasetFiles(roots, tables, subjects, missing, (*lists.notices, *ehrxqa.notices))


def find_cxr_lists(roots: DatasetRoots) -> SourceInventory:
    """The lists `metadata`, `chexpert` and `split`: below the root of MIMIC-CXR-JPG, else below that of MIMIC-CXR."""
    inventory = SourceInventory()
    places = [root / place for root in (roots.mimic_cxr_jpg, roots.mimic_cxr) if root for place in CXR_PLACES]
    for name, table in CXR_TABLES.items():
        for place in places:
            if source := _cxr_list(table, place):
                _add(inventory, source)
                break
        else:
            names = f"mimic-cxr-2.0.0-{name}.csv.gz (or .csv)"
            inventory.missing[name] = _why_missing(names, (roots.mimic_cxr_jpg, roots.mimic_cxr), "MIMIC_CXR_JPG_ROOT")
    return inventory


def _cxr_list(table: Table, place: Path) -> SourceFile | None:
    found = [
        source for version in CXR_LIST_VERSIONS if (source := _file(table, place, f"mimic-cxr-{version}-{table.name}"))
    ]
    if len(found) < 2:
        return found[0] if found else None
    first, other = found
    notice = f"{first.path.name} is read; {other.path.name} beside it is left alone."
    return SourceFile(first.table, first.path, (*first.notices, notice))


def find_ehr_split(roots: DatasetRoots) -> SourceFile | None:
    """MedMod's split of the images (`mimic-cxr-ehr-split.csv`), in MedMod's folder or beside the lists."""
    medmod = [roots.medmod] if roots.medmod else []
    places = [root / place for root in (roots.mimic_cxr_jpg, roots.mimic_cxr) if root for place in CXR_PLACES]
    return next(
        (source for place in [*medmod, *places] if (source := _file(CXR_TABLES["split"], place, EHR_SPLIT))), None
    )


def find_ehrxqa_tables(root: Path | None) -> SourceInventory:
    """The 18 tables that are read of EHRXQA's gold database: all of one folder, so that no two builds are mixed."""
    tables = CATALOGUES["ehrxqa"].tables
    inventory = SourceInventory()
    folder = next((place for place in _ehrxqa_folders(root) if _file(tables["tb_cxr"], place, "tb_cxr")), None)
    for name, table in tables.items():
        source = _file(table, folder, name) if folder else None
        if source:
            _add(inventory, source)
        elif folder:
            inventory.missing[name] = f"There is no {name}.csv or {name}.csv.gz in {folder}."
        else:
            wanted = f"ehrxqa/{EHRXQA_TABLES[0]}/tb_cxr.csv"
            inventory.missing[name] = _why_missing(wanted, (root,), "EHRXQA_ROOT")
    return inventory


def _ehrxqa_folders(root: Path | None) -> Iterator[Path]:
    if root:
        yield from (root / place / tables for place in EHRXQA_PLACES for tables in EHRXQA_TABLES)


def find_ehrxqa_questions(root: Path | None) -> Path | None:
    """EHRXQA's questions with their answers, `test.json`; None where they are not there."""
    places = (root / place / name for place in EHRXQA_PLACES for name in EHRXQA_QUESTIONS) if root else ()
    return next((path for path in places if path.is_file()), None)


def find_medmod_subjects(root: Path | None) -> Path | None:
    """The folder of MedMod's extracted patients, which holds `test/` and `train/`; None where there is none."""
    places = [root / place for place in MEDMOD_SUBJECTS] if root else []
    return next((place for place in places if any((place / part).is_dir() for part in MEDMOD_PARTS)), None)


def find_medmod_list(root: Path | None, table: Table, task: str, part: str) -> SourceFile | None:
    """One of MedMod's list files of labels.

    Args:
        root: MedMod's folder.
        table: the catalogue entry of that task's list file.
        task: as MedMod calls it, e.g. `in-hospital-mortality`.
        part: the part of the data as a qid calls it: `test`, `train`, `validate`, ...
    """
    if root is None:
        return None
    names = VALIDATION if part in VALIDATION else (part,)
    places = [(root / folder / task, f"{name}_listfile") for folder in ("mml-ssl-full", "data_full") for name in names]
    places += [(root / "data_full" / task / part, "listfile")]
    return next((source for folder, name in places if (source := _file(table, folder, name))), None)


def _file(table: Table, folder: Path, name: str) -> SourceFile | None:
    """The `.csv` or `.csv.gz` of that name in a folder; of both the newer."""
    there = [path for suffix in SUFFIXES if (path := folder / f"{name}{suffix}").is_file()]
    return newest_of(table, there) if there else None


def _add(inventory: SourceInventory, source: SourceFile) -> None:
    inventory.files[source.table.name] = source
    inventory.notices.extend(source.notices)


def _why_missing(names: str, roots: Iterable[Path | None], setting: str) -> str:
    named = [str(root) for root in roots if root]
    if not named:
        return f"No folder is named as {setting}."
    return f"There is no {names} below {' or '.join(named)}."
