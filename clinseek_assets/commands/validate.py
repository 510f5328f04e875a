"""`clinseek validate`: every released count, and every linked artifact."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Sequence

import click
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress
from rich.table import Table

from clinseek_assets.benchmark.manifest_review import manifest_warnings
from clinseek_assets.benchmark.questions import Question
from clinseek_assets.commands.terminal import path_console
from clinseek_assets.locations.settings import load_settings
from clinseek_assets.records.release_checks import ReleaseCheck, artifact_checks, manifest_checks


@click.command()
@click.option("--manifest-only", is_flag=True, help="Only the released manifest; needs no credentialed data.")
@click.option("--json", "as_json", is_flag=True, help='Print {"ok", "checks": [{"name", "expected", "found", ...}]}.')
def command(manifest_only: bool, as_json: bool) -> None:
    """Check the text release and what was built from it; exit 0 when all is as it should be, else 1.

    The manifest is the one that the settings name (CLINSEEK_RELEASE_ROOT, see `clinseek doctor`). It must have the
    counts of the official release, or those of the `expected_counts.json` beside it. Without --manifest-only each
    patient's database must be there, open, have every table and be of that patient, and the reference tables,
    candidate tables and table descriptions must be whole. Failing rows are named by their number in the manifest. What
    is odd but allowed, as gold outside the candidates is, is counted with «any» as expected.

    \b
    Examples:
      clinseek validate --manifest-only
      CLINSEEK_RELEASE_ROOT=~/ClinSeek-Bench clinseek validate --json
    """
    settings = load_settings()
    checks, questions = manifest_checks(settings.text_manifest, settings.release_root)
    checks += oddities(questions)
    if questions and not manifest_only:
        with Progress(console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task("Patient databases")
            checks += artifact_checks(
                questions,
                settings.layout,
                progress=lambda done, total: bar.update(task, completed=done, total=total),
            )
    ok = all(check.ok for check in checks)
    if as_json:
        rows = [{**dataclasses.asdict(check), "first": list(check.first)} for check in checks]
        click.echo(json.dumps({"ok": ok, "checks": rows}, ensure_ascii=False))
    else:
        show(checks)
    if not ok:
        failing = sum(not check.ok for check in checks)
        click.echo(f"clinseek: {failing} of {len(checks)} checks fail for {settings.text_manifest}.", err=True)
    sys.exit(0 if ok else 1)


def oddities(questions: Sequence[Question]) -> list[ReleaseCheck]:
    """What rows may have and readers should know: checks that always hold, with the rows that have it."""
    return [
        ReleaseCheck(
            f"text: rows with {odd.name}", "any", odd.rows, True, tuple(f"row {row}" for row in odd.first_rows)
        )
        for odd in manifest_warnings(questions)
    ]


def show(checks: list[ReleaseCheck]) -> None:
    """The checks as a table: what fails first with its places, then what holds."""
    table = Table(box=None, pad_edge=False)
    for heading in ("", "check", "expected", "found", "first"):
        table.add_column(heading, overflow="fold", justify="right" if heading in ("expected", "found") else "left")
    for check in sorted(checks, key=lambda check: check.ok):
        mark = "[green]ok[/]" if check.ok else "[red]no[/]"
        cells = (check.name, str(check.expected), str(check.found), "\n".join(check.first))
        table.add_row(mark, *map(escape, cells))
    path_console().print(table)
