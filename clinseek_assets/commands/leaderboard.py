"""`clinseek leaderboard`: the published table layout, with coverage and intervals."""

from __future__ import annotations

import json

import click

from clinseek_assets.commands.leaderboard_table import leaderboard_tables, show
from clinseek_assets.faults import ResultsFault
from clinseek_assets.locations.settings import load_settings
from clinseek_assets.scoring.leaderboard import BOARDS, leaderboard_figures, read_deltas, read_mart


@click.command()
@click.option("--split", type=click.Choice(list(BOARDS)), default="text", show_default=True, help="Which split.")
@click.option(
    "--mode",
    type=click.Choice(["strict", "compat"]),
    default="strict",
    show_default=True,
    help="strict: the headline. compat: the published scorer's rules.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON, as fractions.")
def command(split: str, mode: str, as_json: bool) -> None:
    """Show a split's leaderboard, each column seeking | curated | Δ; empty where not run.

    The columns of text are Risk, Decision and Overall, those of multimodal the six groups and Overall.

    One table a policy of time, since only arms that may see the same differ in nothing but who looks for the evidence:
    seeking and curated_strict under the strict policy (the headline), seeking_compat and curated under the published
    rule.

    Figures are means over the questions that have a score, with 95% intervals clustered by patient. Below 98% coverage
    a model has no rank; floor rows (constant answers) never have one.

    \b
    Examples:
      clinseek leaderboard
      clinseek leaderboard --split multimodal
      clinseek leaderboard --mode compat --json
    """
    layout = load_settings().layout
    figures = read_mart(layout, BOARDS[split].figures)
    if figures.empty:
        raise ResultsFault(
            f"No model was run in the {split} split yet.",
            mend=f"Run `clinseek evaluate --model MODEL --split {split}`.",
        )
    if as_json:
        deltas = read_deltas(layout, BOARDS[split], mode)
        click.echo(json.dumps(leaderboard_figures(figures, deltas, split, mode), ensure_ascii=False))
    else:
        show(leaderboard_tables(layout, mode, split))
