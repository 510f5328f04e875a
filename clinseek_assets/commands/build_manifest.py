"""`clinseek build-manifest`: questions by the published rules from any MIMIC-IV root."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
from rich.table import Column, Table

from clinseek_assets import __version__
from clinseek_assets.commands.stage_bars import StageBars
from clinseek_assets.commands.terminal import path_console
from clinseek_assets.construction.manifest import build_manifest, without_contexts, write_manifest
from clinseek_assets.construction.pool import extract_pool
from clinseek_assets.locations.data_class import vouch_if_open
from clinseek_assets.locations.physionet import find_modules
from clinseek_assets.locations.settings import ATC_FILE, Settings, load_settings
from clinseek_assets.mimic.source_files import find_source_files
from clinseek_assets.storage import fingerprint
from clinseek_assets.storage.sole_use import sole_use
from clinseek_assets.timeline.anchors import Ties


@click.command()
@click.option(
    "--mimic-root",
    required=True,
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="The folder that holds hosp/ and icu/, and ed/ and note/ where you have them (.csv or .csv.gz).",
)
@click.option(
    "--per-subtask",
    default=40,
    show_default=True,
    type=click.IntRange(min=1),
    help="Questions of each subtask, at most.",
)
@click.option("--seed", default=42, show_default=True, help="Decides every draw: the same seed, the same manifest.")
@click.option("--out", required=True, type=click.Path(path_type=Path, dir_okay=False), help="The manifest to write.")
@click.option(
    "--ties",
    type=click.Choice(["strict", "published"]),
    default="strict",
    show_default=True,
    help="strict: a context ends before the second of the event to be predicted. published: it may reach into it.",
)
@click.option("--keep-decided", is_flag=True, help="Keep questions whose answer was settled before their moment.")
@click.option("--patients", type=click.IntRange(min=1), help="Draw so that exactly so many patients have questions.")
@click.option(
    "--pool",
    "most_patients",
    default=5000,
    show_default=True,
    type=click.IntRange(min=1),
    help="Consider at most so many patients of the root, a seeded draw.",
)
@click.option(
    "--atc-classes",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="CSV ndc,name,atc_code,atc_name; without it the two ATC subtasks have no questions.",
)
@click.option("--without-input", is_flag=True, help="Write rows without `input` and `question`, the rendered contexts.")
@click.option(
    "--work",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where extracted tables are kept for the next run; by default below CLINSEEK_HOME.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON instead of a table.")
def command(
    mimic_root: Path,
    per_subtask: int,
    seed: int,
    out: Path,
    ties: Ties,
    keep_decided: bool,
    patients: int | None,
    most_patients: int,
    atc_classes: Path | None,
    without_input: bool,
    work: Path | None,
    as_json: bool,
) -> None:
    """Build a manifest of questions by the published rules from any MIMIC-IV root, the open demo included.

    Beside OUT lie expected_counts.json and a report: the number of questions of each subtask, the reason where there
    are none, and every rule that is not the published one; where every source file is synthetic or of the open demo,
    also a signed voucher, so that the manifest counts as open too. The original's own choices are
    `--ties published --keep-decided`.

    \b
    Example: a benchmark of 100 real patients that needs no credentials
      clinseek build-manifest --mimic-root mimic-iv-clinical-database-demo-2.2 \\
          --per-subtask 40 --seed 42 --out demo/text/ClinSeek-Bench_text.json
    """
    settings = load_settings()
    folder = work or settings.layout.manifest_work / fingerprint.of_text(str(mimic_root.resolve()))[:12]
    with StageBars() as bars, sole_use(folder, "building a manifest"):
        pool = extract_pool(
            find_modules(mimic_root),
            folder,
            most_patients=most_patients,
            seed=seed,
            atc_classes=atc_classes or _atc_classes(mimic_root, settings),
            ccs_icd9_procedures=settings.ccs_icd9_procedures,
            progress=bars.show,
        )
        built = build_manifest(
            pool.tables,
            pool.reference_db,
            per_subtask=per_subtask,
            seed=seed,
            ties=ties,
            keep_decided=keep_decided,
            patients=patients,
            progress=bars.show,
        )
    built.report["patients_of_root"] = pool.patients_of_root
    built.report["notices"] = pool.notices
    written = write_manifest(without_contexts(built) if without_input else built, out)
    written += _vouched(mimic_root, out, seed)
    if as_json:
        click.echo(json.dumps(built.report, indent=2, ensure_ascii=False))
    else:
        _print(built.report, written)


def _vouched(mimic_root: Path, out: Path, seed: int) -> list[Path]:
    """The voucher of a manifest whose sources are all open; nothing where one is not."""
    sources = find_source_files(find_modules(mimic_root)).files.values()
    inputs = {f"{source.table.module}/{source.path.name}": source.path for source in sources}
    voucher = vouch_if_open(out, inputs, {"package_version": __version__, "seed": seed})
    return [voucher] if voucher else []


def _atc_classes(mimic_root: Path, settings: Settings) -> Path | None:
    """The mapping that the user's settings name, else the one that synthetic sources bring beside their MIMIC-IV."""
    if "CLINSEEK_ATC_CLASSES" in settings.origins:
        return settings.atc_classes
    beside = mimic_root.absolute().parent / ATC_FILE
    return beside if beside.is_file() else None


def _print(report: dict[str, Any], written: list[Path]) -> None:
    right = {"justify": "right"}
    table = Table(
        Column("subtask", no_wrap=True),
        *(Column(name, **right) for name in ("n", "yes/no", "patients", "pool")),  # type: ignore[arg-type]
        "reason",
    )
    for name, found in report["subtasks"].items():
        answers = f"{found['yes']}/{found['no']}" if "yes" in found else ""
        remark = found["reason"] or ("small" if found.get("small") else "")
        table.add_row(name, str(found["n"]), answers, str(found["patients"]), str(found["pool"]), remark)
    console = path_console()
    console.print(table)
    console.print(
        f"{report['rows']} questions of {report['patients']} patients; {report['patients_considered']} of "
        f"{report['patients_of_root']} patients considered; {len(report['deviations'])} rules are not the published "
        "ones (see the report)."
    )
    for path in written:
        console.print(f"wrote {path}", soft_wrap=True)
