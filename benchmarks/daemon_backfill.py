"""The backfill of 540 partitions as the web page starts it: by GraphQL, cut into runs and run by the daemon.

Everything is as `clinseek ui` has it: web server, daemon with its sensors, code server, a process a run.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from benchmarks.backfills import ASSET, environment, made_before_predictions
from clinseek_assets.assets.artifact import Artifact
from clinseek_assets.locations.settings import load_settings
from clinseek_assets.resources.instance import open_instance

PATIENCE_SECONDS = 900.0
READY = """{ repositoriesOrError { ... on RepositoryConnection { nodes { name } } }
  instance { daemonHealth { allDaemonStatuses { required healthy } } } }"""
LAUNCH = """mutation ($wanted: LaunchBackfillParams!) { launchPartitionBackfill(backfillParams: $wanted) {
  ... on LaunchBackfillSuccess { backfillId } } }"""
STATUS = (
    """query ($id: String!) { partitionBackfillOrError(backfillId: $id) { ... on PartitionBackfill { status } } }"""
)
# What the page of an asset's partitions asks.
PARTITIONS = """query ($key: AssetKeyInput!) { assetNodeOrError(assetKey: $key) { ... on AssetNode {
  partitionKeysByDimension { name partitionKeys }
  assetPartitionStatuses { ... on MultiPartitionStatuses { primaryDimensionName ranges {
    primaryDimStartKey primaryDimEndKey secondaryDim { ... on DefaultPartitionStatuses {
      materializedPartitions materializingPartitions failedPartitions } } } } } } } }"""


def run(folder: Path) -> dict[str, Any]:
    """Measure in `folder`.

    Returns:
        name; partitions; the runs that Dagster made of them; seconds from the request until every partition was green,
        and until the daemon called the backfill ended (it looks every 30 seconds), baselines answering at once; seconds
        of the request by which the page shows all partitions, the first time and after that.
    """
    named = environment(folder)
    settings = load_settings(named)
    with open_instance(settings.layout) as instance:
        artifact = made_before_predictions(settings, instance)[1]
        wanted = set(artifact.partitions)
        with _served(named, folder / "ui.log") as ask:
            asked_at = time.perf_counter()
            backfill = _launched(ask, artifact)
            _wait(lambda: instance.get_materialized_partitions(artifact.keys[0]) == wanted)
            green = time.perf_counter() - asked_at
            _wait(lambda: _status(ask, backfill).startswith("COMPLETED"))
            ended = time.perf_counter() - asked_at
            page = [_page_seconds(ask) for _ in range(3)]
        runs = sum(run.tags.get("dagster/backfill") == backfill for run in instance.get_runs())
    return {
        "name": "backfill of 540 partitions by the daemon",
        "partitions": len(wanted),
        "runs": runs,
        "seconds_until_all_are_green": round(green, 1),
        "seconds_until_it_is_told_as_ended": round(ended, 1),
        "page_seconds_at_first": round(page[0], 2),
        "page_seconds_after_that": round(min(page[1:]), 2),
    }


Ask = Callable[..., Any]


@contextmanager
def _served(named: dict[str, str], log: Path) -> Iterator[Ask]:
    """`clinseek ui` over the home; what is given asks its page."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(Path(sys.executable).with_name("clinseek")), "ui", "--port", str(port)]
    with log.open("wb") as told, httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=120) as client:

        def ask(query: str, **variables: Any) -> Any:
            answer = client.post("/graphql", json={"query": query, "variables": variables})
            return answer.raise_for_status().json()["data"]

        server = subprocess.Popen(
            command, env={**os.environ, **named}, stdout=told, stderr=told, start_new_session=True
        )
        try:
            _wait(lambda: server.poll() is not None or _ready(ask))
            yield ask
        finally:
            server.send_signal(signal.SIGTERM)
            try:
                server.wait(60)
            except subprocess.TimeoutExpired:
                os.killpg(server.pid, signal.SIGKILL)


def _ready(ask: Ask) -> bool:
    """Whether the page knows the graph, and all daemons are at work."""
    try:
        told = ask(READY)
    except httpx.HTTPError:
        return False
    daemons = told["instance"]["daemonHealth"]["allDaemonStatuses"]
    at_work = all(daemon["healthy"] for daemon in daemons if daemon["required"])
    return at_work and bool(told["repositoriesOrError"].get("nodes"))


def _launched(ask: Ask, artifact: Artifact) -> str:
    wanted = {"assetSelection": [{"path": [ASSET]}], "partitionNames": [str(key) for key in artifact.partitions]}
    return str(ask(LAUNCH, wanted=wanted)["launchPartitionBackfill"]["backfillId"])


def _status(ask: Ask, backfill: str) -> str:
    return str(ask(STATUS, id=backfill)["partitionBackfillOrError"].get("status"))


def _page_seconds(ask: Ask) -> float:
    started = time.perf_counter()
    told = ask(PARTITIONS, key={"path": [ASSET]})["assetNodeOrError"]
    assert told["assetPartitionStatuses"]["ranges"], told
    return time.perf_counter() - started


def _wait(reached: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while not reached():
        if time.monotonic() > until:
            raise TimeoutError(f"It has not come so far within {PATIENCE_SECONDS:.0f} seconds.")
        time.sleep(0.5)
