"""Records of a synthetic release, built from its sources as the graph builds them, without the graph."""

from __future__ import annotations

from pathlib import Path

from clinseek_assets.audit.examination import Sources
from clinseek_assets.benchmark.groups import EHRXQA, MEDMOD
from clinseek_assets.benchmark.multimodal.manifest_file import read_multimodal_manifest
from clinseek_assets.benchmark.questions import Question
from clinseek_assets.imaging.linked_images import linked_images
from clinseek_assets.locations.layout import MULTIMODAL_MANIFEST_FILE
from clinseek_assets.mimic.catalogue import CATALOGUES, MIMIC_IV
from clinseek_assets.mimic.extraction import extract_table
from clinseek_assets.mimic.multimodal.cxr_lists import read_images
from clinseek_assets.mimic.multimodal.dataset_files import DatasetFiles, DatasetRoots, find_dataset_files
from clinseek_assets.mimic.multimodal.linked_studies import linked_studies, write_linked_studies
from clinseek_assets.mimic.multimodal.medmod_folders import extract_subject_files, find_subject_files, stays_named
from clinseek_assets.mimic.multimodal.study_paths import STUDY_PATHS
from clinseek_assets.mimic.source_files import find_source_files
from clinseek_assets.records.dataset_references import build_ehrxqa_reference, build_medmod_reference
from clinseek_assets.records.patient_databases import build_patient_databases


def questions_of(root: Path) -> list[Question]:
    """The multimodal questions of a synthetic release."""
    return read_multimodal_manifest(root / "release" / "multimodal" / MULTIMODAL_MANIFEST_FILE)


def sources_of(root: Path, questions: list[Question], work: Path) -> dict[str, Sources]:
    """Tables, databases and reference databases of both datasets."""
    sources = root / "sources"
    files = find_dataset_files(
        DatasetRoots(sources / "mimic_cxr", sources / "mimic_cxr_jpg", sources / "ehrxqa", sources / "medmod")
    )
    tables = {EHRXQA: _ehrxqa(files, questions, work), MEDMOD: _medmod(files, questions, work)}
    references = {EHRXQA: work / "ehrxqa.db", MEDMOD: work / "medmod.db"}
    build_ehrxqa_reference(tables[EHRXQA], references[EHRXQA])
    build_medmod_reference(_dictionaries(sources / "mimic_iv", work), references[MEDMOD])
    for dataset, of_dataset in tables.items():
        build_patient_databases(
            of_dataset, _patients(questions, dataset), work / dataset / "db", catalogue=CATALOGUES[dataset]
        )
    return {dataset: Sources(tables[dataset], work / dataset / "db", references[dataset]) for dataset in tables}


def _patients(questions: list[Question], dataset: str) -> set[int]:
    return {question.subject_id for question in questions if question.dataset == dataset}


def _ehrxqa(files: DatasetFiles, questions: list[Question], work: Path) -> dict[str, Path]:
    cohort = _patients(questions, EHRXQA)
    return {
        name: extract_table(
            files.tables[f"{EHRXQA}/{name}"],
            cohort if table.of_patients else None,
            work / EHRXQA / f"{name}.parquet",
            derive=STUDY_PATHS if name == "tb_cxr" else None,
        ).path
        for name, table in CATALOGUES[EHRXQA].tables.items()
    }


def _medmod(files: DatasetFiles, questions: list[Question], work: Path) -> dict[str, Path]:
    asked = [question for question in questions if question.dataset == MEDMOD]
    assert files.subjects is not None
    tables = {}
    for name in ("stays", "events"):
        found = find_subject_files(CATALOGUES[MEDMOD].tables[name], files.subjects, _patients(questions, MEDMOD))
        tables[name] = work / MEDMOD / f"{name}.parquet"
        extract_subject_files(found, stays_named(asked), tables[name])
    tables["tb_cxr"] = work / MEDMOD / "tb_cxr.parquet"
    listed = extract_table(
        files.tables["mimic_cxr/metadata"], _patients(questions, MEDMOD), work / MEDMOD / "metadata.parquet"
    )
    write_linked_studies(linked_studies(linked_images(asked), read_images(listed.path)), tables["tb_cxr"])
    return tables


def _dictionaries(mimic_iv: Path, work: Path) -> dict[str, Path]:
    found = find_source_files({module: mimic_iv / module for module in ("hosp", "icu")})
    return {
        name: extract_table(found.files[name], None, work / "mimic_iv" / f"{name}.parquet").path
        for name in ("d_items", "d_labitems")
        if name in MIMIC_IV.tables
    }
