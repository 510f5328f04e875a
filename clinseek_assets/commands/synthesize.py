"""`clinseek synthesize`: only the synthetic release and its source datasets."""

from __future__ import annotations

import json
from pathlib import Path

import click

from clinseek_assets.commands.stage_bars import StageBars
from clinseek_assets.synthetic.profiles import PROFILES
from clinseek_assets.synthetic.release import SEED, SyntheticRelease, synthesize


@click.command()
@click.option(
    "--profile",
    type=click.Choice(list(PROFILES)),
    default="small",
    show_default=True,
    help="small: some hundred patients, in seconds; full: exactly the released counts, in minutes.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="Folder that gets release/ and sources/; what is there from the same profile and seed stays.",
)
@click.option("--seed", type=int, default=SEED, show_default=True, help="The same seed gives the same bytes.")
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
def command(profile: str, out: Path, seed: int, as_json: bool) -> None:
    """Make a synthetic release: patients who never lived, with the habits of the real data.

    sources/mimic_iv holds all 41 tables as gz files with the published columns, sources/ehr_bench the questions'
    contexts, sources/atc_classes.csv the drug classes; release/ the manifest, with its contexts and without, and its
    counts. SYNTHETIC.json in both lists every file's hash. Every note holds a canary string (CANARY- and 16 hex digits)
    that must never be found where no note may be.

    \b
    Example: make the release and look at what is there
      clinseek synthesize --profile small --out /data/synthetic
      MIMIC_IV_ROOT=/data/synthetic/sources/mimic_iv CLINSEEK_RELEASE_ROOT=/data/synthetic/release clinseek doctor
    """
    with StageBars() as bars:
        made = synthesize(profile, out, seed=seed, progress=bars.show)
    if as_json:
        click.echo(json.dumps(_figures(made), indent=2))
        return
    if made.reused:
        click.echo(f"Nothing to do: {out} holds this release, every file as recorded ({made.seconds:.1f} s).")
    else:
        click.echo(f"Made in {made.seconds:.1f} s below {out}:")
    text = made.counts.text
    click.echo(f"  release/  {text.rows:,} questions of {text.patients:,} patients, {len(text.per_subtask)} subtasks")
    click.echo(
        f"  sources/  {sum(made.rows.values()):,} rows in {len(made.rows)} tables of {made.rows['patients']:,} patients"
    )


def _figures(made: SyntheticRelease) -> dict[str, object]:
    return {
        "out": str(made.root),
        "profile": made.profile,
        "seed": made.seed,
        "reused": made.reused,
        "seconds": round(made.seconds, 2),
        "counts": made.counts.model_dump(),
        "rows": made.rows,
    }
