"""`clinseek campaign-record`: what a paper's methods section needs, and its tables."""

from __future__ import annotations

import json
from pathlib import Path

import click

from clinseek_assets.assets.campaign_record import write_record
from clinseek_assets.campaign.writing import JSON, MARKDOWN
from clinseek_assets.locations.settings import load_settings
from clinseek_assets.resources.home import Home


@click.command()
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    help="The folder; files of the same names in it are replaced.",
)
@click.option(
    "--seal",
    "sealed",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A seal of this benchmark (`clinseek seal`): the record names it by its hash.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the record as JSON as well.")
def command(out: Path, sealed: Path | None, as_json: bool) -> None:
    """Write the record of a campaign: what a methods section has to say, and the tables for print.

    campaign.md and campaign.json hold versions and hashes of the inputs, the manifests and a seal; each model as
    models.yaml has it (`provenance` says what no endpoint tells: revision, quantisation, server, hardware, training on
    MIMIC); what was asked, how answers ended and what that does to the figures; calls, retries, tokens, dollars, dates;
    versions of prompt, tools and policy; and the plan of analysis with the time at which it was fixed. Beside them:
    each leaderboard as LaTeX (booktabs, adjustbox), all figures as CSV.

    Aggregates only. Of credentialed data, figures of fewer than 11 patients are left out («few»).

    \b
    Examples:
      clinseek campaign-record --out paper/campaign --seal our-seal.json
      clinseek campaign-record --out paper/campaign --json | jq .plan
    """
    record = write_record(Home.of(load_settings()), out, sealed)
    if as_json:
        click.echo(json.dumps(record, ensure_ascii=False))
    else:
        click.echo(f"{out / MARKDOWN} and {out / JSON}, and the tables beside them, are written.")
