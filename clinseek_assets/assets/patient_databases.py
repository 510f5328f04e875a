"""One SQLite file a patient, as the published tools read it: of the text split, of EHRXQA and of MedMod."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import dagster as dg

from clinseek_assets.assets.artifact import Artifact, Explanation, Made, artifact, code_of
from clinseek_assets.assets.source_tables import name_of
from clinseek_assets.benchmark.groups import EHRXQA, MEDMOD
from clinseek_assets.checks import patient_databases as checks
from clinseek_assets.mimic.catalogue import CATALOGUES, MIMIC_IV, PATIENT_TABLES
from clinseek_assets.records.patient_databases import build_patient_databases
from clinseek_assets.resources.home import Home
from clinseek_assets.resources.progress import Progress, of_work
from clinseek_assets.storage.fingerprint import of_value

GROUP = "patient_databases"


@dataclass(frozen=True)
class Records:
    """Patient databases of one kind.

    Attributes:
        name: `text`, `ehrxqa` or `medmod`: the folder, and the first word of the asset.
        dataset: whose catalogue their tables are.
        manifest: the asset of the questions whose patients they are of.
        description: what the lineage page says of them.
        cohort: the patients.
        tables: table name -> asset key and file of the tables that are there.
        sources: the assets of all their tables.
        present: whether the release asks about such patients.
    """

    name: str
    dataset: str
    manifest: str
    description: str
    cohort: Callable[[Home], Collection[int]]
    tables: Callable[[Home], Mapping[str, tuple[str, Path]]]
    sources: tuple[str, ...]
    present: Callable[[Home], bool]

    @property
    def asset(self) -> str:
        """The asset's key."""
        return f"{self.name}_patient_databases"


def mimic_tables(home: Home) -> dict[str, tuple[str, Path]]:
    """The extracted tables of MIMIC-IV."""
    return {
        name: (name_of(PATIENT_TABLES[name]), path) for name, path in home.tables().items() if name in PATIENT_TABLES
    }


def tables_of(dataset: str) -> Callable[[Home], dict[str, tuple[str, Path]]]:
    """The extracted tables of EHRXQA or MedMod, as far as they were made."""

    def found(home: Home) -> dict[str, tuple[str, Path]]:
        return {
            name: (f"{dataset}/{name}", home.layout.dataset_table(dataset, name))
            for name in CATALOGUES[dataset].patient_tables
            if home.receipts.read(f"{dataset}/{name}")
            if home.artifacts.there(f"{dataset}/{name}", None, home.layout.dataset_table(dataset, name))
        }

    return found


def of_dataset(dataset: str, description: str) -> Records:
    """The databases of one dataset of the multimodal split."""
    return Records(
        name=dataset,
        dataset=dataset,
        manifest="multimodal_manifest",
        description=description,
        cohort=lambda home: home.multimodal_cohort(dataset),
        tables=tables_of(dataset),
        sources=tuple(f"{dataset}/{name}" for name in CATALOGUES[dataset].patient_tables),
        present=lambda home: home.has_multimodal,
    )


TEXT = Records(
    name="text",
    dataset=MIMIC_IV.dataset,
    manifest="text_manifest",
    description="One SQLite file a patient of the text split: the 34 patient tables under their published names. With "
    "the three published derived columns, typed and indexed; a table without rows is there and empty.",
    cohort=lambda home: home.cohort(),
    tables=mimic_tables,
    sources=tuple(map(name_of, PATIENT_TABLES.values())),
    present=lambda home: True,
)
DATASETS = (
    of_dataset(
        EHRXQA,
        "One SQLite file a patient of EHRXQA's questions: 14 tables of its gold database under their published names. "
        "Tables and columns that hold answers (objects and attributes of the X-rays, dates of death) cannot enter.",
    ),
    of_dataset(
        MEDMOD,
        "One SQLite file a patient of MedMod's questions: events and stays of its extracted folders, and the linked "
        "X-rays. Outcomes, diagnoses and labels cannot enter.",
    ),
)


def databases(records: Records) -> Artifact:
    """The asset of one kind of databases."""

    def inputs(home: Home) -> list[str]:
        there = records.tables(home)
        versions = [
            f"{name} {home.receipts.content(there[name][0])}" if name in there else f"{name} not there"
            for name in CATALOGUES[records.dataset].patient_tables
        ]
        return [of_value(sorted(records.cohort(home))), *versions]

    @artifact(
        Explanation(
            name=records.asset,
            group=GROUP,
            kinds=frozenset({"sqlite"}),
            owners=("team:data",),
            code=code_of(
                "records/patient_databases.py", "mimic/tables.py", "mimic/catalogue", "assets/patient_databases.py"
            ),
            deps=(records.manifest, *records.sources),
            description=records.description,
        ),
        inputs=inputs,
        output=lambda home: home.layout.patient_databases(records.name),
        checks=lambda home: checks.of_patient_databases(home, records.name, records.dataset, records.cohort(home)),
        check_specs=checks.specs(records.asset),
        ready=records.present,
    )
    def built(home: Home, progress: Progress) -> Made:
        folder, patients = home.layout.patient_databases(records.name), sorted(records.cohort(home))
        made = build_patient_databases(
            {name: path for name, (_, path) in records.tables(home).items()},
            patients,
            folder,
            catalogue=CATALOGUES[records.dataset],
            progress=of_work(progress, f"patient databases ({records.name})"),
        )
        return Made(
            made.fingerprint,
            {
                "path": dg.MetadataValue.path(str(folder)),
                "databases": len(patients),
                "written": made.written,
                "up to date": made.up_to_date,
                "seconds": round(made.seconds, 2),
            },
        )

    return built


text_patient_databases = databases(TEXT)
ARTIFACTS: tuple[Artifact, ...] = (text_patient_databases,)
OF_DATASETS: tuple[Artifact, ...] = tuple(map(databases, DATASETS))
