"""All that is validated of a release, built without the graph by the functions that the graph calls."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import pandas

from clinseek_assets.benchmark.groups import EHRXQA, MEDMOD
from clinseek_assets.benchmark.manifest_file import read_manifest
from clinseek_assets.benchmark.multimodal.manifest_file import read_multimodal_manifest
from clinseek_assets.benchmark.questions import Question
from clinseek_assets.imaging.links import image_links, report_links
from clinseek_assets.imaging.released_paths import read_image_path
from clinseek_assets.imaging.verifier import Verifier
from clinseek_assets.locations.settings import Settings
from clinseek_assets.mimic.catalogue import CATALOGUES
from clinseek_assets.mimic.extraction import extract_table, extract_tables
from clinseek_assets.mimic.multimodal.cxr_lists import read_images
from clinseek_assets.mimic.multimodal.dataset_files import (
    DatasetRoots,
    find_cxr_lists,
    find_ehrxqa_tables,
    find_medmod_subjects,
)
from clinseek_assets.mimic.multimodal.linked_studies import LinkedImage, linked_studies, write_linked_studies
from clinseek_assets.mimic.multimodal.medmod_folders import extract_subject_files, find_subject_files, stays_named
from clinseek_assets.mimic.multimodal.radiology_reports import ReportTexts
from clinseek_assets.mimic.multimodal.study_paths import STUDY_PATHS
from clinseek_assets.mimic.source_files import find_source_files
from clinseek_assets.records.candidate_tables import build_candidate_tables
from clinseek_assets.records.dataset_references import build_ehrxqa_reference, build_medmod_reference
from clinseek_assets.records.patient_databases import build_patient_databases
from clinseek_assets.records.reference_tables import build_reference_tables
from clinseek_assets.records.table_descriptions import build_table_descriptions
from clinseek_assets.release.linked_images import image_files, verifications
from clinseek_assets.storage.fingerprint import of_text
from clinseek_assets.storage.parquet import write_frame
from clinseek_assets.storage.receipts import Receipt, ReceiptBook


def settings_of(root: Path) -> Settings:
    """The settings of a release and its sources below `root`, with the home there, too."""
    sources = root / "sources"
    return Settings(
        home=root,
        release_root=root / "release",
        mimic_roots={module.name: module for module in sorted((sources / "mimic_iv").iterdir())},
        mimic_cxr_root=sources / "mimic_cxr",
        mimic_cxr_jpg_root=sources / "mimic_cxr_jpg",
        ehrxqa_root=sources / "ehrxqa",
        medmod_root=sources / "medmod",
        models_file=root / "models.yaml",
        project_root=root,
    )


def build(settings: Settings) -> None:
    """Build what validation looks at, of both splits."""
    dictionaries = _build_text(settings, read_manifest(settings.text_manifest))
    _build_multimodal(settings, read_multimodal_manifest(settings.multimodal_manifest), dictionaries)


def _build_text(settings: Settings, questions: Sequence[Question]) -> dict[str, Path]:
    layout = settings.layout
    patients = {question.subject_id for question in questions}
    extracted = extract_tables(
        find_source_files(settings.mimic_roots),
        patients,
        lambda table: layout.source_table(table.module, table.name),
    )
    assert not extracted.faults
    build_patient_databases(extracted.paths, patients, layout.patient_databases("text"))
    build_reference_tables(extracted.paths, layout.reference_tables, atc_classes=None)
    build_candidate_tables(extracted.paths, layout.reference_tables, layout.candidate_tables)
    build_table_descriptions(layout.table_descriptions)
    _write_contexts(settings, "text", questions)
    return extracted.paths


def _build_multimodal(settings: Settings, questions: Sequence[Question], dictionaries: dict[str, Path]) -> None:
    layout = settings.layout
    patients = defaultdict(set)
    for question in questions:
        patients[question.dataset].add(question.subject_id)
    roots = DatasetRoots(
        settings.mimic_cxr_root, settings.mimic_cxr_jpg_root, settings.ehrxqa_root, settings.medmod_root
    )
    everyone = set().union(*patients.values())
    for name, source in find_cxr_lists(roots).files.items():
        extract_table(source, everyone, layout.dataset_table("mimic_cxr", name))
    ehrxqa = {}
    for name, source in find_ehrxqa_tables(settings.ehrxqa_root).files.items():
        ehrxqa[name] = layout.dataset_table(EHRXQA, name)
        derive = STUDY_PATHS if name == "tb_cxr" else None
        extract_table(source, patients[EHRXQA], ehrxqa[name], derive=derive)
    medmod = _extract_medmod(settings, [question for question in questions if question.dataset == MEDMOD])
    for dataset, tables in ((EHRXQA, ehrxqa), (MEDMOD, medmod)):
        folder = layout.patient_databases(dataset)
        build_patient_databases(tables, patients[dataset], folder, catalogue=CATALOGUES[dataset])
    build_ehrxqa_reference(ehrxqa, layout.dataset_reference(EHRXQA))
    build_medmod_reference(dictionaries, layout.dataset_reference(MEDMOD))
    _link(settings, questions)
    _write_contexts(settings, "multimodal", questions)


def _extract_medmod(settings: Settings, questions: Sequence[Question]) -> dict[str, Path]:
    layout = settings.layout
    places = {name: layout.dataset_table(MEDMOD, name) for name in CATALOGUES[MEDMOD].tables}
    named = stays_named(questions)
    for name in ("events", "stays"):
        subjects = find_medmod_subjects(settings.medmod_root)
        found = find_subject_files(CATALOGUES[MEDMOD].tables[name], subjects, named)
        extract_subject_files(found, named, places[name])
    read = [(q, read_image_path(released, q.dataset, q.subject_id)) for q in questions for released in q.image_paths]
    linked = [LinkedImage(question, image.study_id, image.dicom_id) for question, image in read]
    images = read_images(layout.dataset_table("mimic_cxr", "metadata"))
    write_linked_studies(linked_studies(linked, images), places["tb_cxr"])
    return places


def _link(settings: Settings, questions: Sequence[Question]) -> None:
    layout = settings.layout
    images = image_links(questions, image_files(settings), Verifier(verifications(layout)), {})
    reports = report_links(questions, ReportTexts.of(settings.mimic_cxr_root))
    for what, links in (("image_links", images), ("report_links", reports)):
        for group, rows in links.groupby("subtask"):
            write_frame(layout.links(what, group), rows.reset_index(drop=True))


def _write_contexts(settings: Settings, split: str, questions: Sequence[Question]) -> None:
    """Contexts of a sentence each: validation looks at their rows and hashes, not at how they came about."""
    receipts = ReceiptBook(settings.layout.assets / "receipts")
    by_subtask = defaultdict(list)
    for question in questions:
        by_subtask[question.task].append(question)
    for arm, asset in (("curated", "contexts"), ("curated_strict", "strict_contexts")):
        for subtask, asked in by_subtask.items():
            texts = [question.input or f"The {arm} evidence of row {question.row_number}." for question in asked]
            frame = pandas.DataFrame(
                {
                    "qid": [question.qid for question in asked],
                    "row_number": [question.row_number for question in asked],
                    "context": texts,
                    "context_sha256": [of_text(text) for text in texts],
                }
            )
            content = write_frame(settings.layout.contexts(split, arm, subtask), frame)
            receipts.write(f"{split}_{asset}", subtask, Receipt("made by hand", content))
