"""One SQLite file a patient, as the published tools read it."""

from __future__ import annotations

import dagster as dg

from clinseek_assets.assets.artifact import Artifact, Explanation, Made, artifact, code_of
from clinseek_assets.assets.source_tables import cohort_fingerprint, name_of
from clinseek_assets.checks import patient_databases as checks
from clinseek_assets.mimic.catalogue import PATIENT_TABLES
from clinseek_assets.records.patient_databases import build_patient_databases
from clinseek_assets.resources.home import Home
from clinseek_assets.resources.progress import Progress, of_work

GROUP = "patient_databases"


def inputs(home: Home) -> list[str]:
    """The cohort, and the content of every patient table that is there."""
    versions = [
        f"{name} {home.receipts.content(name_of(table))}" if name in home.inventory.files else f"{name} not there"
        for name, table in PATIENT_TABLES.items()
    ]
    return [cohort_fingerprint(home), *versions]


@artifact(
    Explanation(
        name="text_patient_databases",
        group=GROUP,
        kinds=frozenset({"sqlite"}),
        owners=("team:data",),
        code=code_of(
            "records/patient_databases.py", "mimic/tables.py", "mimic/catalogue", "assets/patient_databases.py"
        ),
        deps=(
            "text_manifest",
            *(name_of(table) for table in PATIENT_TABLES.values()),
        ),
    ),
    inputs=inputs,
    output=lambda home: home.layout.patient_databases("text"),
    checks=checks.of_text_patient_databases,
    check_specs=checks.SPECS,
)
def text_patient_databases(home: Home, progress: Progress) -> Made:
    """One SQLite file a patient of the text split: the 34 patient tables under their published names.

    With the three published derived columns, typed and indexed; a table without rows is there and empty.
    """
    folder = home.layout.patient_databases("text")
    patients = sorted(home.cohort())
    tables = {name: path for name, path in home.tables().items() if name in PATIENT_TABLES}
    built = build_patient_databases(tables, patients, folder, progress=of_work(progress, "patient databases"))
    return Made(
        built.fingerprint,
        {
            "path": dg.MetadataValue.path(str(folder)),
            "databases": len(patients),
            "written": built.written,
            "up to date": built.up_to_date,
            "seconds": round(built.seconds, 2),
        },
    )


ARTIFACTS: tuple[Artifact, ...] = (text_patient_databases,)
