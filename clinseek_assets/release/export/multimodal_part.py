"""The multimodal split in the published layout.

`data/mm_bench/<dataset>/` holds `database/`, `table_description/` and the linked X-rays and reports below
`mimic-cxr/2.0.0/`, as the published package does; `inputs/` the manifest with `input_text`, of both datasets and of
each. Gold stands under `ground_truth` and under `label`: the published agent's results carry the manifest's keys, and
the published scorer reads `label` alone. Each dataset's folder has a second name, that which the paths of the release
begin with: the published agent and image server do not take it off, and find the files by it below `data/mm_bench`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import pandas

from clinseek_assets.benchmark.groups import EHRXQA, MEDMOD
from clinseek_assets.benchmark.multimodal.grouping import OVERRIDES_FILE
from clinseek_assets.benchmark.questions import Question
from clinseek_assets.imaging.links import image_links
from clinseek_assets.imaging.released_paths import PACKAGES, read_report_path
from clinseek_assets.imaging.troubles import OK, ImageFault
from clinseek_assets.imaging.verifier import Verifier
from clinseek_assets.locations.layout import MULTIMODAL_MANIFEST_FILE, Layout
from clinseek_assets.locations.settings import Settings
from clinseek_assets.mimic.catalogue import CATALOGUES
from clinseek_assets.mimic.multimodal.radiology_reports import ReportFault, ReportTexts
from clinseek_assets.records.patient_databases import database_path
from clinseek_assets.records.table_descriptions import DESCRIPTIONS_FILE, LINKS_FILE, described, json_lines
from clinseek_assets.release.checks import Progress, row
from clinseek_assets.release.export.package import Package, PlacedFile, refuse_incomplete
from clinseek_assets.release.export.released_rows import Row, curated_contexts, questions_of, released_rows
from clinseek_assets.release.linked_images import image_files, places, verifications

SPLIT = "multimodal"
ROOT = "data/mm_bench"
MANIFEST = "inputs/mm_bench.jsonl"
DATASETS = (EHRXQA, MEDMOD)


def multimodal_part(settings: Settings, progress: Progress) -> Package:
    """The multimodal split's part of a package.

    Args:
        settings: where the release, the sources and the artifacts lie.
        progress: told images verified and in all.

    Raises:
        Fault: the manifest cannot be read, something was not materialized, or a linked file cannot be used; it names
            all that is lacking.
    """
    questions, layout = questions_of(settings, SPLIT), settings.layout
    contexts = curated_contexts(SPLIT, questions, layout)
    images = _images(questions, settings, progress)
    reports, without_report = _reports(questions, settings)
    refuse_incomplete(
        SPLIT,
        {
            **{
                f"{dataset}_patient_databases, patients without one": _without_database(questions, dataset, layout)
                for dataset in DATASETS
            },
            "multimodal_contexts, questions without a context": [
                row(question) for question in questions if contexts.get(question.qid) is None
            ],
            **{
                f"linked X-rays that cannot be used ({kind})": places(rows)
                for kind, rows in images[images["status"] != OK].groupby("status")
            },
            "linked reports that cannot be used": without_report,
        },
    )
    rows = [
        (question.dataset, filled(question, released, contexts[question.qid] or ""))
        for question, released in released_rows(settings.multimodal_manifest, questions)
    ]
    return Package(
        files=(*_released(settings), *_databases(questions, layout), *_image_files(images)),
        texts={**_manifests(rows), **_descriptions(), **reports},
        aliases={f"{ROOT}/{PACKAGES[dataset]}": dataset for dataset in DATASETS},
        facts={**_facts(questions), "images": images["released_path"].nunique(), "reports": len(reports)},
    )


def filled(question: Question, released: Row, context: str) -> Row:
    """A row of the runtime manifest: the released keys, `input_text`, and gold under both of its names."""
    gold = released.get("ground_truth", released.get("label"))
    return {
        **released,
        "task": question.task_type,
        "subject_id": question.subject_id,
        "hadm_id": question.hadm_id,
        "stay_id": question.stay_id,
        "input_text": context,
        "ground_truth": gold,
        "label": gold,
    }


def _manifests(rows: Sequence[tuple[str, Row]]) -> dict[str, bytes]:
    of_dataset = {dataset: [made for own, made in rows if own == dataset] for dataset in DATASETS}
    return {
        MANIFEST: _lines(made for _, made in rows),
        **{f"inputs/mm_bench_{dataset}.jsonl": _lines(made) for dataset, made in of_dataset.items()},
    }


def _lines(rows: Iterable[Row]) -> bytes:
    return "".join(f"{json.dumps(made, ensure_ascii=False, separators=(',', ':'))}\n" for made in rows).encode("utf-8")


def _released(settings: Settings) -> Iterator[PlacedFile]:
    """The released manifest as it was taken, and the corrections of groups beside it."""
    manifest = settings.multimodal_manifest
    yield PlacedFile(MULTIMODAL_MANIFEST_FILE, manifest)
    if (overrides := manifest.with_name(OVERRIDES_FILE)).is_file():
        yield PlacedFile(OVERRIDES_FILE, overrides)


def _without_database(questions: Sequence[Question], dataset: str, layout: Layout) -> list[str]:
    folder = layout.patient_databases(dataset)
    first_row = {q.subject_id: row(q) for q in reversed(questions) if q.dataset == dataset}
    return [place for patient, place in first_row.items() if not database_path(folder, patient).is_file()]


def _databases(questions: Sequence[Question], layout: Layout) -> Iterator[PlacedFile]:
    for dataset, patient in sorted({(question.dataset, question.subject_id) for question in questions}):
        path = database_path(layout.patient_databases(dataset), patient)
        yield PlacedFile(f"{ROOT}/{dataset}/database/{path.name}", path)


def _images(questions: Sequence[Question], settings: Settings, progress: Progress) -> pandas.DataFrame:
    """Every linked image, found and decoded; what did not change since it was verified is not decoded again."""

    def tell(done: int, total: int) -> None:
        progress("Linked X-rays", done, total)

    return image_links(questions, image_files(settings), Verifier(verifications(settings.layout)), {}, tell)


def _image_files(images: pandas.DataFrame) -> Iterator[PlacedFile]:
    for link in images.drop_duplicates(["dataset", "released_path"]).to_dict("records"):
        target = f"{ROOT}/{link['dataset']}/{_without_package(link['released_path'], link['dataset'])}"
        yield PlacedFile(target, Path(link["path"]), link["sha256"])


def _without_package(released: str, dataset: str) -> str:
    return released.removeprefix(f"{PACKAGES[dataset]}/")


def _reports(questions: Sequence[Question], settings: Settings) -> tuple[dict[str, bytes], list[str]]:
    """Path in the package -> each linked report, and the rows whose report cannot be used."""
    linked = [(question, released) for question in questions for released in question.report_paths]
    found: dict[str, bytes] = {}
    failing: list[str] = []
    texts = ReportTexts.of(settings.mimic_cxr_root) if linked and settings.mimic_cxr_root else None
    for question, released in linked:
        target = f"{ROOT}/{question.dataset}/{_without_package(released, question.dataset)}"
        try:
            report = read_report_path(released, question.dataset, question.subject_id)
            if texts is None:
                failing.append(row(question))
            elif target not in found:
                texts.text(report.subject_id, report.study_id)
                found[target] = texts.read(report.subject_id, report.study_id)
        except (ImageFault, ReportFault):
            failing.append(row(question))
    return found, failing


def _descriptions() -> dict[str, bytes]:
    """What the tables of each dataset mean. The published packages link no dictionary, and have none to link."""
    found: dict[str, bytes] = {}
    for dataset in DATASETS:
        tables = CATALOGUES[dataset].patient_tables.values()
        rows = (
            described(table.name, dataset, table.description, {one.name: one.description for one in table.columns})
            for table in tables
        )
        folder = f"{ROOT}/{dataset}/table_description"
        found |= {f"{folder}/{DESCRIPTIONS_FILE}": json_lines(rows).encode("utf-8"), f"{folder}/{LINKS_FILE}": b""}
    return found


def _facts(questions: Sequence[Question]) -> Mapping[str, int]:
    facts = {"multimodal_rows": len(questions)}
    for dataset in DATASETS:
        own = [question for question in questions if question.dataset == dataset]
        facts |= {f"{dataset}_rows": len(own), f"{dataset}_patients": len({question.subject_id for question in own})}
    return facts
