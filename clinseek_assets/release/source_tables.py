"""Whether the source files of both splits are there, and the tables that were extracted from them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from clinseek_assets.benchmark.groups import EHRXQA, MEDMOD
from clinseek_assets.benchmark.questions import Question
from clinseek_assets.locations.layout import Layout
from clinseek_assets.locations.settings import Settings
from clinseek_assets.mimic.catalogue import CATALOGUES, CXR_TABLES
from clinseek_assets.mimic.multimodal.dataset_files import (
    DatasetRoots,
    find_cxr_lists,
    find_ehrxqa_questions,
    find_ehrxqa_tables,
    find_medmod_subjects,
)
from clinseek_assets.mimic.multimodal.medmod_folders import find_subject_files
from clinseek_assets.mimic.multimodal.medmod_lists import find_list_files
from clinseek_assets.mimic.source_files import SourceInventory, find_source_files
from clinseek_assets.mimic.tables import Table
from clinseek_assets.release.checks import ReleaseCheck, count, row

MIMIC_CXR = "mimic_cxr"
SUBJECT_FILES = ("events", "stays")


def text_table_checks(settings: Settings) -> Iterator[ReleaseCheck]:
    """Whether each table of MIMIC-IV whose source file is there was extracted.

    Tables without a source file stay empty in the records, which `clinseek doctor` tells.
    """
    found = find_source_files(settings.mimic_roots).files
    tables = {f"{source.table.module}/{name}": source.table for name, source in found.items()}
    yield _extracted("text: extracted tables", tables, _mimic_iv_places(tables, settings.layout))


def _mimic_iv_places(tables: Mapping[str, Table], layout: Layout) -> dict[str, Path]:
    return {key: layout.source_table(table.module, table.name) for key, table in tables.items()}


def multimodal_source_checks(settings: Settings, questions: Sequence[Question]) -> Iterator[ReleaseCheck]:
    """Whether the files of MIMIC-CXR-JPG, EHRXQA and MedMod are there that these questions were made from."""
    asked = {dataset: [q for q in questions if q.dataset == dataset] for dataset in (EHRXQA, MEDMOD)}
    roots = DatasetRoots(
        settings.mimic_cxr_root, settings.mimic_cxr_jpg_root, settings.ehrxqa_root, settings.medmod_root
    )
    yield _files("multimodal: lists of MIMIC-CXR-JPG", len(CXR_TABLES), find_cxr_lists(roots))
    if asked[EHRXQA]:
        tables = CATALOGUES[EHRXQA].tables
        yield _files("multimodal: tables of EHRXQA", len(tables), find_ehrxqa_tables(settings.ehrxqa_root))
        test = find_ehrxqa_questions(settings.ehrxqa_root)
        yield count(
            "multimodal: EHRXQA's own questions", 1, int(test is not None), ["test.json is missing"][: not test]
        )
    if asked[MEDMOD]:
        yield from _medmod(settings.medmod_root, asked[MEDMOD])


def _files(name: str, expected: int, inventory: SourceInventory) -> ReleaseCheck:
    return count(name, expected, len(inventory.files), list(inventory.missing.values()))


def _medmod(root: Path | None, questions: Sequence[Question]) -> Iterator[ReleaseCheck]:
    lists = find_list_files(root, questions)
    absent = [f"{task}, {part}" for (task, part), source in lists.items() if source is None]
    yield count("multimodal: MedMod's list files", len(lists), len(lists) - len(absent), absent)
    first_row: dict[int, str] = {}
    for question in questions:
        first_row.setdefault(question.subject_id, row(question))
    subjects = find_medmod_subjects(root)
    for name in SUBJECT_FILES:
        table = CATALOGUES[MEDMOD].tables[name]
        there = set(find_subject_files(table, subjects, first_row).files) if subjects else set()
        lacking = [place for subject_id, place in first_row.items() if subject_id not in there]
        what = f"multimodal: patients of MedMod with {name}.csv"
        yield count(what, len(first_row), len(first_row) - len(lacking), lacking)


def multimodal_table_checks(layout: Layout, questions: Sequence[Question]) -> Iterator[ReleaseCheck]:
    """Whether the tables of MIMIC-CXR-JPG, EHRXQA and MedMod were extracted that these questions hang on."""
    datasets = sorted({question.dataset for question in questions})
    tables = {f"{MIMIC_CXR}/{name}": table for name, table in CXR_TABLES.items()}
    for dataset in datasets:
        tables |= {f"{dataset}/{name}": table for name, table in CATALOGUES[dataset].tables.items()}
    places = {key: layout.dataset_table(*key.split("/")) for key in tables}
    yield _extracted("multimodal: extracted tables", tables, places)


def _extracted(name: str, tables: Mapping[str, Table], places: Mapping[str, Path]) -> ReleaseCheck:
    """Whether each table's Parquet file opens and has the catalogue's columns."""
    lacking = [key for key, table in tables.items() if not _is_extracted(places[key], table)]
    return count(name, len(tables), len(tables) - len(lacking), lacking)


def _is_extracted(path: Path, table: Table) -> bool:
    try:
        return set(table.column_names) <= set(pq.read_schema(path).names)
    except (OSError, pa.ArrowException):
        return False
