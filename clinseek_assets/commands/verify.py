"""`clinseek verify`: what was rebuilt here, held against a seal."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.table import Table

from clinseek_assets.commands.stage_bars import StageBars
from clinseek_assets.commands.terminal import path_console
from clinseek_assets.locations.settings import load_settings
from clinseek_assets.release.checks import NAMED_ROWS

if TYPE_CHECKING:
    from clinseek_assets.release.seal.seal_file import Seal
    from clinseek_assets.release.seal.verification import Difference, Verdict


@click.command()
@click.argument("seal_file", metavar="SEAL", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--json", "as_json", is_flag=True, help='Print {"ok", "identical", "questions", "differences", ...}.')
def command(seal_file: Path, as_json: bool) -> None:
    """Hold the rebuilt benchmark against a seal; exit 0 when all of it is identical, else 1.

    A question is identical when all that belongs to it is: its row of the manifest, each table of its patient's record,
    both contexts, its linked files. What differs is named by artifact, by row of the manifest and by the source tables
    behind it; never by patient or qid. It is what was built that is looked at: after a change of a source, build again.

    \b
    Examples:
      clinseek verify their-seal.json
      clinseek verify their-seal.json --json
    """
    from clinseek_assets.release.scope import Scope  # here, since what looks at frames takes long to load
    from clinseek_assets.release.seal.seal_file import read_seal
    from clinseek_assets.release.seal.verification import verify

    seal = read_seal(seal_file)
    with StageBars() as bars:
        verdict = verify(Scope(load_settings(), bars.show), seal)
    if as_json:
        click.echo(json.dumps(as_figures(seal, verdict)))
    else:
        show(seal, verdict)
    sys.exit(0 if verdict.ok else 1)


def as_figures(seal: Seal, verdict: Verdict) -> dict[str, object]:
    """The verdict as JSON: `identical` is null where the seal stays closed, `rows` of what all share is empty."""
    return {
        "ok": verdict.ok,
        "seal": seal.name,
        "made_by": seal.made_by,
        "questions": verdict.questions,
        "identical": verdict.identical if verdict.opened else None,
        "shared": verdict.shared,
        "shared_identical": verdict.shared_identical if verdict.opened else None,
        "counts": {
            split: {"sealed": sealed.model_dump(), "here": here.model_dump()}
            for split, (sealed, here) in verdict.counts.items()
        },
        "differences": [
            {"artifact": one.artifact, "split": one.split, "rows": list(one.rows), "upstream": list(one.upstream)}
            for one in verdict.differences
        ],
    }


def show(seal: Seal, verdict: Verdict) -> None:
    """The verdict in words, and what differs as a table."""
    for split, (sealed, here) in verdict.counts.items():
        click.echo(
            f"{split}: the seal has {sealed.questions:,} questions of {sealed.patients:,} patients, "
            f"here are {here.questions:,} of {here.patients:,}."
        )
    if not verdict.opened:
        click.echo(
            f"Not identical to seal {seal.name}, made by {seal.made_by} from {origin(seal)}. No table over all "
            "patients and no group of records is the same here: the seal stays closed and tells no more."
        )
        return
    click.echo(f"{verdict.identical:,}/{verdict.questions:,} identical")
    if verdict.shared:
        click.echo(f"{verdict.shared_identical:,}/{verdict.shared:,} shared tables identical")
    if verdict.differences:
        path_console().print(differences_table(verdict.differences))
        click.echo(f"Seal {seal.name} was made by {seal.made_by} from {origin(seal)}.")


def origin(seal: Seal) -> str:
    """What the seal tells of its sources."""
    told = ", ".join(f"{name} {version}" for name, version in seal.sources.items())
    return f"a {seal.release} release" + (f" and {told}" if told else "")


def differences_table(differences: Sequence[Difference]) -> Table:
    """What differs: the artifact, the first rows, the source tables behind it."""
    table = Table(box=None, pad_edge=False)
    for heading in ("differs", "questions", "first rows", "upstream"):
        table.add_column(heading, overflow="fold", justify="right" if heading == "questions" else "left")
    for one in differences:
        count = f"{len(one.rows):,}" if one.rows else "all"
        first = ", ".join(map(str, one.rows[:NAMED_ROWS])) + (", …" if len(one.rows) > NAMED_ROWS else "")
        table.add_row(one.artifact, count, first, ", ".join(one.upstream))
    return table
