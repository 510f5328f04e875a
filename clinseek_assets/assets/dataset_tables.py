"""The source tables of the multimodal split: of MIMIC-CXR-JPG, EHRXQA and MedMod, the rows of its patients only."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import dagster as dg

from clinseek_assets.assets.artifact import Artifact, Explanation, Made, artifact, asset_key, code_of
from clinseek_assets.assets.observed import Source, of_files
from clinseek_assets.assets.shown import COLUMN_SCHEMA, of_file_and_rows, schema_of_table
from clinseek_assets.assets.source_tables import GROUP, OWNERS
from clinseek_assets.benchmark.groups import EHRXQA, MEDMOD
from clinseek_assets.benchmark.questions import Question
from clinseek_assets.checks import dataset_tables as checks
from clinseek_assets.faults import SourceFault
from clinseek_assets.imaging.linked_images import linked_images
from clinseek_assets.mimic.catalogue import CATALOGUES, CXR_TABLES
from clinseek_assets.mimic.extraction import Extraction, extract_table
from clinseek_assets.mimic.multimodal.cxr_lists import read_images
from clinseek_assets.mimic.multimodal.dataset_files import (
    EXTRACTED,
    DatasetFiles,
    find_ehr_split,
    find_ehrxqa_questions,
)
from clinseek_assets.mimic.multimodal.linked_studies import linked_studies, write_linked_studies
from clinseek_assets.mimic.multimodal.medmod_folders import (
    SubjectFiles,
    extract_subject_files,
    find_subject_files,
    stays_named,
)
from clinseek_assets.mimic.multimodal.medmod_lists import find_list_files
from clinseek_assets.mimic.multimodal.study_paths import STUDY_PATHS
from clinseek_assets.mimic.source_files import SourceFile
from clinseek_assets.mimic.tables import Table
from clinseek_assets.resources.home import Home
from clinseek_assets.resources.progress import Progress
from clinseek_assets.storage.fingerprint import of_file, of_value

CODE = code_of(
    "mimic/extraction.py",
    "mimic/csv_records.py",
    "mimic/cell_types.py",
    "mimic/tables.py",
    "mimic/multimodal",
    "imaging/released_paths.py",
    "imaging/linked_images.py",
    "assets/dataset_tables.py",
)
MANIFEST = "multimodal_manifest"
STUDIES = "tb_cxr"
NAME_A_FOLDER = (
    "`make demo` makes synthetic sources; for your own, set MIMIC_CXR_JPG_ROOT, EHRXQA_ROOT and MEDMOD_ROOT (`clinseek "
    "doctor` shows what is missing and where to get it)."
)


@dataclass(frozen=True)
class DatasetTable:
    """One table of the multimodal sources: its dataset (`mimic_cxr`, `ehrxqa`, `medmod`) and its catalogue entry."""

    dataset: str
    table: Table

    @property
    def name(self) -> str:
        """The asset's key as text: `ehrxqa/labevents`."""
        return f"{self.dataset}/{self.table.name}"

    @property
    def description(self) -> str:
        """What the lineage page says of it."""
        whose = "The rows of the benchmark's patients." if self.table.of_patients else "Taken whole."
        return f"{self.table.description} {whose}"


# The list of images comes first: with it, versions and patients that do not match are found before any work starts.
DATASET_TABLES: dict[str, DatasetTable] = {
    each.name: each
    for each in (
        *(DatasetTable(checks.MIMIC_CXR, table) for table in CXR_TABLES.values()),
        *(DatasetTable(EHRXQA, table) for table in CATALOGUES[EHRXQA].tables.values()),
        *(DatasetTable(MEDMOD, CATALOGUES[MEDMOD].tables[name]) for name in ("stays", "events", STUDIES)),
    )
}


def artifacts(files: DatasetFiles) -> tuple[Artifact, ...]:
    """The tables that can be materialized: those whose files are there; all of them where nothing is named yet."""
    found = [each for name, each in DATASET_TABLES.items() if name not in files.missing or not _any(files)]
    return tuple(map(dataset_artifact, found))


def absent(files: DatasetFiles) -> list[dg.AssetSpec]:
    """The tables whose files are missing, as assets that nobody can materialize, with the reason."""
    if not _any(files):
        return []
    return [
        dg.AssetSpec(
            asset_key(name),
            group_name=GROUP,
            kinds={"csv"},
            owners=list(OWNERS),
            description=f"Not there: {reason} What is downstream goes on without it. {each.table.description}",
            metadata={COLUMN_SCHEMA: schema_of_table(each.table), "missing": reason},
        )
        for name, each in DATASET_TABLES.items()
        if (reason := files.missing.get(name))
    ]


def _any(files: DatasetFiles) -> bool:
    return bool(files.tables) or files.subjects is not None


def dataset_artifact(each: DatasetTable) -> Artifact:
    """The asset of one table."""
    if each.dataset != MEDMOD:
        return of_csv_file(each)
    return of_folders(each) if each.table.name in EXTRACTED else of_links(each)


def of_csv_file(each: DatasetTable) -> Artifact:
    """A table that lies in one CSV file: a single pass over it, typed, sorted by patient."""

    def inputs(home: Home) -> list[str]:
        return [
            source_of(home, each).fingerprint(),
            patients_of(home, each),
            repr(each.table),
            *upstream_of(home, each),
        ]

    def make(home: Home, progress: Progress) -> Made:
        cohort = checks.cohort_of(home, each.dataset) if each.table.of_patients else None
        derive = STUDY_PATHS if each.table.name == STUDIES else None
        path = home.layout.dataset_table(each.dataset, each.table.name)
        return made_of(extract_table(source_of(home, each), cohort, path, derive=derive))

    source = file_source(
        each,
        f"The source file of {each.name}, as it was published.",
        lambda home: [source_of(home, each).path, *compared_with(home, each)],
    )
    return an_artifact(each, inputs, make, kinds=frozenset({"parquet", "csv"}), sources=(source,))


def of_folders(each: DatasetTable) -> Artifact:
    """A table that lies in MedMod's folders, a file a patient."""

    def inputs(home: Home) -> list[str]:
        stays = sorted((patient, sorted(named)) for patient, named in stays_named(medmod_questions(home)).items())
        return [files_of(home, each).fingerprint(), of_value(stays), repr(each.table)]

    def make(home: Home, progress: Progress) -> Made:
        files = files_of(home, each)
        total = len(files.files)
        return made_of(
            extract_subject_files(
                files,
                stays_named(medmod_questions(home)),
                home.layout.dataset_table(MEDMOD, each.table.name),
                on_patient=lambda done: progress(f"patients of {each.name}", done, total),
            )
        )

    source = file_source(
        each,
        f"The files of {each.name} in MedMod's folders, of the benchmark's patients.",
        lambda home: [found.path for found in files_of(home, each).files.values()],
    )
    return an_artifact(each, inputs, make, kinds=frozenset({"parquet", "csv"}), sources=(source,))


def of_links(each: DatasetTable) -> Artifact:
    """The table of X-rays that MedMod's questions link, made of the questions and the list of images."""

    def inputs(home: Home) -> list[str]:
        return [home.receipts.content(checks.METADATA), repr(each.table), *upstream_of(home, each)]

    def make(home: Home, progress: Progress) -> Made:
        path = home.layout.dataset_table(MEDMOD, STUDIES)
        images = read_images(home.layout.dataset_table(checks.MIMIC_CXR, "metadata"))
        studies = linked_studies(linked_images(medmod_questions(home)), images)
        write_linked_studies(studies, path)
        fallen_back = {
            "without a time in the list: the question's moment": studies.without_time,
            "without a view in the list: AP": studies.without_view,
        }
        return Made(of_file(path), {**of_file_and_rows(path, len(studies.rows)), **fallen_back})

    further = (checks.METADATA, f"{checks.MIMIC_CXR}/chexpert", f"{MEDMOD}/stays")
    source = file_source(
        each, "MedMod's lists that its X-rays are compared with.", lambda home: compared_with(home, each)
    )
    return an_artifact(each, inputs, make, kinds=frozenset({"parquet"}), deps=further, sources=(source,))


def file_source(each: DatasetTable, description: str, found: Callable[[Home], Sequence[Path]]) -> Source:
    """The files of one table."""
    return of_files(f"files/{each.name}", description, found, owners=OWNERS)


def an_artifact(
    each: DatasetTable,
    inputs: Callable[[Home], Sequence[str]],
    make: Callable[[Home, Progress], Made],
    *,
    kinds: frozenset[str],
    deps: tuple[str, ...] = (),
    sources: tuple[Source, ...] = (),
) -> Artifact:
    """What the assets of all three kinds have in common."""
    explanation = Explanation(
        name=each.name,
        group=GROUP,
        description=each.description,
        kinds=kinds,
        owners=OWNERS,
        code=CODE,
        deps=(MANIFEST, *deps) if each.table.of_patients else (),
        sources=sources,
        metadata={COLUMN_SCHEMA: schema_of_table(each.table)},
    )
    decorate = artifact(
        explanation,
        inputs=inputs,
        output=lambda home: home.layout.dataset_table(each.dataset, each.table.name),
        checks=lambda home: checks.of_dataset_table(home, each.dataset, each.table),
        check_specs=checks.specs(each.name, each.table, asset_key(each.name)),
        ready=lambda home: home.has_multimodal,
    )
    return decorate(make)


def source_of(home: Home, each: DatasetTable) -> SourceFile:
    """The table's source file.

    Raises:
        SourceFault: it is not there.
    """
    source = home.datasets.tables.get(each.name)
    if source is None:
        reason = home.datasets.missing.get(each.name, "no folder is named.")
        raise SourceFault(f"The source file of {each.name} is not there: {reason}", mend=NAME_A_FOLDER)
    return source


def files_of(home: Home, each: DatasetTable) -> SubjectFiles:
    """One table's files in MedMod's folders.

    Raises:
        SourceFault: there are no such folders.
    """
    subjects = home.datasets.subjects
    if subjects is None:
        reason = home.datasets.missing.get(each.name, "no folder is named.")
        raise SourceFault(f"The folders of MedMod's patients are not there: {reason}", mend=NAME_A_FOLDER)
    return find_subject_files(each.table, subjects, home.multimodal_cohort(MEDMOD))


def medmod_questions(home: Home) -> list[Question]:
    """MedMod's questions, in the manifest's order."""
    return [question for question in home.multimodal_questions() if question.dataset == MEDMOD]


def patients_of(home: Home, each: DatasetTable) -> str:
    """The set of the patients whose rows are kept, as a fingerprint."""
    return of_value(sorted(checks.cohort_of(home, each.dataset))) if each.table.of_patients else "whole"


def upstream_of(home: Home, each: DatasetTable) -> Iterator[str]:
    """What a table of X-rays is compared with, so that its check is answered again when that changes."""
    if each.table.name != STUDIES:
        return
    questions = [question for question in home.multimodal_questions() if question.dataset == each.dataset]
    yield of_value([repr(question) for question in questions])
    yield of_value([[str(path), path.stat().st_size, path.stat().st_mtime_ns] for path in compared_with(home, each)])
    if each.dataset == EHRXQA:
        return
    yield from (home.receipts.content(name) for name in (f"{checks.MIMIC_CXR}/chexpert", f"{MEDMOD}/stays"))


def compared_with(home: Home, each: DatasetTable) -> list[Path]:
    """The files beside its own that a table of X-rays is compared with: EHRXQA's questions, or MedMod's lists."""
    if each.table.name != STUDIES:
        return []
    if each.dataset == EHRXQA:
        records = find_ehrxqa_questions(home.settings.ehrxqa_root)
        return [] if records is None else [records]
    lists = find_list_files(home.settings.medmod_root, medmod_questions(home))
    return [source.path for source in (*lists.values(), find_ehr_split(home.datasets.roots)) if source]


def made_of(extraction: Extraction) -> Made:
    """What an extraction leaves: its content, and what the page shows of it."""
    return Made(
        extraction.content_fingerprint,
        {
            **of_file_and_rows(extraction.path, extraction.rows),
            "source fingerprint": extraction.source_fingerprint,
            "patients": extraction.patients,
            "notices": "; ".join(extraction.notices) or "none",
        },
    )
