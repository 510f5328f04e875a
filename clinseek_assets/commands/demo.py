"""`clinseek demo`: synthetic data, the whole graph, the leaderboards of both splits."""

from __future__ import annotations

import time

import click
from rich.console import Console

from clinseek_assets.assets.splits import SPLITS
from clinseek_assets.commands.graph_run import TerminalProgress, bring_up_to_date
from clinseek_assets.commands.leaderboard_table import leaderboard_tables, show
from clinseek_assets.locations.settings import Settings, load_settings

# Whoever names one of these has data to run over.
OWN_DATA = {"CLINSEEK_RELEASE_ROOT", "MIMIC_IV_ROOT", "MIMIC_IV_HOSP_ROOT", "PHYSIONET_ROOT"}


@click.command()
@click.option(
    "--profile",
    type=click.Choice(["small", "full"]),
    default="small",
    show_default=True,
    help="small: a few questions a subtask, in a minute; full: exactly the released counts.",
)
def command(profile: str) -> None:
    """Make synthetic data if there is none, run the whole graph through Dagster, and show the leaderboards.

    Where settings name a release and sources of your own, those are taken instead of synthetic ones. What is up to date
    stays as it is: a second run has nothing to do and says so. Everything is written below CLINSEEK_HOME.

    \b
    Examples:
      clinseek demo
      CLINSEEK_HOME=~/clinseek-full clinseek demo --profile full
    """
    started = time.monotonic()
    with TerminalProgress(Console(stderr=True)) as progress:
        settings = with_data(load_settings(), profile, progress)
        rebuilt = bring_up_to_date(settings, progress)
    out = Console()
    out.print()
    for split in SPLITS:
        show(leaderboard_tables(settings.layout, "strict", split))
    worked, seconds = len(rebuilt.worked), time.monotonic() - started
    told = f"{worked} of {rebuilt.assets} assets had work to do ({seconds:.0f} s)."
    for line in (told if worked else f"Up to date: {told}", *next_steps(settings)):
        out.print(line, highlight=False, soft_wrap=True)


def next_steps(settings: Settings) -> list[str]:
    """What to open next."""
    return [
        "",
        "What to open next:",
        "  make ui    lineage, artifacts, checks: http://127.0.0.1:3000",
        f"  {settings.layout.reports / 'leaderboard.html'}",
        "  clinseek leaderboard --split multimodal --mode compat · clinseek doctor · clinseek evaluate --help",
    ]


def with_data(settings: Settings, profile: str, progress: TerminalProgress) -> Settings:
    """The settings; where they name no data of the user's own, with a synthetic release and its sources.

    Raises:
        Fault: the synthetic data cannot be made there.
    """
    if set(settings.origins) & OWN_DATA:
        return settings
    from clinseek_assets.synthetic.release import synthesize  # here, since whoever has data of their own needs none

    made = synthesize(profile, settings.home, progress=progress)
    progress.clear()
    if not made.reused:
        progress.say(f"Synthetic release and sources ({profile}): made in {made.seconds:.0f} s")
    return load_settings()
