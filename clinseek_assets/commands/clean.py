"""`clinseek clean`: what the home takes on the disk, what of it can go, and taking it away."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import dagster as dg
from rich.table import Table

from clinseek_assets.automation.code_location import CodeLocation
from clinseek_assets.build import build
from clinseek_assets.commands.stage_bars import StageBars
from clinseek_assets.commands.terminal import path_console, readable
from clinseek_assets.faults import SettingsFault
from clinseek_assets.locations.home_parts import disk_use
from clinseek_assets.locations.settings import Settings, load_settings
from clinseek_assets.resources.instance import open_instance
from clinseek_assets.storage.working_here import nobody_working
from clinseek_assets.upkeep.findings import KINDS, Finding, findings
from clinseek_assets.upkeep.old_runs import forget, old_runs
from clinseek_assets.upkeep.removal import remove


@dataclass(frozen=True)
class Removed:
    """What was taken away: files and their bytes on the disk, runs and the bytes that their files took."""

    files: int = 0
    size: int = 0
    runs: int = 0
    freed_of_runs: int = 0


@click.command()
@click.option(
    "--remove",
    "names",
    multiple=True,
    type=click.Choice([kind.name for kind in KINDS]),
    help="Take this away; may be given several times.",
)
@click.option(
    "--runs-older-than",
    "days",
    type=click.FloatRange(min=0),
    metavar="DAYS",
    help="Forget runs that ended longer ago; those that made a partition last, or checked it last, stay.",
)
@click.option("--yes", is_flag=True, help="Do not ask before taking away what was paid for.")
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
def command(names: tuple[str, ...], days: float | None, yes: bool, as_json: bool) -> None:
    """Show what CLINSEEK_HOME takes on the disk, what of it is stale or can be made again, and take away what is named.

    Without --remove and --runs-older-than it only looks. Sources, releases and files that clinseek does not know are
    never touched, nor anything outside the home. Journals and the ledger were paid for: they go by a name of their own
    only, after a question (or --yes). Refuses while a run is at work on the home. Killed in the middle, it has removed
    a part, and the same command goes on.

    \b
    Examples:
      clinseek clean
      clinseek clean --remove unfinished --remove orphans
      clinseek clean --runs-older-than 90
    """
    settings = load_settings()
    if not settings.home.is_dir():
        raise SettingsFault(f"{settings.home} is not there.", mend="Name the home that is meant as CLINSEEK_HOME.")
    ask_for_paid(names, yes)
    location = build(settings)
    removed = Removed()
    if names or days is not None:
        with nobody_working(settings.home, "tidied"), StageBars() as bars:
            removed = take_away(settings, location, names, days, bars)
    report = told(settings, findings(location.home, location.graph), removed)
    if as_json:
        click.echo(json.dumps(report, default=str))
    else:
        show(report)


def ask_for_paid(names: Sequence[str], yes: bool) -> None:
    """Ask before something goes that money was spent on.

    Raises:
        UsageError: nobody is there to be asked.
        Abort: the answer is no.
    """
    paid = [kind for kind in KINDS if kind.paid and kind.name in names]
    for kind in paid:
        click.echo(f"{kind.name}: {kind.why}. There is no way back.", err=True)
    if not paid or yes:
        return
    if not sys.stdin.isatty():
        raise click.UsageError(f"Add --yes to take away {', '.join(kind.name for kind in paid)}, which was paid for.")
    click.confirm("Take it away?", abort=True, err=True)


def take_away(
    settings: Settings, location: CodeLocation, names: Sequence[str], days: float | None, bars: StageBars
) -> Removed:
    """Remove the named kinds and the old runs; looked for now, since nobody works on the home any more."""
    chosen: dict[Path, int] = {}
    for finding in findings(location.home, location.graph) if names else ():
        if finding.kind.name in names:
            chosen |= finding.files
    gone = remove(settings, chosen, lambda done, total: bars.show("Files", done, total))
    size = sum(chosen[path] for path in gone)
    if days is None:
        return Removed(len(gone), size)
    checks: list[dg.AssetCheckKey] = [
        key for artifact in location.graph.artifacts for key in artifact.definition.check_keys
    ]
    with open_instance(settings.layout) as instance:
        runs = old_runs(instance, days, checks)
        freed = forget(instance, runs, lambda done, total: bars.show("Runs", done, total))
    return Removed(len(gone), size, len(runs), freed)


def told(settings: Settings, found: Sequence[Finding], removed: Removed) -> dict[str, Any]:
    """The figures, as `--json` prints them; sizes in bytes on the disk."""
    use = disk_use(settings.home)
    return {
        "home": settings.home,
        "bytes": sum(part.size for part in use.values()),
        "parts": [
            {"name": part.name, "files": of.files, "bytes": of.size, "lost_with_it": part.nature, "holds": part.holds}
            for part, of in use.items()
        ],
        "removable": [
            {
                "name": finding.kind.name,
                "files": len(finding.files),
                "bytes": finding.size,
                "why": finding.kind.why,
                "paid": finding.kind.paid,
            }
            for finding in found
        ],
        "removed": {
            "files": removed.files,
            "bytes": removed.size,
            "runs": removed.runs,
            "bytes_of_runs": removed.freed_of_runs,
        },
    }


def show(report: dict[str, Any]) -> None:
    """The figures for the terminal."""
    console = path_console()
    removed = report["removed"]
    if removed["files"] or removed["runs"]:
        size = readable(removed["bytes"] + removed["bytes_of_runs"])
        console.print(f"Removed {removed['files']:,} files and {removed['runs']:,} runs: {size}.\n")
    console.print(f"[bold]{report['home']}[/] takes {readable(report['bytes'])}\n")
    parts = Table("part", box=None, pad_edge=False)
    for heading in ("files", "size"):
        parts.add_column(heading, justify="right")
    for heading in ("what it is", "without it"):
        parts.add_column(heading)
    for part in report["parts"]:
        figures = (f"{part['files']:,}", readable(part["bytes"]))
        parts.add_row(part["name"], *figures, part["holds"], str(part["lost_with_it"]))
    console.print(parts)
    removable = [kind for kind in report["removable"] if kind["files"]]
    if not removable:
        console.print("\nNothing is stale.")
        return
    can_go = Table("--remove", box=None, pad_edge=False)
    for heading in ("files", "size"):
        can_go.add_column(heading, justify="right")
    can_go.add_column("why it can go")
    for kind in removable:
        name = f"[yellow]{kind['name']}[/]" if kind["paid"] else kind["name"]
        can_go.add_row(name, f"{kind['files']:,}", readable(kind["bytes"]), kind["why"])
    console.print("\nCan go:")
    console.print(can_go)
