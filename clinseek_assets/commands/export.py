"""`clinseek export`: the rebuilt benchmark in the published layout."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import click

from clinseek_assets.commands.stage_bars import StageBars
from clinseek_assets.locations.settings import Settings, load_settings
from clinseek_assets.release.manifests import SPLITS


@click.command()
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    required=True,
    help="The package's folder: missing, empty, or an earlier export, which is replaced.",
)
@click.option("--split", type=click.Choice(SPLITS), help="One split; by default all that the release has.")
@click.option("--link", is_flag=True, help="Hard links to the originals instead of copies: to edit one edits both.")
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
def command(out: Path, split: str | None, link: bool, as_json: bool) -> None:
    """Write the rebuilt benchmark in the published layout, for the published drivers, validator and scorers.

    Patient databases, dictionaries, linked X-rays and reports, and the manifests with `input`, `question` and
    `input_text` filled in; its README.md says what each is for. What it is made of must be materialized. The package
    appears whole or not at all, is private to you, and holds protected data: it must not leave where that may lie. A
    folder that no export wrote is never touched. A run that was stopped goes on where it was.

    \b
    Examples:
      clinseek export --out /protected/clinseek-bench
      clinseek export --out /protected/mm --split multimodal --link
    """
    from clinseek_assets.release.export.placing import COPIES, HARD_LINKS  # here, since they take long to load
    from clinseek_assets.release.export.writing import export_release

    settings = load_settings()
    with StageBars() as bars:
        made = export_release(settings, splits_of(settings, split), out, HARD_LINKS if link else COPIES, bars.show)
    if as_json:
        click.echo(json.dumps({**asdict(made), "out": str(made.out)}))
        return
    told = f"{made.files:,} files in {made.out}: {counted(made.facts)}."
    click.echo(f"Nothing to do: {told}" if made.up_to_date else f"Exported {told}")


def splits_of(settings: Settings, split: str | None) -> tuple[str, ...]:
    """The split that was asked for, else all that the release has."""
    if split:
        return (split,)
    there = {"text": settings.text_manifest.is_file(), "multimodal": settings.multimodal_manifest.is_file()}
    return tuple(name for name in SPLITS if there[name]) or SPLITS


def counted(facts: Mapping[str, Mapping[str, int]]) -> str:
    """The counts of all splits in one line."""
    return ", ".join(
        f"{number:,} {name.replace('_', ' ')}" for of_split in facts.values() for name, number in of_split.items()
    )
