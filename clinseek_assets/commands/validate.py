"""`clinseek validate`: every released count, and every linked artifact."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import click
from rich.markup import escape
from rich.table import Table

from clinseek_assets.commands.stage_bars import StageBars
from clinseek_assets.commands.terminal import path_console
from clinseek_assets.locations.settings import Settings, load_settings
from clinseek_assets.release.checks import ReleaseCheck
from clinseek_assets.release.manifests import SPLITS, manifest_checks
from clinseek_assets.release.report import markdown_report
from clinseek_assets.storage.atomic import write_text


@click.command()
@click.option("--manifest-only", is_flag=True, help="Only the released manifests; needs no credentialed data.")
@click.option("--split", type=click.Choice(SPLITS), help="One split; both by default.")
@click.option("--json", "as_json", is_flag=True, help='Print {"ok", "checks": [{"name", "expected", "found", ...}]}.')
@click.option(
    "--report", type=click.Path(path_type=Path, dir_okay=False), help="Also write a readable page, in Markdown."
)
def command(manifest_only: bool, split: str | None, as_json: bool, report: Path | None) -> None:
    """Check the release and what was built from it; exit 0 when all is as it should be, else 1.

    The manifests are those that the settings name (CLINSEEK_RELEASE_ROOT, see `clinseek doctor`). They must have the
    counts of the official release, or those of the `expected_counts.json` beside them; every linked path must have its
    form, its dataset's prefix and its row's patient. Without --manifest-only each patient's database must be there,
    open, have every table and be of that patient; each linked X-ray must decode and each report be read; contexts must
    have their hashes; and the tables and dictionaries that they are made of must be whole. Failing rows are named by
    their number in the manifest. What is odd but allowed, as gold outside the candidates is, is counted with «any» as
    expected; the six groups of the official multimodal release go by our own rule, so that another number is told only.

    \b
    Examples:
      clinseek validate --manifest-only
      clinseek validate --split multimodal --report validation.md
      CLINSEEK_RELEASE_ROOT=~/ClinSeek-Bench clinseek validate --json
    """
    settings = load_settings()
    splits = [split] if split else SPLITS
    checks = manifest_checks(settings, splits) if manifest_only else all_checks(settings, splits)
    ok = all(check.ok for check in checks)
    if as_json:
        rows = [{**dataclasses.asdict(check), "first": list(check.first)} for check in checks]
        click.echo(json.dumps({"ok": ok, "checks": rows}, ensure_ascii=False))
    else:
        show(checks)
    if report:
        write_text(report, markdown_report(checks, f"Validation of the release in {settings.release_root}"))
    if not ok:
        failing = sum(not check.ok for check in checks)
        click.echo(f"clinseek: {failing} of {len(checks)} checks fail for {settings.release_root}.", err=True)
    sys.exit(0 if ok else 1)


def all_checks(settings: Settings, splits: Sequence[str]) -> list[ReleaseCheck]:
    """The manifests and all that was built from them, with progress on stderr."""
    from clinseek_assets.release.scope import Scope  # here, since what looks at frames takes long to load
    from clinseek_assets.release.validation import release_checks

    with StageBars() as bars:
        return release_checks(Scope(settings, bars.show), splits)


def show(checks: Sequence[ReleaseCheck]) -> None:
    """The checks as a table: what fails first with its places, then what differs and may, then what holds."""
    table = Table(box=None, pad_edge=False)
    for heading in ("", "check", "expected", "found", "first"):
        table.add_column(heading, overflow="fold", justify="right" if heading in ("expected", "found") else "left")
    for check in sorted(checks, key=lambda check: (check.ok, not check.warning)):
        mark = "[red]no[/]" if not check.ok else "[yellow]!![/]" if check.warning else "[green]ok[/]"
        cells = (check.name, str(check.expected), str(check.found), "\n".join(check.first))
        table.add_row(mark, *map(escape, cells))
    path_console().print(table)
