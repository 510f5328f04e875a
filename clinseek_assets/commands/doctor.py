"""`clinseek doctor`: which inputs are there, their versions, what is missing and where to get it."""

from __future__ import annotations

import dataclasses
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.markup import escape
from rich.table import Table

from clinseek_assets.commands.terminal import path_console
from clinseek_assets.faults import Fault
from clinseek_assets.locations.data_class import Standing
from clinseek_assets.locations.input import BROKEN, MISSING, PARTIAL, PRESENT, Input
from clinseek_assets.locations.inputs import examine_inputs
from clinseek_assets.locations.multimodal_inputs import Asked
from clinseek_assets.locations.settings import SETTINGS_FILE, Settings, examine_settings
from clinseek_assets.locations.software import software
from clinseek_assets.mimic.source_files import find_source_files
from clinseek_assets.storage.disk_room import free_bytes, nearest_folder

if TYPE_CHECKING:
    from clinseek_assets.storage.store.standing import StoreStanding

COLOURS = {PRESENT: "green", PARTIAL: "yellow", MISSING: "dim", BROKEN: "red"}
LISTED = 6  # names of missing files shown on the terminal; --json has all


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
@click.option(
    "--fetch-list",
    "fetch_list",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write the X-rays, reports and lists that the multimodal questions need, and look at nothing else.",
)
def command(as_json: bool, fetch_list: Path | None) -> None:
    """Show every input: where it lies, its version, what of it is missing, what that costs and where to get it.

    Inputs are named by environment variables or by the same keys in clinseek.yaml; one download folder is enough:
    PHYSIONET_ROOT. With nothing named, the synthetic data in CLINSEEK_HOME is used. Exit 0 when what is named is
    usable (missing inputs only cost what they cost), 1 with the reason when something named is broken.

    \b
    --fetch-list FILE needs the multimodal manifest alone. It writes one path a line, relative to
    https://physionet.org/files/: of 570 GB of X-rays the few hundred that are linked, their
    reports and three lists. Feed it to a download tool of your own, under your own PhysioNet
    account; what is there already is passed over:
      wget -x -c --user NAME --ask-password -B https://physionet.org/files/ -i FILE
    Then name the folder physionet.org as PHYSIONET_ROOT. From a bucket, copy line by line:
      while read -r path; do aws s3 cp "s3://BUCKET/$path" "files/$path"; done < FILE
    The paths hold ids of patients: FILE is made readable for you alone.

    \b
    Examples:
      clinseek doctor
      PHYSIONET_ROOT=~/physionet.org CLINSEEK_RELEASE_ROOT=~/ClinSeek-Bench clinseek doctor
      CLINSEEK_RELEASE_ROOT=~/ClinSeek-Bench clinseek doctor --fetch-list needed.txt
    """
    settings, faults = examine_settings()
    if fetch_list is not None:
        fetch(settings, fetch_list)
        return
    asked, manifest_faults = multimodal_needs(settings)
    inputs = examine_inputs(settings, asked)
    models, model_faults = enabled_models(settings)
    home = home_state(settings)
    standing = standing_of_inputs(settings)
    store = store_standing(settings)
    reasons = [str(fault) for fault in faults]
    reasons += [reason for found in inputs for reason in found.faults]
    reasons += [*manifest_faults, *model_faults]
    if store and not store.usable:
        reasons.append(store.reason)
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
        "store": dataclasses.asdict(store) if store else None,
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


def fetch(settings: Settings, path: Path) -> None:
    """Write the list of what is to be fetched; exit 1 with the reason where the manifest does not tell."""
    from clinseek_assets.commands.multimodal_needs import write_fetch_list

    try:
        lines = write_fetch_list(settings, path)
    except Fault as fault:
        click.echo(f"clinseek: {fault}", err=True)
        sys.exit(1)
    except OSError as error:
        click.echo(f"clinseek: {path} cannot be written ({error.strerror}).", err=True)
        sys.exit(1)
    click.echo(f"{lines:,} paths written to {path}.")


def multimodal_needs(settings: Settings) -> tuple[Asked | None, list[str]]:
    """What the multimodal questions need of the sources, and why their manifest cannot be read."""
    from clinseek_assets.commands.multimodal_needs import needs_of, questions_asked

    try:
        return needs_of(settings, questions_asked(settings)), []
    except Fault as fault:
        return None, [str(fault)]


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


def store_standing(settings: Settings) -> StoreStanding | None:
    """How the shared store stands; None where none is named."""
    from clinseek_assets.storage.store.objects import open_store, shown
    from clinseek_assets.storage.store.standing import StoreStanding, standing_of_store

    if settings.store is None:
        return None
    try:
        return standing_of_store(open_store(settings.store, settings.home))
    except Fault as fault:
        return StoreStanding(shown(settings.store), False, "cannot tell", str(fault))


def enabled_models(settings: Settings) -> tuple[list[str], list[str]]:
    """The enabled models' names, and what is wrong with the registry or with what is to happen by itself."""
    from clinseek_assets.models.registry import load_registry
    from clinseek_assets.resources.operating import load_operating

    enabled: list[str] = []
    try:
        registry = load_registry(settings.models_file)
        enabled = [model.name for model in registry.enabled]
        load_operating(settings.models_file, registry).alerts.webhook()
    except Fault as fault:
        return enabled, [str(fault)]
    return enabled, []


def home_state(settings: Settings) -> dict[str, Any]:
    """The home folder: what it holds, whether it can be written to, and the free space on its disk in bytes."""
    home = settings.home
    nearest = nearest_folder(home)
    holds = [name for name in ("release", "sources", "assets", "dagster") if (home / name).exists()]
    return {
        "path": home,
        "exists": home.is_dir(),
        "writable": nearest.is_dir() and os.access(nearest, os.W_OK | os.X_OK),
        "free_bytes": free_bytes(home),
        "holds": holds,
        "synthetic": settings.synthetic,
        "own_inputs": settings.own_inputs,
    }


def show(report: dict[str, Any], inputs: list[Input]) -> None:
    """The findings for the terminal."""
    console = path_console()
    home = report["home"]
    kind = "synthetic release and sources" if home["synthetic"] else "your own" if home["own_inputs"] else ""
    told = ", ".join(home["holds"]) or "empty"
    console.print(f"[bold]home[/]      {escape(str(home['path']))} ({told}; {gigabytes(home['free_bytes'])} free)")
    if store := report["store"]:
        state = "usable" if store["usable"] else "[red]not usable[/]"
        console.print(f"[bold]store[/]     {escape(store['url'])} ({state}; private: {store['private']})")
        if store["usable"] and store["reason"]:
            console.print(f"          [yellow]{escape(store['reason'])}[/]")
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
