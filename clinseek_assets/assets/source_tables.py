"""The source tables of MIMIC-IV: one asset a table, the rows of the benchmark's patients only."""

from __future__ import annotations

import dagster as dg

from clinseek_assets.assets.artifact import Artifact, Explanation, Made, artifact, asset_key, code_of
from clinseek_assets.assets.observed import of_files
from clinseek_assets.assets.shown import COLUMN_SCHEMA, of_file_and_rows, schema_of_table
from clinseek_assets.checks import source_tables as checks
from clinseek_assets.faults import SourceFault
from clinseek_assets.mimic.catalogue import TABLES
from clinseek_assets.mimic.extraction import extract_table
from clinseek_assets.mimic.source_files import SourceFile, SourceInventory
from clinseek_assets.mimic.tables import Table
from clinseek_assets.resources.home import Home
from clinseek_assets.resources.progress import Progress
from clinseek_assets.storage.fingerprint import of_value

GROUP = "source_tables"
OWNERS = ("team:data",)
CODE = code_of("mimic/extraction.py", "mimic/source_files.py", "mimic/tables.py", "assets/source_tables.py")


def name_of(table: Table) -> str:
    """The asset's key as text: `mimic_iv/hosp/labevents`."""
    return f"mimic_iv/{table.module}/{table.name}"


def source_of(home: Home, table: Table) -> SourceFile:
    """The table's source file.

    Raises:
        SourceFault: it is not there.
    """
    source = home.inventory.files.get(table.name)
    if source is None:
        reason = home.inventory.missing.get(table.name, "no folder of MIMIC-IV is named")
        raise SourceFault(
            f"The source file of {table.module}/{table.name} is not there: {reason}",
            mend="`make demo` makes synthetic sources; for your own, set MIMIC_IV_ROOT (`clinseek doctor` shows what "
            "is missing and where to get it).",
        )
    return source


def cohort_fingerprint(home: Home) -> str:
    """The set of the benchmark's patients, as a fingerprint."""
    return of_value(sorted(home.cohort()))


def source_table(table: Table) -> Artifact:
    """The asset of one table: a single pass over its file, typed, sorted by patient."""

    source = of_files(
        f"files/{name_of(table)}",
        f"The source file of {table.module}/{table.name}, as PhysioNet publishes it.",
        lambda home: [source_of(home, table).path],
        owners=OWNERS,
    )

    def inputs(home: Home) -> list[str]:
        patients = cohort_fingerprint(home) if table.of_patients else "whole"
        return [source_of(home, table).fingerprint(), patients, repr(table)]

    @artifact(
        Explanation(
            name=name_of(table),
            group=GROUP,
            description=f"{table.description} "
            + ("The rows of the benchmark's patients." if table.of_patients else "Taken whole."),
            kinds=frozenset({"parquet", "csv"}),
            owners=OWNERS,
            code=CODE,
            deps=("text_manifest",) if table.of_patients else (),
            sources=(source,),
            metadata={COLUMN_SCHEMA: schema_of_table(table)},
        ),
        inputs=inputs,
        output=lambda home: home.layout.source_table(table.module, table.name),
        checks=lambda home: checks.of_source_table(home, table),
        check_specs=checks.specs(table, asset_key(name_of(table))),
    )
    def extracted(home: Home, progress: Progress) -> Made:
        path = home.layout.source_table(table.module, table.name)
        cohort = home.cohort() if table.of_patients else None
        extraction = extract_table(source_of(home, table), cohort, path)
        return Made(
            extraction.content_fingerprint,
            {
                **of_file_and_rows(path, extraction.rows),
                "source file": dg.MetadataValue.path(str(source_of(home, table).path)),
                "source fingerprint": extraction.source_fingerprint,
                "patients": extraction.patients,
                "notices": "; ".join(extraction.notices) or "none",
            },
        )

    return extracted


def artifacts(inventory: SourceInventory) -> tuple[Artifact, ...]:
    """The tables that can be materialized: those whose file is there; all of them where nothing is named yet."""
    return tuple(
        source_table(table) for name, table in TABLES.items() if name in inventory.files or not inventory.files
    )


def absent(inventory: SourceInventory) -> list[dg.AssetSpec]:
    """The tables whose file is missing, as assets that nobody can materialize, with the reason."""
    if not inventory.files:
        return []
    return [
        dg.AssetSpec(
            asset_key(name_of(table)),
            group_name=GROUP,
            kinds={"csv"},
            owners=list(OWNERS),
            description=f"Not there: {reason} What is downstream goes on without it. {table.description}",
            metadata={COLUMN_SCHEMA: schema_of_table(table), "missing": reason},
        )
        for table, reason in ((TABLES[name], reason) for name, reason in inventory.missing.items())
    ]
