"""`clinseek rescored`: what the last new version of the scorer changed, question by question."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

import click
from rich import box
from rich.console import Console
from rich.table import Table

from clinseek_assets.assets.arms import ARMS
from clinseek_assets.assets.splits import SPLITS
from clinseek_assets.locations.settings import load_settings
from clinseek_assets.resources.home import Home
from clinseek_assets.scoring.rescoring import Change, Rescoring, mean_change, read_rescorings
from clinseek_assets.scoring.rules import RULES

MODES = tuple(RULES)
USUAL_ROWS = 40


@dataclass(frozen=True)
class Rescored:
    """One entry of a partition.

    Attributes:
        split, arm, model, subtask: the partition.
        entry: what a new version of the scorer changed there.
    """

    split: str
    arm: str
    model: str
    subtask: str
    entry: Rescoring


@click.command()
@click.option("--split", type=click.Choice(list(SPLITS)), help="Only this split.")
@click.option("--arm", type=click.Choice(list(ARMS)), help="Only this arm.")
@click.option("--model", help="Only this model.")
@click.option("--mode", type=click.Choice(MODES), help="Only this rule of scoring.")
@click.option("--all", "every", is_flag=True, help="Also what earlier versions changed; else the last one of each.")
@click.option("--json", "as_json", is_flag=True, help="Print the entries as JSON.")
def command(
    split: str | None, arm: str | None, model: str | None, mode: str | None, every: bool, as_json: bool
) -> None:
    """Show what a new version of the scorer changed about answers that an earlier one had scored.

    Nothing is asked again for it: the same answers are scored anew, and each answer whose score differs stands here by
    its row in the manifest, with the old and the new F1. An empty cell: it had, or has, no score.

    \b
    Examples:
      clinseek rescored
      clinseek rescored --split text --mode strict --json
    """
    home = Home.of(load_settings())
    found = [each for each in entries(home, every) if model in (None, each.model) and arm in (None, each.arm)]
    found = [only_mode(each, mode) for each in found if split in (None, each.split)]
    if as_json:
        click.echo(json.dumps([{**vars(each), "entry": asdict(each.entry)} for each in found], ensure_ascii=False))
    else:
        show(found)


def entries(home: Home, every: bool) -> Iterator[Rescored]:
    """What is kept of all partitions of the enabled models: the last entry of each, or every one."""
    for split in SPLITS.values():
        for arm in ARMS:
            for model in home.models:
                for subtask in split.subtasks:
                    kept = read_rescorings(home.layout.rescorings(split.name, arm, model, subtask))
                    for entry in kept if every else kept[-1:]:
                        yield Rescored(split.name, arm, model, subtask, entry)


def only_mode(found: Rescored, mode: str | None) -> Rescored:
    """The same, of one rule of scoring alone."""
    if mode is None:
        return found
    entry = found.entry
    compared = {name: count for name, count in entry.compared.items() if name == mode}
    changes = tuple(change for change in entry.changes if change.mode == mode)
    kept = Rescoring(entry.at, entry.before, entry.after, compared, changes)
    return Rescored(found.split, found.arm, found.model, found.subtask, kept)


def show(found: Sequence[Rescored]) -> None:
    """Print a line of counts a rule, and the changed answers."""
    if not found:
        click.echo("No answer was scored by two versions of the scorer.")
        return
    changes = [change for each in found for change in each.entry.changes]
    for mode in MODES:
        compared = sum(each.entry.compared.get(mode, 0) for each in found)
        click.echo(line_of(mode, compared, [change for change in changes if change.mode == mode]))
    if changes:
        Console().print(table_of(found))
        if len(changes) > USUAL_ROWS:
            click.echo(f"{len(changes) - USUAL_ROWS:,} rows more; --json has all of them.")


def line_of(mode: str, compared: int, changes: Sequence[Change]) -> str:
    """How many answers of one rule changed, and by how much."""
    mean = mean_change(changes)
    by = "" if mean is None else f", on average by {100 * mean:+.2f} points of F1"
    return f"{mode}: {len(changes):,} of {compared:,} scores changed{by}."


def table_of(found: Sequence[Rescored]) -> Table:
    """The first changed answers, a row each."""
    table = Table(box=box.SIMPLE_HEAD)
    for heading in ("split", "subtask", "model", "arm", "run", "row", "mode", "old F1", "new F1", "scorer"):
        table.add_column(heading, justify="right" if heading in ("run", "row", "old F1", "new F1") else "left")
    rows = [(each, change) for each in found for change in each.entry.changes]
    for each, change in rows[:USUAL_ROWS]:
        figures = ("" if value is None else f"{value:.3f}" for value in (change.before, change.after))
        versions = f"{each.entry.before[:8]} → {each.entry.after[:8]}"
        place = (each.split, each.subtask, each.model, each.arm, str(change.run_index), str(change.row_number))
        table.add_row(*place, change.mode, *figures, versions)
    return table
