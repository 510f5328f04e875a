"""`clinseek demo`: synthetic data, the whole graph, the leaderboard."""

from __future__ import annotations

import time

import click
from rich.console import Console

from clinseek_assets.commands.graph_run import bring_up_to_date
from clinseek_assets.commands.leaderboard_table import leaderboard_table
from clinseek_assets.faults import SettingsFault
from clinseek_assets.locations.settings import Settings, load_settings


@click.command()
@click.option(
    "--profile",
    type=click.Choice(["small", "full"]),
    default="small",
    show_default=True,
    help="small: a few questions a subtask, in a minute; full: exactly the released counts.",
)
def command(profile: str) -> None:
    """Make synthetic data if there is none, run the whole graph through Dagster, and show the leaderboard.

    Where settings name a release and sources of your own, those are taken instead of synthetic ones. What is up to date
    stays as it is: a second run has nothing to do and says so. Everything is written below CLINSEEK_HOME.

    \b
    Examples:
      clinseek demo
      CLINSEEK_HOME=~/clinseek-full clinseek demo --profile full
    """
    started = time.monotonic()
    err = Console(stderr=True)
    settings = with_data(load_settings(), profile, err)
    rebuilt = bring_up_to_date(settings, err)
    out = Console()
    out.print()
    out.print(leaderboard_table(settings.layout, "strict"))
    worked, seconds = len(rebuilt.worked), time.monotonic() - started
    if not worked:
        out.print(f"Nothing to do: 0 of {rebuilt.assets} assets had work to do ({seconds:.0f} s).")
    else:
        out.print(f"{worked} of {rebuilt.assets} assets had work to do ({seconds:.0f} s).")
    out.print(f"\nWhat to open next:\n  make ui            the lineage, every artifact, its checks (http://127.0.0.1:3000)")
    out.print(f"  {settings.layout.reports / 'leaderboard.html'}", soft_wrap=True)
    out.print("  clinseek leaderboard --mode compat · clinseek doctor · clinseek evaluate --help")


def with_data(settings: Settings, profile: str, err: Console) -> Settings:
    """The settings, after making a synthetic release with its sources where neither is there.

    Raises:
        SettingsFault: one of the two is there without the other, or the synthetic data is of another profile.
    """
    from clinseek_assets.synthetic import synthesize

    own = {"CLINSEEK_RELEASE_ROOT", "MIMIC_IV_ROOT", "PHYSIONET_ROOT"} & set(settings.origins)
    if own:
        return settings
    made = settings.layout.release / "profile"
    if made.is_file():
        found = made.read_text(encoding="utf-8").strip()
        if found != profile:
            raise SettingsFault(
                f"{settings.home} holds synthetic data of the profile «{found}», not «{profile}».",
                mend=f"Run `clinseek demo --profile {found}`, or take another folder as CLINSEEK_HOME.",
            )
        return settings
    with err.status(f"Making the synthetic release and its sources ({profile}) ..."):
        synthesize(profile, settings.home)
    made.write_text(profile + "\n", encoding="utf-8")
    err.print(f"Synthetic release and sources ({profile}) in {settings.home}")
    return load_settings()
