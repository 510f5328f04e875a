"""`clinseek evaluate`: run a model over the benchmark."""

from __future__ import annotations

import json
from collections.abc import Sequence

import click
from rich.console import Console

from clinseek_assets.assets.arms import ARMS, ARMS_OF, Arm
from clinseek_assets.assets.splits import SPLITS
from clinseek_assets.automation.queued import queue_predictions
from clinseek_assets.automation.wanted import Wanted
from clinseek_assets.build import build
from clinseek_assets.commands.forecast import forecasts, ledger_totals, show_forecasts
from clinseek_assets.commands.graph_run import TerminalProgress, bring_up_to_date
from clinseek_assets.commands.leaderboard_table import leaderboard_tables, show
from clinseek_assets.commands.sample import answer_sample
from clinseek_assets.commands.unanswered import say_what_is_missing
from clinseek_assets.faults import Fault, SettingsFault
from clinseek_assets.locations.settings import Settings, load_settings
from clinseek_assets.models.registry import Model
from clinseek_assets.resources.home import Home
from clinseek_assets.resources.instance import open_instance
from clinseek_assets.resources.runs import ask_for_runs


@click.command()
@click.option(
    "--model", "names", multiple=True, help="An enabled model (`clinseek models list`); may be given several times."
)
@click.option("--all-models", is_flag=True, help="All models of models.yaml that are enabled.")
@click.option("--split", type=click.Choice(list(SPLITS)), default="text", show_default=True, help="Which split.")
@click.option(
    "--arm",
    "arms",
    type=click.Choice(list(ARMS)),
    multiple=True,
    help="Only this arm; may be given several times.  [default: the arms of the campaign in models.yaml]",
)
@click.option("--subtask", "subtasks", multiple=True, help="Only this subtask, or group; may be given several times.")
@click.option(
    "--runs", type=click.IntRange(min=1), help="Answers a question.  [default: as many as before, at least 1]"
)
@click.option(
    "--limit", type=click.IntRange(min=1), help="Ask a seeded sample of so many questions, to try a model out."
)
@click.option("--dry-run", is_flag=True, help="Say what would be asked and paid, and ask nothing.")
@click.option("--queue", is_flag=True, help="Leave it to the daemon (`clinseek ui` has one) and return at once.")
@click.option("--priority", type=int, help="With --queue: higher ones first.  [default: the model's in models.yaml]")
@click.option("--json", "as_json", is_flag=True, help="With --dry-run: print the forecast as JSON.")
def command(
    names: tuple[str, ...],
    all_models: bool,
    split: str,
    arms: tuple[str, ...],
    subtasks: tuple[str, ...],
    runs: int | None,
    limit: int | None,
    dry_run: bool,
    queue: bool,
    priority: int | None,
    as_json: bool,
) -> None:
    """Run models over the benchmark, through Dagster's partitions, and score what they answered.

    What it rests on (source tables, databases, contexts) is brought up to date first. Finished calls are kept: after a
    stop or a fault the same command continues and pays for nothing twice, and questions whose endpoint failed are
    asked again. Where the campaign of models.yaml names a budget (`dollars`, `tokens`), the run stops when it is
    reached, with a valid partial table; a raised cap continues it. Exits with 1 where answers are missing, and says
    how many and why.

    Several models answer side by side, each as fast as its own endpoint allows. A subtask that fails for a model takes
    nothing from the others; Ctrl-C ends soon and keeps what is finished.

    --limit asks a sample that is spread over the subtasks; a larger limit asks the same questions and more. It fills
    the journal, so that the full run does not pay for them again, and finishes no partition.

    --runs asks each question so many times; answers are kept by question and run, and a later, larger number adds to
    them.

    \b
    Examples:
      clinseek evaluate --model evidence_counts
      clinseek evaluate --all-models --arm curated
      clinseek evaluate --model gpt-oss-120b --model medgemma-27b --queue --priority 5
      clinseek evaluate --model gpt-oss-120b --arm seeking --arm curated_strict --dry-run
      clinseek evaluate --model gpt-oss-120b --subtask labevents --limit 20
    """
    settings = load_settings()
    home = Home.of(settings)
    if bool(names) == all_models:
        raise click.UsageError("Name models (--model, as often as you like), or take --all-models.")
    if priority is not None and not queue:
        raise click.UsageError("--priority goes with --queue: what runs here begins at once.")
    if queue and (dry_run or limit):
        raise click.UsageError("--queue runs whole subtasks: it goes with neither --dry-run nor --limit.")
    models = [enabled_model(home, name) for name in (home.models if all_models else dict.fromkeys(names))]
    if not models:
        raise SettingsFault(
            f"No model of {settings.models_file} is enabled.", mend="Set `enabled: true` at the models that are meant."
        )
    known = SPLITS[split].subtasks
    if unknown := [subtask for subtask in subtasks if subtask not in known]:
        raise click.UsageError(
            f"There is no subtask «{unknown[0]}» in the {split} split. Subtasks: {', '.join(known)}."
        )
    require_present(home, split)
    chosen = [arm for arm in ARMS_OF[split].values() if arm.name in (arms or home.registry.campaign.arms)]
    if dry_run or limit:
        only_look(settings, models, chosen, subtasks, limit, runs or 1, dry_run, as_json)
        return
    for arm in chosen:
        for model in models:
            ask_for_runs(home, split, arm.name, model.name, runs or 1)
    if queue:
        leave_to_the_daemon(settings, models, chosen, subtasks, priority)
        return
    with TerminalProgress(Console(stderr=True)) as progress:
        wanted = Wanted({model.name for model in models}, set(subtasks) or None, {arm.name for arm in chosen}, {split})
        rebuilt = bring_up_to_date(settings, progress, wanted)
    try:
        show(leaderboard_tables(settings.layout, "strict", split))
    except Fault as fault:
        click.echo(str(fault), err=True)
    click.echo(f"{len(rebuilt.worked)} of {rebuilt.assets} assets had work to do.", err=True)
    say_what_all_miss(home, models, chosen, subtasks or known)


def say_what_all_miss(home: Home, models: Sequence[Model], arms: Sequence[Arm], subtasks: Sequence[str]) -> None:
    """Tell of the answers that models miss.

    Raises:
        Fault: answers are missing; how many, why, and what continues the run.
    """
    faults: dict[str, Fault] = {}
    for model in models:
        try:
            say_what_is_missing(home, model.name, arms, subtasks)
        except Fault as fault:
            faults[model.name] = fault
    if len(models) == 1 and faults:
        raise faults[models[0].name]
    if faults:
        mends = dict.fromkeys(fault.mend for fault in faults.values())
        raise Fault("\n".join(f"{name}: {fault.what}" for name, fault in faults.items()), mend=" ".join(mends))


def leave_to_the_daemon(
    settings: Settings, models: Sequence[Model], arms: Sequence[Arm], subtasks: Sequence[str], priority: int | None
) -> None:
    """Bring up to date what the arms rest on, and queue a backfill an arm and priority."""
    make_ready(settings, arms, subtasks)
    location = build(settings)
    with open_instance(settings.layout) as instance:
        for arm in arms:
            chosen = [subtask for subtask in arm.split.subtasks if not subtasks or subtask in subtasks]
            for backfill in queue_predictions(location, instance, arm, models, chosen, priority):
                click.echo(f"{arm.name}: backfill {backfill} is queued.")
    click.echo("The daemon begins within a minute: `clinseek ui` has one, and shows them under Runs.", err=True)


def make_ready(settings: Settings, arms: Sequence[Arm], subtasks: Sequence[str]) -> None:
    """Bring up to date what the arms rest on, and ask no model: the stages of these arms without a cell of theirs."""
    with TerminalProgress(Console(stderr=True)) as progress:
        bring_up_to_date(
            settings, progress, Wanted(set(), set(subtasks) or None, {arm.name for arm in arms}, {arms[0].split.name})
        )


def enabled_model(home: Home, name: str) -> Model:
    """The model of that name.

    Raises:
        SettingsFault: there is none, or it is off.
    """
    model = home.registry.model(name)
    if not model.enabled:
        raise SettingsFault(
            f"The model «{name}» is not enabled.", mend="Set `enabled: true` in its block in models.yaml."
        )
    return model


def require_present(home: Home, split: str) -> None:
    """Refuse a split that the release does not have.

    Raises:
        SettingsFault: it is not there.
    """
    if not SPLITS[split].present(home):
        raise SettingsFault(
            f"The release has no {split} split ({home.settings.multimodal_manifest} is missing).",
            mend="Put the released manifest there, or name the folder that has it as CLINSEEK_RELEASE_ROOT.",
        )


def only_look(
    settings: Settings,
    models: Sequence[Model],
    arms: Sequence[Arm],
    subtasks: Sequence[str],
    limit: int | None,
    runs: int,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Forecast, or ask a sample; no partition is finished by either."""
    chosen = [subtask for subtask in arms[0].split.subtasks if not subtasks or subtask in subtasks]
    make_ready(settings, arms, subtasks)
    home = Home.of(settings)
    if dry_run:
        totals = ledger_totals(home)
        told = [forecasts(home, model, arms, chosen, limit, runs, totals) for model in models]
        if as_json:
            click.echo(json.dumps(told if len(told) > 1 else told[0]))
        for each in () if as_json else told:
            show_forecasts(each)
        return
    with TerminalProgress(Console(stderr=True)) as progress:
        for model in models:
            for arm in arms:
                asked = answer_sample(home, model, arm, chosen, int(limit or 0), runs, progress)
                counted = ", ".join(f"{outcome}: {count}" for outcome, count in asked.items())
                of_model = f"{model.name}, " if len(models) > 1 else ""
                click.echo(f"{of_model}{arm.name}: {counted or 'no question to ask'}")
