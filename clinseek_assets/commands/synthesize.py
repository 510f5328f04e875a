"""`clinseek synthesize`: only the synthetic release and its source datasets."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from clinseek_assets.commands.stage_bars import StageBars
from clinseek_assets.synthetic.profiles import PROFILES, profile_named
from clinseek_assets.synthetic.release import SEED, SyntheticRelease, synthesize
from clinseek_assets.synthetic.scaled_sources import Forecast, Scale, forecast, scale_of


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
@click.option(
    "--scale",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="So many times the rows in the source tables, of patients whom no question asks about.",
)
@click.option(
    "--tables", help="With --scale: only these tables, with commas between them; the others stay as they are."
)
@click.option("--dry-run", is_flag=True, help="Forecast rows and room on disk, and write nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
def command(profile: str, out: Path, seed: int, scale: int, tables: str | None, dry_run: bool, as_json: bool) -> None:
    """Make a synthetic release: patients who never lived, with the habits of the real data.

    sources/mimic_iv holds all 41 tables as gz files with the published columns, sources/ehr_bench the questions'
    contexts, sources/atc_classes.csv the drug classes; release/ the manifest, with its contexts and without, and its
    counts. SYNTHETIC.json in both lists every file's hash. Every note holds a canary string (CANARY- and 16 hex digits)
    that must never be found where no note may be.

    With --scale the same questions are asked of the same patients, and background patients stand between them, in order
    of subject_id as in MIMIC-IV: at scale 100 one row in a hundred is of the release's own. A run that was broken off
    goes on with the tables that are missing. A disk without the room is refused before anything is written.

    \b
    Example: make the release and look at what is there
      clinseek synthesize --profile small --out /data/synthetic
      MIMIC_IV_ROOT=/data/synthetic/sources/mimic_iv CLINSEEK_RELEASE_ROOT=/data/synthetic/release clinseek doctor
    \b
    Example: a hundred million rows to extract from
      clinseek synthesize --profile full --scale 30 --out /data/large
    """
    wanted = _scale(scale, tables)
    if dry_run:
        _show_forecast(forecast(profile_named(profile).patients, seed, wanted, out), as_json)
        return
    with StageBars() as bars:
        made = synthesize(profile, out, seed=seed, scale=wanted, progress=bars.show)
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


def _scale(times: int, tables: str | None) -> Scale:
    if tables is not None and times == 1:
        raise click.UsageError("--tables says which tables --scale is for; give both.")
    return scale_of(times, tuple(name.strip() for name in tables.split(",")) if tables else ())


def _show_forecast(told: Forecast, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(asdict(told), indent=2))
        return
    files = f"{told.size / 1e9:,.2f} GB of gz files"
    click.echo(f"About {told.rows:,} rows of patients in {files}; {told.free / 1e9:,.1f} GB are free.")


def _figures(made: SyntheticRelease) -> dict[str, object]:
    return {
        "out": str(made.root),
        "profile": made.profile,
        "seed": made.seed,
        "scale": made.scale,
        "reused": made.reused,
        "seconds": round(made.seconds, 2),
        "counts": made.counts.model_dump(),
        "rows": made.rows,
    }
