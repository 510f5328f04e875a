"""Postgres, Redis, a head and two worker hosts: a backfill spreads, and a worker that is killed costs nothing.

`make cluster-test` runs this. Each host is a network namespace where the machine allows it, else a process.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pandas
import pytest
import yaml

from clinseek_assets.locations.layout import Layout
from clinseek_assets_tests.conftest import FEW

pytest.importorskip("dagster_celery", reason="the extra `cluster` is not installed")

from clinseek_assets_tests.cluster.head import PROJECT, Head, binary
from clinseek_assets_tests.cluster.hosts import Host, connected, namespaces_allowed
from clinseek_assets_tests.cluster.model_server import MARK, ModelServer, model_server
from clinseek_assets_tests.services import postgres, redis
from clinseek_assets_tests.services.waiting import wait_until

MISSING = postgres.absent() or redis.absent()
pytestmark = [pytest.mark.slow, pytest.mark.skipif(bool(MISSING), reason=MISSING)]

MODELS = ("north", "south", "east", "west")
ARM = "text_curated"
PREDICTIONS, SCORES = f"{ARM}_predictions", f"{ARM}_scores"
KEYS = [f"{model}|{subtask}" for model in MODELS for subtask in FEW]
ANSWER_SECONDS = 4.0
OF_A_CLUSTER = ("CLINSEEK_EXECUTOR", "CLINSEEK_BROKER", "CLINSEEK_STORE", "CLINSEEK_LEASES")
BACKFILL_SECONDS = 900.0
TIMES = ("seconds", "answered_at")  # what differs from run to run of the very same answers


def registry(url: str) -> str:
    """Four models of one server, all attested: the data is synthetic, but the graph does not have to know."""
    attested = {"location": "local", "retention": "none", "training": False, "human_review": False,
                "date": date(2026, 1, 31)}  # fmt: skip
    common = {"enabled": True, "dialect": "openai_chat", "base_url": url, "context_window": 32768,
              "max_concurrency": 1, "attestation": attested}  # fmt: skip
    return yaml.safe_dump({"models": [{"name": name, "model_id": name, **common} for name in MODELS]})


@dataclass
class Cluster:
    """All of it, running."""

    head: Head
    workers: list[Host]
    models: ModelServer

    def start_worker(self, host: Host, *queues: str, slots: int = 1) -> subprocess.Popen[bytes]:
        """A worker with a home of its own; in a namespace that stands where the head's is, and hides it."""
        named = [part for queue in queues for part in ("--queue", queue)]
        command = [binary("clinseek"), "worker", *named, "--slots", str(slots), "--name", host.name]
        environment = dict(self.head.environment)
        if host is not self.head.host:
            own = self.home_of(host)
            shutil.copytree(self.head.home / "dbt", own / "dbt")  # it would only take its time to make it anew
            host.own = (own, self.head.home)
            environment |= {} if host.namespace else {"CLINSEEK_HOME": str(own)}
        return host.start(command, self.head.home.parent / f"{host.name}.log", environment, PROJECT)

    def home_of(self, host: Host) -> Path:
        return self.head.home.with_name(f"home-of-{host.name}")

    def journalled(self) -> set[tuple[str, str]]:
        """What is durable of the arm's calls: model and question."""
        found = set()
        for home in map(self.home_of, self.workers):
            for model in MODELS:
                path = Layout(home).journal("text", "curated", model)
                if path.is_file():
                    with closing(sqlite3.connect(path)) as journal:
                        texts = [str(text) for (text,) in journal.execute("SELECT text FROM completions")]
                    found |= {(model, text.split()[1]) for text in texts if text.startswith(MARK)}
        return found


@pytest.fixture
def base(finished_home: Path, tmp_path: Path) -> Path:
    """A home in which all is made up to the models."""
    home = tmp_path / "home"
    shutil.copytree(finished_home, home)
    for folder in (home / "dagster", home / "assets" / "predictions", home / "assets" / "scores"):
        shutil.rmtree(folder)
    for path in (home / "assets" / "receipts").rglob("*"):
        if path.is_file() and any(word in str(path) for word in ("predictions", "scores", "marts", "leaderboard")):
            path.unlink()
    return home


@contextmanager
def running(folder: Path, home: Path, release: Path, slow: float = ANSWER_SECONDS) -> Iterator[Cluster]:
    apart = namespaces_allowed()
    with (
        connected(["anna", "berta"], apart) as (on_head, workers),
        postgres.postgres(on_head.address, redis.PASSWORD) as store,
        redis.broker(folder / "redis", on_head.address) as url,
        model_server(on_head.address, slow) as models,
    ):
        (folder / "models.yaml").write_text(registry(models.url))
        environment = {
            "CLINSEEK_HOME": str(home),
            "CLINSEEK_RELEASE_ROOT": str(release / "release"),
            "MIMIC_IV_ROOT": str(release / "sources" / "mimic_iv"),
            "CLINSEEK_MODELS": str(folder / "models.yaml"),
            "CLINSEEK_EXECUTOR": "celery",
            "CLINSEEK_BROKER": url,
            "CLINSEEK_STORE": str(folder / "store"),
            "CLINSEEK_LEASES": store.url,
            "DAGSTER_HOME": str(home / "dagster"),
            "DAGSTER_POSTGRES_URL": store.dagster_url,
            "DAGSTER_DISABLE_TELEMETRY": "1",
            "PYTHONWARNINGS": "ignore",
        }
        head = Head(on_head, home, environment)
        cluster = Cluster(head, workers, models)
        push = [binary("clinseek"), "store", "push"]
        subprocess.run(push, env={**os.environ, **environment}, check=True, capture_output=True, cwd=PROJECT)
        head.start()
        for sensor in ("downstream_follows", "sweep"):  # here the backfill names what it makes
            command = [binary("dagster"), "sensor", "stop", sensor, "-w", str(home / "workspace.yaml")]
            subprocess.run(command, env={**os.environ, **environment}, check=True, capture_output=True, cwd=PROJECT)
        yield cluster


def evaluated(home: Path, environment: dict[str, str]) -> None:
    """The tables on one machine, by the command line: what is there is not asked again."""
    subtasks = [part for subtask in FEW for part in ("--subtask", subtask)]
    environment = {**os.environ, **environment, "CLINSEEK_HOME": str(home), "DAGSTER_HOME": str(home / "dagster")}
    for model in MODELS:
        command = [binary("clinseek"), "evaluate", "--model", model, "--arm", "curated", *subtasks]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, cwd=PROJECT)
        assert done.returncode == 0, done.stderr[-2000:]


def tables(home: Path) -> dict[str, str]:
    """What was answered and what came of it, without times, as text."""
    layout = Layout(home)
    paths = [
        *(layout.predictions("text", "curated", model, subtask) for model in MODELS for subtask in FEW),
        *(layout.scores("text", "curated", model, subtask) for model in MODELS for subtask in FEW),
        *(layout.mart(name) for name in ("text_leaderboard", "subtask_scores", "coverage")),
    ]
    frames = {str(path.relative_to(home)): pandas.read_parquet(path) for path in paths}
    return {
        name: frame.drop(columns=[column for column in TIMES if column in frame]).to_json(orient="split")
        for name, frame in frames.items()
    }


def test_a_backfill_spreads_over_two_hosts_and_a_killed_one_costs_nothing(tiny_release, base, tmp_path):
    alone = tmp_path / "alone"
    shutil.copytree(base, alone)
    with running(tmp_path / "servers", base, tiny_release) as cluster:
        anna, berta = cluster.workers
        cluster.start_worker(anna, "clinseek-models")
        cluster.start_worker(berta, "clinseek-models")
        cluster.start_worker(cluster.head.host, "clinseek-build", "clinseek-tables")  # what the sensors ask at once
        began = time.monotonic()
        backfill = cluster.head.page.backfill([PREDICTIONS, SCORES], KEYS)
        addresses = {host.address for host in cluster.workers}
        wait_until(lambda: both_in_the_middle(cluster), "answers to both hosts", 600)
        anna.kill()
        at_kill, durable = time.time(), cluster.journalled()
        killed_at = time.monotonic()
        assert durable
        status = cluster.head.page.ended(backfill, BACKFILL_SECONDS)
        print(
            f"backfill {time.monotonic() - began:.0f} s, of which {time.monotonic() - killed_at:.0f} s after the kill"
        )
        assert status == "COMPLETED_SUCCESS"
        runs = cluster.head.page.runs()
        print(json.dumps([(run["status"], run["tags"].get("dagster/retry_number")) for run in runs]))
        asked = cluster.models.times_answered()
        after = {(each.model, each.question) for each in cluster.models.answered if each.at > at_kill}
        assert not durable & after, "what was journalled was asked again"
        assert all(times <= 2 for times in asked.values())
        assert set(cluster.models.by_host()) >= (addresses if len(addresses) > 1 else set())
        environment = dict(cluster.head.environment)
        before = sum(asked.values())
        evaluated(base, environment)
        assert sum(cluster.models.times_answered().values()) == before
        cluster.models.answered.clear()
        by_itself = {name: value for name, value in environment.items() if name not in OF_A_CLUSTER}
        evaluated(alone, by_itself)
        assert cluster.models.times_answered() == dict.fromkeys(asked, 1)
    assert tables(base) == tables(alone)


def both_in_the_middle(cluster: Cluster) -> bool:
    """Whether each host is in the middle of a model: it has answers, and at least two questions are still to come."""
    with cluster.models.lock:
        answered = list(cluster.models.answered)
    latest = {each.host: each.model for each in answered}
    count = Counter(each.model for each in answered)
    hosts = {host.address for host in cluster.workers}
    manifest = pandas.read_parquet(Layout(cluster.head.home).manifests / "text_manifest.parquet")
    questions = manifest["task"].isin(FEW).sum()
    return set(latest) == hosts and all(count[model] <= questions - 2 for model in latest.values())
