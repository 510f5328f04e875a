"""What all patients share: dictionaries and code classes, vocabularies of the candidate tools, table descriptions."""

from __future__ import annotations

from pathlib import Path

import dagster as dg

from clinseek_assets.assets.artifact import Artifact, Explanation, Made, artifact, code_of
from clinseek_assets.assets.observed import of_files
from clinseek_assets.assets.source_tables import name_of
from clinseek_assets.benchmark.groups import EHRXQA, MEDMOD
from clinseek_assets.mimic.catalogue import DICTIONARIES, TABLES
from clinseek_assets.models.priors import candidate_priors as count_candidates
from clinseek_assets.records.candidate_tables import build_candidate_tables
from clinseek_assets.records.dataset_references import (
    EHRXQA_DICTIONARIES,
    MEDMOD_SOURCES,
    DatasetReferenceBuilt,
    build_ehrxqa_reference,
    build_medmod_reference,
)
from clinseek_assets.records.reference_tables import build_reference_tables
from clinseek_assets.records.table_descriptions import build_table_descriptions
from clinseek_assets.resources.home import Home
from clinseek_assets.resources.progress import Progress
from clinseek_assets.storage.fingerprint import of_file, of_parts

GROUP = "patient_databases"
OWNERS = ("team:data",)


def versions(home: Home, tables: list[str]) -> list[str]:
    """The content of each of these source tables that is there."""
    return [f"{name} {home.receipts.content(name_of(TABLES[name]))}" for name in tables if name in home.inventory.files]


CODE_CLASSES = of_files(
    "files/code_classes",
    "Classes of codes that no package ships: ATC classes of medicines, CCS classes of ICD-9 procedures.",
    lambda home: [path for path in (home.settings.atc_classes, home.settings.ccs_icd9_procedures) if path],
    owners=OWNERS,
)


@artifact(
    Explanation(
        name="reference_tables",
        group=GROUP,
        kinds=frozenset({"sqlite"}),
        owners=OWNERS,
        code=code_of("records/reference_tables.py", "mimic/code_classes.py"),
        deps=tuple(name_of(table) for table in DICTIONARIES.values()),
        sources=(CODE_CLASSES,),
    ),
    inputs=lambda home: [
        *versions(home, list(DICTIONARIES)),
        of_file(home.settings.atc_classes) if home.settings.atc_classes else "no ATC classes",
        of_file(home.settings.ccs_icd9_procedures) if home.settings.ccs_icd9_procedures else "no ICD-9 procedures",
    ],
    output=lambda home: home.layout.reference_tables,
)
def reference_tables(home: Home, progress: Progress) -> Made:
    """The user's own dictionaries (ICD, HCPCS, items) with classes of codes, as one SQLite file.

    CCS classes of diagnoses and procedures, and ATC classes of medicines where a mapping file is given.
    """
    path = home.layout.reference_tables
    built = build_reference_tables(
        home.tables(),
        path,
        atc_classes=home.settings.atc_classes,
        ccs_icd9_procedures=home.settings.ccs_icd9_procedures,
    )
    return Made(
        of_file(path),
        {
            "path": dg.MetadataValue.path(str(path)),
            "rows": dg.MetadataValue.json(built.rows),
            "codes without a class": dg.MetadataValue.json(built.unclassed),
            "empty tables": dg.MetadataValue.json(built.missing),
            "packages": dg.MetadataValue.json(built.versions),
        },
    )


@artifact(
    Explanation(
        name="candidate_tables",
        group=GROUP,
        kinds=frozenset({"sqlite"}),
        owners=OWNERS,
        code=code_of("records/candidate_tables.py"),
        deps=(
            "reference_tables",
            *(name_of(table) for table in TABLES.values()),
        ),
    ),
    inputs=lambda home: [home.receipts.content("reference_tables"), *versions(home, list(TABLES))],
    output=lambda home: home.layout.candidate_tables,
)
def candidate_tables(home: Home, progress: Progress) -> Made:
    """The vocabularies that the candidate tools search, built from the user's own dictionaries, as one SQLite file."""
    path = home.layout.candidate_tables
    build_candidate_tables(home.tables(), home.layout.reference_tables, path)
    return Made(of_file(path), {"path": dg.MetadataValue.path(str(path)), "bytes": path.stat().st_size})


@artifact(
    Explanation(
        name="table_descriptions",
        group=GROUP,
        kinds=frozenset({"json"}),
        owners=OWNERS,
        code=code_of("records/table_descriptions.py", "mimic/catalogue", "mimic/tables.py"),
    ),
    inputs=lambda home: [],
    output=lambda home: home.layout.table_descriptions,
)
def table_descriptions(home: Home, progress: Progress) -> Made:
    """What each table and column means and how tables link, out of the catalogue, for the tools' users."""
    folder = home.layout.table_descriptions
    build_table_descriptions(folder)
    written = sorted(path for path in folder.rglob("*") if path.is_file())
    return Made(
        of_parts(of_file(path) for path in written),
        {"path": dg.MetadataValue.path(str(folder)), "files": len(written)},
    )


@artifact(
    Explanation(
        name="candidate_priors",
        group=GROUP,
        kinds=frozenset({"parquet"}),
        owners=("team:evaluation",),
        code=code_of("models/priors.py"),
        deps=(
            "reference_tables",
            *(name_of(table) for table in TABLES.values()),
        ),
    ),
    inputs=lambda home: [home.receipts.content("reference_tables"), *versions(home, list(TABLES))],
    output=lambda home: home.priors_file,
)
def candidate_priors(home: Home, progress: Progress) -> Made:
    """How often each candidate of a decision subtask occurs in the cohort's source tables.

    It is what floor rows and baselines know beforehand; labels of questions are not counted.
    """
    priors = count_candidates(home.tables(), home.layout.reference_tables)
    priors.save(home.priors_file)
    return Made(
        priors.fingerprint,
        {"path": dg.MetadataValue.path(str(home.priors_file)), "dagster/row_count": len(priors.frame)},
    )


def dictionary_files(home: Home) -> dict[str, Path]:
    """EHRXQA's own dictionaries, as far as they were extracted."""
    found = {name: home.layout.dataset_table(EHRXQA, name) for name in EHRXQA_DICTIONARIES}
    home.artifacts.bring((f"{EHRXQA}/{name}", None) for name in found)
    return {name: path for name, path in found.items() if home.receipts.read(f"{EHRXQA}/{name}") and path.is_file()}


def shown_reference(path: Path, built: DatasetReferenceBuilt) -> Made:
    """What the page shows of a dataset's dictionaries."""
    return Made(
        of_file(path), {"path": dg.MetadataValue.path(str(path)), "rows": dg.MetadataValue.json(dict(built.rows))}
    )


@artifact(
    Explanation(
        name="ehrxqa_reference_tables",
        group=GROUP,
        kinds=frozenset({"sqlite"}),
        owners=OWNERS,
        code=code_of("records/dataset_references.py", "mimic/catalogue", "assets/reference_tables.py"),
        deps=tuple(f"{EHRXQA}/{name}" for name in EHRXQA_DICTIONARIES),
    ),
    inputs=lambda home: [f"{name} {of_file(path)}" for name, path in dictionary_files(home).items()],
    output=lambda home: home.layout.dataset_reference(EHRXQA),
    ready=lambda home: home.has_multimodal,
)
def ehrxqa_reference_tables(home: Home, progress: Progress) -> Made:
    """EHRXQA's own dictionaries (ICD codes, items, laboratory tests) as one SQLite file, so that codes can be read."""
    path = home.layout.dataset_reference(EHRXQA)
    return shown_reference(path, build_ehrxqa_reference(dictionary_files(home), path))


@artifact(
    Explanation(
        name="medmod_reference_tables",
        group=GROUP,
        kinds=frozenset({"sqlite"}),
        owners=OWNERS,
        code=code_of("records/dataset_references.py", "mimic/catalogue", "assets/reference_tables.py"),
        deps=tuple(name_of(TABLES[name]) for name in MEDMOD_SOURCES),
    ),
    inputs=lambda home: versions(home, list(MEDMOD_SOURCES)),
    output=lambda home: home.layout.dataset_reference(MEDMOD),
    ready=lambda home: home.has_multimodal,
)
def medmod_reference_tables(home: Home, progress: Progress) -> Made:
    """The names of MedMod's items, out of MIMIC-IV's dictionaries of ICU items and laboratory tests, in an SQLite file.

    MedMod itself names none: without these an itemid is a bare number.
    """
    path = home.layout.dataset_reference(MEDMOD)
    return shown_reference(path, build_medmod_reference(home.tables(), path))


FROM_SOURCES: tuple[Artifact, ...] = (reference_tables, candidate_tables, candidate_priors)
OF_DATASETS: tuple[Artifact, ...] = (ehrxqa_reference_tables, medmod_reference_tables)
