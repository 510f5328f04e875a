"""What is there of the multimodal split's inputs: its manifest, MIMIC-CXR, MIMIC-CXR-JPG, EHRXQA and MedMod.

Where the manifest can be read, a dataset is held against what its questions need: the linked X-rays and reports, and
the folders of their patients, not the 377,110 images that the whole of it has.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from clinseek_assets.benchmark.groups import MEDMOD as MEDMOD_ROWS
from clinseek_assets.benchmark.groups import ROWS
from clinseek_assets.benchmark.questions import Question
from clinseek_assets.faults import Fault
from clinseek_assets.locations.dataset_versions import DatasetVersions, mismatches, versions_of
from clinseek_assets.locations.input import BROKEN, MISSING, PARTIAL, PRESENT, Input, header_fault
from clinseek_assets.locations.physionet import EHRXQA, MIMIC_CXR, MIMIC_CXR_JPG
from clinseek_assets.locations.settings import Settings, release_kind
from clinseek_assets.mimic.catalogue import CATALOGUES, CXR_TABLES
from clinseek_assets.mimic.extraction import rows_with
from clinseek_assets.mimic.multimodal.dataset_files import (
    CXR_PLACES,
    EXTRACTED,
    DatasetRoots,
    find_cxr_lists,
    find_ehrxqa_questions,
    find_ehrxqa_tables,
    find_medmod_list,
    find_medmod_subjects,
)
from clinseek_assets.mimic.multimodal.medmod_folders import find_subject_files
from clinseek_assets.mimic.multimodal.medmod_lists import LIST_FILES, find_list_files
from clinseek_assets.mimic.multimodal.radiology_reports import ReportTexts
from clinseek_assets.mimic.source_files import SourceFile

RELEASE_URL = "https://huggingface.co/datasets/UCSC-VLAA/ClinSeek-Bench"
MEDMOD_URL = "https://github.com/nyuad-cai/MedMod"
SPLIT = "The multimodal split: "


@dataclass(frozen=True)
class Asked:
    """What the multimodal questions need of the sources.

    Attributes:
        questions: the manifest's rows.
        images, reports: how many different linked files are there, and how many there are to be.
    """

    questions: Sequence[Question]
    images: tuple[int, int]
    reports: tuple[int, int]

    def of(self, dataset: str) -> list[Question]:
        """The questions of one dataset."""
        return [question for question in self.questions if question.dataset == dataset]


@dataclass(frozen=True)
class Dataset:
    """A dataset as the table of inputs tells of it; `costs` is what falls away without it."""

    name: str
    setting: str
    source: str
    costs: str


REPORTS = Dataset("MIMIC-CXR", "MIMIC_CXR_ROOT or PHYSIONET_ROOT", MIMIC_CXR.url, "reports.")
IMAGES = Dataset(
    "MIMIC-CXR-JPG",
    "MIMIC_CXR_JPG_ROOT or PHYSIONET_ROOT",
    MIMIC_CXR_JPG.url,
    "all chest X-rays, and when they were taken.",
)
EHRXQA_TABLES = Dataset(
    "EHRXQA", "EHRXQA_ROOT or PHYSIONET_ROOT", EHRXQA.url, "the patient databases of its EHRXQA rows."
)
MEDMOD_FOLDERS = Dataset("MedMod", "MEDMOD_ROOT", MEDMOD_URL, "the patient databases of its MedMod rows.")


@dataclass(frozen=True)
class Part:
    """Some files that belong together: how many there are, how many there are to be, and the names of those lacking."""

    found: int
    expected: int
    lacking: tuple[str, ...] = ()


def examine_multimodal(settings: Settings, asked: Asked | None) -> list[Input]:
    """The five inputs of the multimodal split as they are on disk."""
    versions = versions_of(settings)
    return [
        _manifest(settings),
        _reports(settings, asked, versions),
        _images(settings, asked, versions),
        _ehrxqa(settings, versions),
        _medmod(settings, asked, versions),
    ]


def _manifest(settings: Settings) -> Input:
    path = settings.multimodal_manifest
    there = path.is_file()
    return Input(
        "ClinSeek-Bench, multimodal manifest",
        "CLINSEEK_RELEASE_ROOT",
        PRESENT if there else MISSING,
        path if there else None,
        version=release_kind(settings.release_root) if there else "",
        found=int(there),
        expected=1,
        lacking=() if there else (path.name,),
        source=RELEASE_URL,
        costs="" if there else f"{SPLIT}its {ROWS} questions.",
    )


def _reports(settings: Settings, asked: Asked | None, versions: DatasetVersions) -> Input:
    root = settings.mimic_cxr_root
    faults: list[str] = []
    parts = [Part(0, 1)]
    if root:
        try:
            ReportTexts.of(root)
            parts = [Part(1, 1)]
        except Fault as fault:
            faults.append(str(fault))
    if asked and asked.reports[1]:
        parts = [_linked(asked.reports, "reports")]
    return _input(REPORTS, root, versions.mimic_cxr, parts, faults)


def _images(settings: Settings, asked: Asked | None, versions: DatasetVersions) -> Input:
    root = settings.mimic_cxr_jpg_root
    lists = find_cxr_lists(_roots(settings))
    parts = [Part(len(lists.files), len(CXR_TABLES), tuple(lists.missing))]
    if asked:
        parts.append(_linked(asked.images, "X-rays"))
    elif root:
        there = any((root / place / "files").is_dir() for place in CXR_PLACES)
        parts.append(Part(int(there), 1, () if there else ("files/",)))
    faults = _header_faults(lists.files.values())
    if asked and not faults and "metadata" in lists.files:
        faults += _unlisted(lists.files["metadata"], asked)
    if root and not any(part.found for part in parts):
        faults.append(f"MIMIC_CXR_JPG_ROOT names {root}, which holds neither X-rays nor their lists.")
    place = root or next((source.path.parent for source in lists.files.values()), None)
    notices = [*lists.notices, *mismatches(versions)]
    return _input(IMAGES, place, versions.mimic_cxr_jpg, parts, faults, notices)


def _unlisted(metadata: SourceFile, asked: Asked) -> list[str]:
    """Why the list of images is not that of the questions; the whole list is read for it."""
    cohort = {question.subject_id for question in asked.questions}
    try:
        listed = set(rows_with(metadata, "subject_id", cohort)["subject_id"].to_pylist())
    except Fault as fault:
        return [str(fault)]
    absent = len(cohort - listed)
    if not absent:
        return []
    return [
        f"{metadata.path} has no image of {absent:,} of the {len(cohort):,} patients whom the multimodal questions ask "
        "about: it is of other data, or was cut."
    ]


def _ehrxqa(settings: Settings, versions: DatasetVersions) -> Input:
    root = settings.ehrxqa_root
    tables = find_ehrxqa_tables(root)
    questions = find_ehrxqa_questions(root)
    parts = [
        Part(len(tables.files), len(CATALOGUES["ehrxqa"].tables), tuple(f"{name}.csv" for name in tables.missing)),
        Part(int(questions is not None), 1, () if questions else ("test.json",)),
    ]
    faults = _header_faults(tables.files.values())
    if root and not any(part.found for part in parts):
        faults.append(f"EHRXQA_ROOT names {root}, which holds neither database/gold/tb_cxr.csv nor dataset/test.json.")
    return _input(EHRXQA_TABLES, root, versions.ehrxqa, parts, faults, tables.notices)


def _medmod(settings: Settings, asked: Asked | None, versions: DatasetVersions) -> Input:
    root = settings.medmod_root
    subjects = find_medmod_subjects(root)
    questions = asked.of(MEDMOD_ROWS) if asked else []
    parts = [Part(int(subjects is not None), 1, () if subjects else ("data_full/root/",))]
    if questions and subjects:
        parts = [_of_patients(name, subjects, questions) for name in EXTRACTED]
    lists = find_list_files(root, questions)
    absent = tuple(f"{task}/{part}_listfile.csv" for (task, part), source in lists.items() if source is None)
    parts.append(Part(len(lists) - len(absent), len(lists), absent))
    if not questions:
        named = [task for task, table in LIST_FILES.items() if find_medmod_list(root, table, task, "test")]
        lacking = tuple(f"{task}/*_listfile.csv" for task in LIST_FILES if task not in named)
        parts.append(Part(len(named), len(LIST_FILES), lacking))
    faults = _header_faults(source for source in lists.values() if source)
    if root and not any(part.found for part in parts):
        faults.append(f"MEDMOD_ROOT names {root}, which holds neither data_full/root/ nor mml-ssl-full/.")
    return _input(MEDMOD_FOLDERS, root, versions.medmod, parts, faults)


def _of_patients(name: str, subjects: Path, questions: Iterable[Question]) -> Part:
    """One file of the folders of the patients whom the questions ask about."""
    table = CATALOGUES["medmod"].tables[name]
    found = find_subject_files(table, subjects, {question.subject_id for question in questions})
    total = found.lacking + len(found.files)
    told = (f"{name}.csv of {found.lacking} of {total} patients",) if found.lacking else ()
    return Part(len(found.files), total, told)


def _linked(tally: tuple[int, int], what: str) -> Part:
    found, expected = tally
    lacking = (f"{expected - found} of {expected} linked {what}",) if found < expected else ()
    return Part(found, expected, lacking)


def _header_faults(sources: Iterable[SourceFile]) -> list[str]:
    return [fault for source in sources if (fault := header_fault(source))]


def _roots(settings: Settings) -> DatasetRoots:
    return DatasetRoots(
        settings.mimic_cxr_root, settings.mimic_cxr_jpg_root, settings.ehrxqa_root, settings.medmod_root
    )


def _input(
    dataset: Dataset,
    path: Path | None,
    version: str | None,
    parts: Sequence[Part],
    faults: Sequence[str],
    notices: Sequence[str] = (),
) -> Input:
    """An input by the parts that were found of it."""
    found, expected = sum(part.found for part in parts), sum(part.expected for part in parts)
    state = BROKEN if faults else MISSING if not found else PARTIAL if found < expected else PRESENT
    return Input(
        dataset.name,
        dataset.setting,
        state,
        path,
        version=version or "",
        found=found,
        expected=expected,
        lacking=tuple(name for part in parts for name in part.lacking) if path else (),
        faults=tuple(faults),
        notices=tuple(notices),
        source=dataset.source,
        costs="" if state == PRESENT else f"{SPLIT}{dataset.costs}",
    )
