"""`clinseek store`: how the shared store stands, giving to it, bringing what others made, taking leftovers away."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from clinseek_assets.commands.stage_bars import StageBars
from clinseek_assets.commands.terminal import path_console, readable
from clinseek_assets.faults import SettingsFault
from clinseek_assets.locations.settings import load_settings
from clinseek_assets.resources.home import Home
from clinseek_assets.storage.store.leftovers import LEAST_DAYS, leftovers, remove_leftovers
from clinseek_assets.storage.store.objects import Objects
from clinseek_assets.storage.store.published import Published
from clinseek_assets.storage.store.rows import ROWS, RowStore
from clinseek_assets.storage.store.shared_artifacts import SharedArtifacts
from clinseek_assets.storage.store.standing import standing_of_store
from clinseek_assets.storage.working_here import working_here

MARTS = "marts"
AT_A_TIME = 50  # artifacts between two steps of the bar


@click.group()
def command() -> None:
    """What several machines share: CLINSEEK_STORE, a folder or a bucket.

    \b
    Example:
      CLINSEEK_STORE=s3://bucket/campaign clinseek store status
    """


@command.command()
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
def status(as_json: bool) -> None:
    """Whether the store can be used, who may read it, and what lies there. Exit 1 where it cannot be used.

    \b
    Example:
      clinseek store status --json
    """
    home, objects = shared_home()
    standing = standing_of_store(objects)
    entries: Counter[str] = Counter()
    size = 0
    if standing.usable:
        contents: dict[str, int] = {}
        for entry in published_in(home).entries():
            entries[entry.artifact] += 1
            contents |= {content.sha256: content.size for content in entry.files}
        size = sum(contents.values())
    found = {**asdict(standing), "artifacts": dict(sorted(entries.items())), "bytes": size}
    if as_json:
        click.echo(json.dumps(found))
    else:
        console = path_console()
        console.print(f"{standing.url}: {'usable' if standing.usable else 'not usable'}, private: {standing.private}")
        console.print(f"{entries.total():,} artifacts and partitions, {readable(size)}")
        if standing.reason:
            console.print(standing.reason)
    sys.exit(0 if standing.usable else 1)


@command.command()
@click.argument("artifacts", nargs=-1, metavar="[ARTIFACT]...")
def pull(artifacts: Sequence[str]) -> None:
    """Bring what others made into this home: all of it, or the named artifacts; with every call, answer and verdict.

    Runs bring what they need by themselves. This is for reading: afterwards `leaderboard`, `show`, `browse` and
    `export` find on this machine what they would find on any.

    \b
    Examples:
      clinseek store pull
      clinseek store pull text_leaderboard leaderboard_report
    """
    home, objects = shared_home()
    home.artifacts.look(now=True)
    there = [(entry.artifact, entry.partition) for entry in published_in(home).entries()]
    unknown = sorted(set(artifacts) - {artifact for artifact, _ in there})
    if unknown:
        raise click.UsageError(f"The store has no artifact {unknown[0]!r}; `clinseek store status` lists them.")
    wanted = [made for made in there if not artifacts or made[0] in artifacts]
    parts = [wanted[start : start + AT_A_TIME] for start in range(0, len(wanted), AT_A_TIME)]
    files = row_files(objects) if not artifacts else []
    with working_here(home.layout.home), StageBars() as bars:
        for done, part in enumerate(parts, 1):
            home.artifacts.bring(part)
            bars.show("artifacts", done, len(parts))
        for done, name in enumerate(files, 1):
            with opener_of(Path(name))(home.layout.home / name, home.rows):
                pass  # whoever opens one takes over what it lacks
            bars.show("calls and answers", done, len(files))
    click.echo(f"{len(wanted):,} artifacts and partitions, {len(files)} files of calls, answers and verdicts are here.")


@command.command()
@click.option("--remove", is_flag=True, help="Take it away; without this it is only counted.")
@click.option(
    "--older-than",
    "days",
    type=click.FloatRange(min=LEAST_DAYS),
    default=7.0,
    show_default=True,
    metavar="DAYS",
    help="Only what has lain there for so long, unchanged.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
def clean(remove: bool, days: float, as_json: bool) -> None:
    """What no artifact names any more: contents that were replaced, and what killed machines left.

    Artifacts, calls, answers, verdicts and notes stay, those of models that are no longer enabled too. Others may work
    meanwhile. Killed in the middle, it has removed a part, and the same command goes on.

    \b
    Examples:
      clinseek store clean
      clinseek store clean --remove --older-than 30
    """
    published = published_in(shared_home()[0])
    found = leftovers(published, days)
    removed = 0
    if remove:
        with StageBars() as bars:
            removed = remove_leftovers(published, list(found), lambda done, total: bars.show("objects", done, total))
    size = sum(found.values())
    if as_json:
        click.echo(json.dumps({"objects": len(found), "bytes": size, "removed": removed}))
        return
    click.echo(f"{len(found):,} objects, {readable(size)}, are left over for {days:g} days or more.")
    if remove:
        click.echo(f"Removed {removed:,} of them.")
    elif found:
        click.echo("`clinseek store clean --remove` takes them away.")


@command.command()
def push() -> None:
    """Give the store what this home made before it shared one: artifacts, calls, answers, verdicts, the fixed plan.

    From then on runs do so by themselves. The marts are left to the next run, which makes them in seconds.

    \b
    Example:
      clinseek store push
    """
    from clinseek_assets.assets.arms import every_arm
    from clinseek_assets.build import build
    from clinseek_assets.campaign.analysis_plan import fixed_plan
    from clinseek_assets.resources.runs import give_runs

    location = build(shared_home()[0].settings)
    home = location.home
    home.artifacts.look(now=True)
    fixed_plan(home)  # the store learns it
    for arm in every_arm():
        for model in home.models:
            give_runs(home, arm.split.name, arm.name, model)
    given = 0
    artifacts = [each for each in location.graph.artifacts if each.name != MARTS]
    own = home.layout.assets
    files = [*own.glob("predictions/*/*/*/journal.sqlite"), *own.glob("scores/judging/*.sqlite")]
    files += [home.layout.ledger] if home.layout.ledger.is_file() else []
    with working_here(home.layout.home), StageBars() as bars:
        for done, artifact in enumerate(artifacts, 1):
            given += artifact.give(home)
            bars.show("artifacts", done, len(artifacts))
        for done, path in enumerate(files, 1):
            with opener_of(path)(path, home.rows):
                pass  # whoever opens one gives what the store lacks
            bars.show("calls and answers", done, len(files))
    click.echo(f"{given:,} artifacts and partitions and {len(files)} files of calls and answers were given.")


def shared_home() -> tuple[Home, Objects]:
    """The home and its store.

    Raises:
        SettingsFault: no store is named.
        StoreFault: nothing that is installed speaks to it.
    """
    home = Home.of(load_settings())
    if home.store is None:
        raise SettingsFault(
            "No store is named: this home is all there is.",
            mend="Name a folder that all machines see, or a bucket, as CLINSEEK_STORE.",
        )
    return home, home.store


def published_in(home: Home) -> Published:
    """The artifacts of the store that a home shares."""
    assert isinstance(home.artifacts, SharedArtifacts)
    return home.artifacts.published


def row_files(objects: Objects) -> list[str]:
    """The files of rows that the store has, by their paths below a home."""
    segments = objects.listing(ROWS)
    return sorted({segment.removeprefix(f"{ROWS}/").rpartition("/")[0] for segment in segments})


def opener_of(path: Path) -> Callable[[Path, RowStore | None], AbstractContextManager[Any]]:
    """What opens a file of rows, by its name."""
    from clinseek_assets.models.journal import Journal
    from clinseek_assets.models.judges.verdicts import Verdicts
    from clinseek_assets.models.ledger import Ledger

    if path.stem == "ledger":
        return lambda file, rows: Ledger(file, shared=rows)
    return Verdicts if path.stem == "verdicts" else Journal
