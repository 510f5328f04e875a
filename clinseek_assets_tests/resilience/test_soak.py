"""Thousands of questions against a flaky model, for as long as it takes: what is open stays flat, the store is stated.

`CLINSEEK_SOAK_QUESTIONS` and `CLINSEEK_SOAK_MINUTES` say how many and how long; by default 10,000 in 20 minutes.
"""

from __future__ import annotations

import json
import os
import time
from dataclasses import asdict
from pathlib import Path

import pandas
import pytest

from clinseek_assets.benchmark.subtasks import SUBTASKS
from clinseek_assets.locations.layout import Layout
from clinseek_assets_tests.resilience.answering import answering, journalled, models_file
from clinseek_assets_tests.resilience.sampling import Sample, Trend, sample, size_of, trends
from clinseek_assets_tests.resilience.servers import Servers, serving_home
from clinseek_assets_tests.services.page import UNDER_WAY

QUESTIONS = int(os.environ.get("CLINSEEK_SOAK_QUESTIONS", "10000"))
MINUTES = float(os.environ.get("CLINSEEK_SOAK_MINUTES", "20"))
KINDS = ("429", "429 with a wait", "500", "cut stream", "broken JSON", "hung up", "hangs")
SHARE, MOST_FAULTS = 0.15, 2
MODEL, ARM, ASSET = "soaked", "curated", "text_curated_predictions"
CONCURRENCY = 16
EVERY_SECONDS = 10.0
WARM_UP = 1 / 3  # of the time
LONGEST = 4  # times the wanted minutes
# What still counts as flat over the time after the warm-up.
MOST_GROWTH, MOST_MEGABYTES, MOST_FILES, MOST_THREADS = 0.05, 12.0, 4.0, 4.0


@pytest.mark.slow
def test_what_is_open_stays_flat(unanswered: dict[str, str], tmp_path: Path):
    layout = Layout(Path(unanswered["CLINSEEK_HOME"]))
    asked = len(pandas.read_parquet(layout.manifests / "text_manifest.parquet", columns=["qid"]))
    runs = max(1, round(QUESTIONS / asked))
    seconds = 0.75 * CONCURRENCY * MINUTES * 60 / (runs * asked)
    with answering(seconds, share=SHARE, most_faults=MOST_FAULTS, kinds=KINDS, hang_seconds=3.0) as (_, url):
        registry = models_file(tmp_path / "models.yaml", url, [MODEL], CONCURRENCY, runs=runs, arms=[ARM])
        with serving_home({**unanswered, "CLINSEEK_MODELS": str(registry)}, tmp_path / "servers") as servers:
            before = size_of(layout.dagster_home)
            started = time.monotonic()
            backfill = servers.page.backfill([ASSET], [f"{MODEL}|{subtask}" for subtask in SUBTASKS])
            samples = watched(servers, backfill, started)
            took = time.monotonic() - started
            grown = size_of(layout.dagster_home) - before
            assert servers.page.status(backfill) == "COMPLETED_SUCCESS", servers.logged()
    answers = [pandas.read_parquet(layout.predictions("text", ARM, MODEL, name)) for name in SUBTASKS]
    count = sum(map(len, answers))
    moved = {name: trends(samples, name, took * WARM_UP) for name in long_lived(samples, took)}
    told = {
        "questions": count,
        "minutes": round(took / 60, 1),
        "a second": round(count / took, 1),
        "event store, bytes a partition": round(grown / len(SUBTASKS)),
        "event store, bytes a 1,000 questions": round(grown / count * 1000),
        "processes": {name: {figure: asdict(trend) for figure, trend in of.items()} for name, of in moved.items()},
    }
    print(json.dumps(told, indent=1))
    assert count == runs * asked
    assert all(frame["outcome"].ne("endpoint_failed").all() for frame in answers)
    assert journalled(layout.home), "no answer was journalled"
    assert not [name for name, of in moved.items() if not flat(of)], told


def watched(servers: Servers, backfill: str, started: float) -> list[Sample]:
    """Samples until the backfill has ended."""
    samples: list[Sample] = []
    while servers.page.status(backfill) in UNDER_WAY:
        assert time.monotonic() - started < LONGEST * MINUTES * 60 + 600, servers.logged()
        samples += sample(started, servers.processes())
        time.sleep(EVERY_SECONDS)
    return samples


def long_lived(samples: list[Sample], took: float) -> list[str]:
    """The processes that were there for most of the time: the servers, and the run that asks."""
    names = dict.fromkeys(each.process for each in samples)
    lives = {name: [each.seconds for each in samples if each.process == name] for name in names}
    return [name for name, seconds in lives.items() if max(seconds) - min(seconds) > 0.6 * took]


def flat(of: dict[str, Trend]) -> bool:
    """Whether nothing grew."""
    memory = of["megabytes"]
    return (
        memory.grown <= max(MOST_GROWTH * memory.first, MOST_MEGABYTES)
        and of["open_files"].grown <= MOST_FILES
        and of["threads"].grown <= MOST_THREADS
    )
