"""What is there of the inputs: each dataset with its place, version, files, official source, and what its lack costs.

Only names, sizes and headers are looked at, and a small table's rows are counted where nothing else tells the version:
no table is read through, so that the answer comes at once.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from clinseek_assets.benchmark.subtasks import SUBTASKS
from clinseek_assets.faults import Fault
from clinseek_assets.locations.input import BROKEN, BY_NAME, MISSING, PARTIAL, PRESENT, Input, header_fault
from clinseek_assets.locations.multimodal_inputs import Asked, examine_multimodal
from clinseek_assets.locations.physionet import (
    MIMIC_IV,
    MIMIC_IV_DEMO,
    MIMIC_IV_ED,
    MIMIC_IV_NOTE,
    is_open_demo,
    version_in_path,
)
from clinseek_assets.locations.settings import MODULE_KEYS, Settings, release_kind, synthetic_bundle
from clinseek_assets.mimic.catalogue import TABLES
from clinseek_assets.mimic.code_classes import ICD9_PROCEDURES_URL, read_atc_classes, read_icd9
from clinseek_assets.mimic.source_files import SourceFile, find_source_files

RELEASE_URL = "https://huggingface.co/datasets/UCSC-VLAA/ClinSeek-Bench"
MODULE_DATASETS = {"hosp": MIMIC_IV, "icu": MIMIC_IV, "ed": MIMIC_IV_ED, "note": MIMIC_IV_NOTE}

# Module -> (a small table, its rows -> the version that has so many): the published row counts.
KNOWN_ROWS = {
    "hosp": ("patients", {364_627: "3.0 or 3.1", 299_712: "2.2"}),
    "icu": ("icustays", {94_458: "3.0 or 3.1", 73_181: "2.2"}),
    "ed": ("edstays", {425_087: "2.2"}),
}


@dataclass(frozen=True)
class Wanted:
    """What is looked for of an input that is not tables of MIMIC-IV.

    Attributes:
        attribute: of `Settings`.
        expected: name -> patterns below the root, any of which will do.
        reader: reads a file that is the input itself; it raises a fault where the file is not what it should be.
    """

    name: str
    setting: str
    attribute: str
    source: str
    costs: str
    expected: dict[str, tuple[str, ...]] = field(default_factory=dict)
    reader: Callable[[Path], object] | None = None


OTHERS = (
    Wanted(
        "EHR-Bench",
        "EHR_BENCH_ROOT",
        "ehr_bench_root",
        "https://github.com/MAGIC-AI4Med/EHR-R1",
        "Curated contexts come from the manifest's own `input` or are rendered from the patient databases.",
        {"questions (*.jsonl)": ("*.jsonl", "*/*.jsonl")},
    ),
    Wanted(
        "ATC classes by NDC",
        "CLINSEEK_ATC_CLASSES",
        "atc_classes",
        "a CSV file of your own with the columns ndc,name,atc_code,atc_name (WHO's index: https://atcddd.fhi.no)",
        "No question of prescriptions_atc and medrecon_atc can be built or found again.",
        reader=read_atc_classes,
    ),
    Wanted(
        "CCS classes of ICD-9 procedures",
        "CLINSEEK_CCS_ICD9_PROCEDURES",
        "ccs_icd9_procedures",
        ICD9_PROCEDURES_URL,
        "ICD-9 procedures have no CCS class: procedures_ccs is built from ICD-10 procedures alone.",
        reader=read_icd9,
    ),
)


def examine_inputs(settings: Settings, asked: Asked | None = None) -> list[Input]:
    """All inputs as they are on disk: the release, the four modules of MIMIC-IV, the other datasets.

    Args:
        settings: where they lie.
        asked: what the multimodal questions need of the sources; None where there are none.
    """
    modules = [examine_module(module, settings) for module in ("hosp", "icu", "ed", "note")]
    others = [examine_other(wanted, settings) for wanted in OTHERS]
    return [examine_release(settings), *modules, *others, *examine_multimodal(settings, asked)]


def examine_release(settings: Settings) -> Input:
    """The released text manifest."""
    path = settings.text_manifest
    named = "CLINSEEK_RELEASE_ROOT" in settings.origins
    # Where there is no such folder, the settings' own fault says so, and the root is one that nobody named.
    there = named and settings.release_root.is_dir()
    state = PRESENT if path.is_file() else BROKEN if named else MISSING
    fault = f"{settings.release_root} holds no {path.name}, neither itself nor in text/."
    return Input(
        "ClinSeek-Bench, text manifest",
        "CLINSEEK_RELEASE_ROOT",
        state,
        path if state == PRESENT else settings.release_root if there else None,
        version=release_kind(settings.release_root) if state == PRESENT else "",
        found=int(state == PRESENT),
        expected=1,
        lacking=() if state == PRESENT else (path.name,),
        faults=(fault,) if state == BROKEN and there else (),
        source=RELEASE_URL,
        costs="" if state == PRESENT else "Everything: without a manifest there are no questions.",
    )


def examine_module(module: str, settings: Settings) -> Input:
    """One module of MIMIC-IV: which of its tables are there, whether they open and have their columns."""
    folder = settings.mimic_roots.get(module)
    names = [table.name for table in TABLES.values() if table.module == module]
    files: dict[str, SourceFile] = {}
    if folder:
        files = find_source_files({module: folder}).files
    lacking = [name for name in names if name not in files]
    faults = [fault for source in files.values() if (fault := header_fault(source))]
    state = BROKEN if faults else MISSING if not files else PARTIAL if lacking else PRESENT
    version, outdated = module_version(module, folder, files) if folder else ("", "")
    notices = [notice for source in files.values() for notice in source.notices]
    dataset = MIMIC_IV_DEMO if folder and is_open_demo(folder) else MODULE_DATASETS[module]
    return Input(
        f"{dataset.title}: {module}",
        f"{MODULE_KEYS[module]} or MIMIC_IV_ROOT or PHYSIONET_ROOT",
        state,
        folder,
        version,
        found=len(files),
        expected=len(names),
        lacking=tuple(lacking),
        faults=tuple(faults),
        notices=tuple([*notices, outdated] if outdated else notices),
        source=dataset.url,
        costs=cost_of_tables(lacking),
    )


def cost_of_tables(lacking: list[str]) -> str:
    """What falls away without these tables, by the catalogue of subtasks."""
    if not lacking:
        return ""
    hang_on = [name for name, subtask in SUBTASKS.items() if subtask.trigger in lacking]
    without = "These tables stay empty in the patient databases"
    if not hang_on:
        return f"{without}."
    number = "one subtask" if len(hang_on) == 1 else f"{len(hang_on)} subtasks"
    return f"{without}, and no question of {number} can be built or found again: {', '.join(hang_on)}."


def module_version(module: str, folder: Path, files: Mapping[str, SourceFile]) -> tuple[str, str]:
    """The version of a module's data and how it was told, and a notice where the benchmark was made from another."""
    if synthetic_bundle(folder):
        return "synthetic", ""
    version = version_in_path(folder)
    if is_open_demo(folder):
        told = f"{version} ({BY_NAME})" if version else "unknown"
        return told, "The open demo holds 100 patients; the official release asks about 1,563 of the full dataset."
    how = BY_NAME
    if version is None and module in KNOWN_ROWS:
        table, versions = KNOWN_ROWS[module]
        version = versions.get(count_rows(files[table].path)) if table in files else None
        how = f"rows of {table}"
    if version is None:
        return "unknown", ""
    wanted = MODULE_DATASETS[module].versions[0]
    outdated = "" if wanted in version else f"The official release was made from version {wanted}, not {version}."
    return f"{version} ({how})", outdated


def count_rows(path: Path) -> int:
    """The lines of a small table below its header (none of its cells spans lines); -1 where it cannot be read."""
    try:
        with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as stream:
            return sum(1 for _ in stream) - 1
    except (OSError, EOFError, zlib.error):
        return -1


def examine_other(wanted: Wanted, settings: Settings) -> Input:
    """A dataset or file that is not tables of MIMIC-IV."""
    path: Path | None = getattr(settings, wanted.attribute)
    there = {name for name, patterns in wanted.expected.items() if path and any(any(path.glob(p)) for p in patterns)}
    lacking = tuple(name for name in wanted.expected if name not in there)
    faults = [fault] if path and (fault := fault_of(wanted, path, there)) else []
    state = MISSING if path is None else BROKEN if faults else PARTIAL if lacking else PRESENT
    return Input(
        wanted.name,
        wanted.setting,
        state,
        path,
        version=f"{version} ({BY_NAME})" if path and (version := version_in_path(path)) else "",
        found=len(there),
        expected=len(wanted.expected),
        lacking=lacking if path else (),
        faults=tuple(faults),
        source=wanted.source,
        costs="" if state == PRESENT else wanted.costs,
    )


def fault_of(wanted: Wanted, path: Path, there: set[str]) -> str | None:
    """Why a named dataset or file is of no use; None where it is of some."""
    if wanted.expected and not there:
        return f"{wanted.setting} names {path}, which holds nothing of {wanted.name}: {', '.join(wanted.expected)}."
    try:
        if wanted.reader:
            wanted.reader(path)
    except Fault as fault:
        return str(fault)
    return None
