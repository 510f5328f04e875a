"""`clinseek evaluate`: run a model over the benchmark."""

from __future__ import annotations

import json

import click
from rich.console import Console

from clinseek_assets.assets.arms import ARMS
from clinseek_assets.automation.rebuild import Wanted
from clinseek_assets.benchmark.subtasks import SUBTASKS
from clinseek_assets.commands.forecast import forecast
from clinseek_assets.commands.graph_run import TerminalProgress, bring_up_to_date
from clinseek_assets.commands.leaderboard_table import leaderboard_tables, show
from clinseek_assets.commands.sample import answer_sample
from clinseek_assets.faults import Fault, SettingsFault
from clinseek_assets.locations.settings import load_settings
from clinseek_assets.resources.home import Home


@click.command()
@click.option("--model", required=True, help="A model of models.yaml that is enabled (`clinseek models list`).")
@click.option("--split", type=click.Choice(["text"]), default="text", show_default=True, help="Which split.")
@click.option("--arm", type=click.Choice(list(ARMS)), default="curated", show_default=True, help="Which arm.")
@click.option("--subtask", "subtasks", multiple=True, help="Only this subtask; may be given several times.")
@click.option("--runs", type=click.IntRange(min=1), default=1, show_default=True, help="Answers a question.")
@click.option(
    "--limit", type=click.IntRange(min=1), help="Ask a seeded sample of so many questions, to try a model out."
)
@click.option("--dry-run", is_flag=True, help="Say what would be asked and paid, and ask nothing.")
@click.option("--json", "as_json", is_flag=True, help="With --dry-run: print the forecast as JSON.")
def command(
    model: str,
    split: str,
    arm: str,
    subtasks: tuple[str, ...],
    runs: int,
    limit: int | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Run one model over the benchmark, through Dagster's partitions, and score what it answered.

    What it rests on (source tables, contexts) is brought up to date first. Finished questions are kept: after a stop or
    a fault the same command continues, and questions whose endpoint failed are asked again.

    --limit asks a sample that is spread over the subtasks; a larger limit asks the same questions and more. It fills
    the journal, so that the full run does not pay for them again, and finishes no partition.

    \b
    Examples:
      clinseek evaluate --model evidence_counts
      clinseek evaluate --model gpt-oss-120b --subtask labevents --limit 20
    """
    if runs > 1:
        raise click.UsageError("--runs above 1 is not offered yet: every question is asked once.")
    settings = load_settings()
    home = Home.of(settings)
    if model not in home.models:
        home.registry.model(model)  # says so where there is no such model at all
        raise SettingsFault(
            f"The model «{model}» is not enabled.", mend="Set `enabled: true` in its block in models.yaml."
        )
    if unknown := [name for name in subtasks if name not in SUBTASKS]:
        raise click.UsageError(f"There is no subtask «{unknown[0]}». Subtasks: {', '.join(SUBTASKS)}.")
    wanted = Wanted({model}, set(subtasks) or None, {arm})
    with TerminalProgress(Console(stderr=True)) as progress:
        if dry_run or limit:
            bring_up_to_date(settings, progress, Wanted(set(), set(subtasks) or None, set()))
            chosen = [name for name in SUBTASKS if not subtasks or name in subtasks]
            if dry_run:
                told = forecast(home, home.models[model], ARMS[arm], chosen, limit)
                click.echo(
                    json.dumps(told) if as_json else "\n".join(f"{name}: {value}" for name, value in told.items())
                )
                return
            outcomes = answer_sample(home, home.models[model], ARMS[arm], chosen, int(limit or 0), progress)
            click.echo(", ".join(f"{outcome}: {count}" for outcome, count in outcomes.items()) or "no question to ask")
            return
        rebuilt = bring_up_to_date(settings, progress, wanted)
    try:
        show(leaderboard_tables(settings.layout, "strict"))
    except Fault as fault:
        click.echo(str(fault), err=True)
    click.echo(f"{len(rebuilt.worked)} of {rebuilt.assets} assets had work to do.", err=True)
