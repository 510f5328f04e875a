"""`clinseek patient-databases`: from a manifest and the source tables to the patients' databases, without Dagster."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import Progress

from clinseek_assets.benchmark.manifest_file import read_manifest
from clinseek_assets.faults import DatabaseFault, SourceFault
from clinseek_assets.locations.physionet import find_modules
from clinseek_assets.mimic.catalogue import PATIENT_TABLES
from clinseek_assets.mimic.extraction import ExtractedTables, extract_tables
from clinseek_assets.mimic.source_files import SourceInventory, find_source_files
from clinseek_assets.records.patient_databases import DatabasesBuilt, build_patient_databases
from clinseek_assets.storage.sole_use import sole_use

TABLES_FOLDER = ".source_tables"

StepProgress = Callable[[int, int], None]


@click.command()
@click.option(
    "--manifest",
    required=True,
    type=click.Path(path_type=Path),
    help="The manifest whose patients are wanted: JSON list or JSON lines.",
)
@click.option(
    "--mimic-root",
    "roots",
    required=True,
    multiple=True,
    type=click.Path(path_type=Path),
    help="The folder of MIMIC-IV: with hosp/, icu/, ed/, note/ in it, or a PhysioNet download. May be given "
    "several times where the modules lie apart.",
)
@click.option(
    "--out", required=True, type=click.Path(path_type=Path, file_okay=False), help="The folder of the databases."
)
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
def command(manifest: Path, roots: tuple[Path, ...], out: Path, as_json: bool) -> None:
    """Write patient_<subject_id>.db for every patient of a manifest.

    Files may be .csv or .csv.gz. A module or table that is not there leaves its tables empty, and it says so; one that
    is damaged ends the command before any database is written. What has not changed since the last run is not done
    again. The patients' rows are kept as Parquet in OUT/.source_tables for that; the folder may be deleted.

    \b
    Example:
      clinseek patient-databases --manifest release/text/ClinSeek-Bench_text.json \\
          --mimic-root /data/mimiciv/3.1 --mimic-root /data/mimic-iv-note/2.2 --out databases/
    """
    patients = {question.subject_id for question in read_manifest(manifest)}
    inventory = _inventory(roots)
    with _progress() as step, sole_use(out / TABLES_FOLDER, "extracting source tables and writing databases"):
        extracted = extract_tables(
            inventory,
            patients,
            lambda table: out / TABLES_FOLDER / table.module / f"{table.name}.parquet",
            progress=step("Reading the source tables"),
        )
        _tell(inventory, extracted)
        _refuse_damaged(extracted)
        built = build_patient_databases(extracted.paths, patients, out, progress=step("Writing the databases"))
    click.echo(
        json.dumps(_figures(inventory, extracted, built))
        if as_json
        else _sentence(len(patients), built, extracted, out)
    )
    if built.without_rows:
        raise DatabaseFault(
            f"{built.without_rows} of the manifest's {len(patients)} patients have no row in the source tables, "
            "so they have no database.",
            mend="The manifest and the source tables must be of the same release of MIMIC-IV.",
        )


def _inventory(roots: tuple[Path, ...]) -> SourceInventory:
    """The source files of the tables of patients; a module is taken from the first root that has it."""
    modules: dict[str, Path] = {}
    for root in roots:
        modules = {**find_modules(root), **modules}
    found = find_source_files(modules)
    return SourceInventory(
        files={name: source for name, source in found.files.items() if name in PATIENT_TABLES},
        missing={name: reason for name, reason in found.missing.items() if name in PATIENT_TABLES},
        notices=found.notices,
    )


@contextmanager
def _progress() -> Iterator[Callable[[str], StepProgress]]:
    """Progress bars on stderr: call what is yielded with a step's title, the result with done and total."""
    with Progress(console=Console(stderr=True), transient=True) as bars:

        def step(title: str) -> StepProgress:
            bar = bars.add_task(title, total=None)
            return lambda done, total: bars.update(bar, completed=done, total=total)

        yield step


def _tell(inventory: SourceInventory, extracted: ExtractedTables) -> None:
    """Notices and missing tables, on stderr."""
    for extraction in extracted.extractions:
        for notice in extraction.notices:
            click.echo(f"Note: {notice}", err=True)
    tables_by_reason: dict[str, list[str]] = {}
    for name, reason in inventory.missing.items():
        tables_by_reason.setdefault(reason, []).append(name)
    for reason, names in tables_by_reason.items():
        click.echo(f"Note: {reason} What stays empty: {', '.join(names)}.", err=True)


def _refuse_damaged(extracted: ExtractedTables) -> None:
    if extracted.faults:
        told = "\n".join(f"  {fault.what}\n    {fault.mend}".rstrip() for fault in extracted.faults.values())
        number = "one source table" if len(extracted.faults) == 1 else f"{len(extracted.faults)} source tables"
        raise SourceFault(
            f"{number} cannot be read, so no database was written:\n{told}",
            mend="Mend what is named and run the same command again; the tables that were read are kept.",
        )


def _figures(inventory: SourceInventory, extracted: ExtractedTables, built: DatabasesBuilt) -> dict[str, Any]:
    return {
        **asdict(built),
        "tables": {
            extraction.table: {"rows": extraction.rows, "patients": extraction.patients, "reused": extraction.reused}
            for extraction in extracted.extractions
        },
        "missing": inventory.missing,
    }


def _sentence(patients: int, built: DatabasesBuilt, extracted: ExtractedTables, out: Path) -> str:
    rows = sum(extraction.rows for extraction in extracted.extractions)
    left_over = f"; {built.left_over} of other patients lie there and were left alone" if built.left_over else ""
    return (
        f"{patients} patients, {rows:,} rows of {len(extracted.extractions)} tables: "
        f"{built.written} databases written, {built.up_to_date} were up to date{left_over}. They are in {out}."
    )
