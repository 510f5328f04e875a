"""A backfill whose processes are killed again and again ends as one that was left alone, and pays for nothing twice.

The processes are those behind the web page: web server, daemon, code server, the workers of runs, and Postgres where it
keeps the runs and events. `make chaos` runs all of it; a seed of one's own is named by `CLINSEEK_CHAOS_SEED`.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import time
from collections import Counter
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pandas
import pytest
import yaml

from clinseek_assets.assets.arms import ARMS_OF
from clinseek_assets.automation.rebuild import rebuild
from clinseek_assets.automation.wanted import Wanted
from clinseek_assets.benchmark.subtasks import SUBTASKS
from clinseek_assets.build import build
from clinseek_assets.locations.layout import Layout
from clinseek_assets.locations.settings import load_settings
from clinseek_assets.resources.instance import open_instance
from clinseek_assets.storage.atomic import UNFINISHED
from clinseek_assets_tests.resilience.answering import Record, answering, journalled, models_file
from clinseek_assets_tests.resilience.servers import Servers, kill, serving_home
from clinseek_assets_tests.services.page import UNDER_WAY
from clinseek_assets_tests.services.postgres import Postgres, absent, postgres

SEED = int(os.environ.get("CLINSEEK_CHAOS_SEED", "20261"))
ROUNDS = {"curated": 1, "seeking": 3}  # requests a question
CONCURRENCY = 4
ANSWER_SECONDS = 0.4
BEFORE_A_KILL = 300.0  # seconds without progress after which the next kill comes all the same
BETWEEN_LOOKS = 30.0
IN_ALL = 7200.0
OF_TIME = ("seconds", "built_at", "answered_at", "asked_at")


@dataclass(frozen=True)
class Chaos:
    """What is backfilled, where its events are kept, and how often something is killed meanwhile."""

    store: str
    kills: int
    models: tuple[str, ...]
    arms: tuple[str, ...]


ALL = {"models": ("first", "second", "third"), "arms": ("curated", "seeking")}
CASES = {
    "few": Chaos("sqlite", 3, ("first",), ("curated",)),
    "few on postgres": Chaos("postgres", 3, ("first",), ("curated",)),
    "sqlite": Chaos("sqlite", 20, **ALL),
    "postgres": Chaos("postgres", 20, **ALL),
}


@dataclass(frozen=True)
class AfterKill:
    """What was known at a kill: of whom it was, which requests journals answered, and how many had come in."""

    killed: str
    answered: frozenset[str]
    arrived: int


@pytest.mark.slow
@pytest.mark.parametrize("chaos", CASES.values(), ids=CASES)
def test_a_backfill_that_is_killed_again_and_again(chaos: Chaos, unanswered: dict[str, str], tmp_path: Path):
    on_postgres = chaos.store == "postgres"
    if on_postgres and (reason := absent()):
        pytest.skip(reason)
    with answering(ANSWER_SECONDS) as (record, url), postgres() if on_postgres else nullcontext() as database:
        models = models_file(tmp_path / "models.yaml", url, chaos.models, CONCURRENCY, arms=list(chaos.arms))
        environment = {**unanswered, "CLINSEEK_MODELS": str(models)}
        if database is not None:
            keep_events_in(database, Path(unanswered["DAGSTER_HOME"]))
        kills = disturbed(chaos, environment, tmp_path, record, database)
        repeats = record.counted().total() - len(record.counted())
        asked, arrived = len(record.arrived), list(record.arrived)
        ours = tables(chaos, environment)
        assert len(record.arrived) == asked, "all was journalled, but something was asked again"
        undisturbed = {**environment, "CLINSEEK_HOME": str(tmp_path / "undisturbed")}
        made_anew(Path(environment["CLINSEEK_HOME"]), Path(undisturbed["CLINSEEK_HOME"]))
        record.arrived.clear()
        theirs = tables(chaos, undisturbed)
        counted = record.counted()
    told = {"kills": Counter(each.killed for each in kills), "requests": asked, "repeats": repeats}
    print(json.dumps(told))
    assert counted.total() == len(counted), "two questions cannot be told apart by what is asked"
    assert asked - repeats == len(counted)
    assert ours.keys() == theirs.keys() and len(ours) > len(chaos.models) * len(chaos.arms) * len(SUBTASKS)
    for name, frame in theirs.items():
        pandas.testing.assert_frame_equal(ours[name], frame, obj=name)
    for each in kills:
        assert not each.answered & set(arrived[each.arrived :]), (
            f"asked again after a kill of the {each.killed} although the answer was journalled"
        )


def disturbed(
    chaos: Chaos, environment: dict[str, str], folder: Path, record: Record, database: Postgres | None
) -> list[AfterKill]:
    """The backfill with its kills, to the end."""
    home = Path(environment["CLINSEEK_HOME"])
    chance = random.Random(SEED)
    expected = len(manifest(home)) * len(chaos.models) * sum(ROUNDS[arm] for arm in chaos.arms)
    moments = sorted(chance.sample(range(5, int(expected * 0.9)), chaos.kills))
    assets = [ARMS_OF["text"][arm].predictions for arm in chaos.arms]
    kills: list[AfterKill] = []
    with serving_home(environment, folder / "servers") as servers:
        cells = [f"{model}|{subtask}" for model in chaos.models for subtask in SUBTASKS]
        backfill = servers.page.backfill(assets, cells)
        until = time.monotonic() + IN_ALL
        for moment in moments:
            wait_for_requests(record, moment, servers, backfill)
            time.sleep(chance.uniform(0.0, 0.5))
            killed = kill_one(servers, database, chance)
            kills.append(AfterKill(killed, frozenset(journalled(home)), len(record.arrived)))
            if database is not None and killed == "postgres":
                database.start()
            servers.start()
        status = servers.page.ended(backfill, until - time.monotonic())
        assert status == "COMPLETED_SUCCESS", servers.logged()
    return kills


def wait_for_requests(record: Record, moment: int, servers: Servers, backfill: str) -> None:
    """Wait until so many requests have come in, or none comes any more for long. A backfill that ended has failed."""
    seen, since = len(record.arrived), time.monotonic()
    asked = since
    while len(record.arrived) < moment and time.monotonic() - since < BEFORE_A_KILL:
        if len(record.arrived) > seen:
            seen, since = len(record.arrived), time.monotonic()
        if time.monotonic() - max(since, asked) > BETWEEN_LOOKS:
            asked = time.monotonic()
            assert servers.page.status(backfill) in UNDER_WAY, servers.logged()
        time.sleep(0.05)


def kill_one(servers: Servers, database: Postgres | None, chance: random.Random) -> str:
    """Kill one of what runs; says which. The worker of a run is as likely as all the rest together."""
    there: dict[str, Callable[[], None]] = {}
    for name, processes in servers.processes().items():
        if processes:
            there[name] = partial(kill, chance.choice(processes))
    if database is not None:
        there["postgres"] = database.kill
    names = sorted(there)
    chosen = chance.choices(names, [len(names) if name == "run" else 1 for name in names])[0]
    there[chosen]()
    return chosen


def manifest(home: Path) -> pandas.DataFrame:
    """The questions' ids."""
    return pandas.read_parquet(Layout(home).manifests / "text_manifest.parquet", columns=["qid"])


def keep_events_in(database: Postgres, dagster_home: Path) -> None:
    """Let an instance keep its runs and events in Postgres."""
    file = dagster_home / "dagster.yaml"
    settings = yaml.safe_load(file.read_text())
    file.write_text(yaml.safe_dump({**settings, "storage": {"postgres": {"postgres_url": database.dagster_url}}}))


def made_anew(home: Path, undisturbed: Path) -> None:
    """A copy of a home without answers and what rests on them, and with an event store of its own."""
    answers = shutil.ignore_patterns("predictions", "scores", "marts", "dagster", "warehouse.duckdb*", ".at-work")
    shutil.copytree(home, undisturbed, ignore=answers)


def tables(chaos: Chaos, environment: dict[str, str]) -> dict[str, pandas.DataFrame]:
    """All tables of answers, scores and marts of a home that is brought up to date, without columns of time."""
    settings = load_settings({**os.environ, **environment})
    with open_instance(settings.layout) as instance:
        rebuild(build(settings), instance, wanted=Wanted(arms=set(chaos.arms), splits={"text"}))
    assets = settings.layout.assets
    found = {}
    for path in sorted(assets.glob("*/**/*.parquet")):
        if path.name.startswith(UNFINISHED):  # left by a kill; nobody reads it, and `clinseek clean` takes it away
            continue
        if path.relative_to(assets).parts[0] in ("predictions", "scores", "marts"):
            frame = pandas.read_parquet(path)
            found[path.relative_to(assets).as_posix()] = frame.drop(columns=[n for n in OF_TIME if n in frame])
    return found
