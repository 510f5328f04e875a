"""`clinseek inspect-logs`: what was answered as logs that `inspect view` opens."""

from __future__ import annotations

from pathlib import Path

import click
import polars

from clinseek_assets.assets.arms import ARMS
from clinseek_assets.assets.kept_class import kept_class
from clinseek_assets.assets.splits import SPLITS
from clinseek_assets.browse.answered_in_full import OneRun
from clinseek_assets.browse.choice import Choice
from clinseek_assets.browse.inspect_logs import require_inspect, write_log
from clinseek_assets.browse.library import Library
from clinseek_assets.faults import ResultsFault
from clinseek_assets.locations.data_class import DataClass
from clinseek_assets.locations.settings import load_settings
from clinseek_assets.resources.home import Home
from clinseek_assets.storage.atomic import private_folder


@click.command()
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True, help="The folder of the logs.")
@click.option("--split", type=click.Choice(list(SPLITS)), help="Only this split.")
@click.option("--model", help="Only this model.")
@click.option("--arm", type=click.Choice(list(ARMS)), help="Only this arm.")
def command(out: Path, split: str | None, model: str | None, arm: str | None) -> None:
    """Write what was answered as logs of Inspect AI, one a model, arm and split.

    A sample is an answer: the messages with their calls of tools, the gold, both scores, what is known of how it came
    about. A log of the same name is replaced. The logs are private to you and hold protected data: they must not
    leave where that may lie. Pictures are not in them. Needs `pip install 'clinseek-assets[inspect]'`.

    \b
    Examples:
      clinseek inspect-logs --out /protected/inspect
      clinseek inspect-logs --out /protected/inspect --split text --arm seeking
      inspect view --log-dir /protected/inspect
    """
    require_inspect()
    home = Home.of(load_settings())
    library = Library(home)
    chosen = Choice(split=split or "", model=model or "", arm=arm or "").of_answers(library.answers())
    runs = chosen.select("split", "arm", "model").unique().sort(polars.all()).rows()
    if not runs:
        raise ResultsFault(
            "Nobody was asked anything that fits these options.", mend="`clinseek browse` shows what there is."
        )
    questions = library.questions()
    classes = {name: _class_of(home, name) for name in dict.fromkeys(run[0] for run in runs)}
    private_folder(out.absolute())
    with click.progressbar(runs, label="Logs", item_show_func=lambda run: " ".join(run or ())) as going:
        for of_split, of_arm, of_model in going:
            run = OneRun(home.layout, of_split, of_arm, of_model, questions[of_split])
            write_log(run, classes[of_split], out)
    click.echo(f"{len(runs)} logs in {out}. To look at them: inspect view --log-dir {out}")
    if "credentialed" in classes.values():
        click.echo("They hold credentialed data, gold included: they must not leave where that may lie.", err=True)


def _class_of(home: Home, split: str) -> DataClass:
    return kept_class(home, SPLITS[split], SPLITS[split].subtasks)
