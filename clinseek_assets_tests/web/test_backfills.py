"""Backfills by way of the daemon: queued from the command line, launched, cancelled and retried as the page does it."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from click.testing import CliRunner

from clinseek_assets.cli import clinseek
from clinseek_assets_tests.assets.test_prediction_run import (
    GRID,
    PREDICTIONS,
    endpoints,
    graph,
    recorded,
    with_models,
    with_questions,
)
from clinseek_assets_tests.commands.test_graph_commands import environment
from clinseek_assets_tests.conftest import FEW, Graph
from clinseek_assets_tests.models.loopback import block, failing
from clinseek_assets_tests.resilience.servers import Servers, serving_home

pytestmark = pytest.mark.slow

SECONDS = 420.0
RETRY = """mutation ($params: ReexecutionParams) { reexecutePartitionBackfill(reexecutionParams: $params) {
    __typename ... on LaunchBackfillSuccess { backfillId } ... on PythonError { message } } }"""
CANCEL = """mutation ($id: String!) { cancelPartitionBackfill(backfillId: $id) { __typename } }"""

__all__ = ["graph"]  # a fixture


@pytest.fixture
def servers(graph: Graph, tmp_path: Path) -> Iterator[Servers]:
    """Code server, web server and daemon over the home."""
    named = {**environment(graph), "DAGSTER_HOME": str(graph.settings.layout.dagster_home)}
    with_models(graph, bad="http://127.0.0.1:9", good="http://127.0.0.1:9")
    with serving_home(named, tmp_path / "servers") as started:
        yield started


def ended(servers: Servers, backfill: str) -> str:
    until = time.monotonic() + SECONDS
    while (status := servers.page.status(backfill)) in ("", "REQUESTED", "CANCELING", "FAILING"):
        assert time.monotonic() < until, f"{status}\n{servers.logged()}"
        time.sleep(1.0)
    return status


def runs_of(graph: Graph, backfill: str) -> list[dg.DagsterRun]:
    return list(graph.instance.get_runs(dg.RunsFilter(tags={"dagster/backfill": backfill})))


def test_a_queued_backfill_is_run_told_truly_retried_and_cancelled(graph: Graph, servers: Servers):
    questions = len(with_questions(graph))
    with endpoints(bad=failing(401), good=block("yes")) as played:
        with_models(graph, bad=played["bad"].url, good=played["good"].url)
        few = [word for subtask in FEW for word in ("--subtask", subtask)]
        arguments = ["--model", "good", "--model", "bad", "--arm", "curated", *few, "--queue", "--priority", "7"]
        told = CliRunner(env=environment(graph)).invoke(clinseek, ["evaluate", *arguments])
        assert told.exit_code == 0, told.output
        (backfill,) = re.findall(r"backfill (\w+) is queued", told.stdout)

        assert ended(servers, backfill) == "COMPLETED_FAILED"
        assert recorded(graph, "good") == set(FEW)
        runs = runs_of(graph, backfill)
        assert {run.tags["dagster/priority"] for run in runs} == {"7"}
        assert {run.status for run in runs} == {dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE}
        assert len(played["good"].requests) == questions

        with_models(graph, bad=played["good"].url, good=played["good"].url)  # it was mended
        answer = servers.page.ask(RETRY, params={"parentRunId": backfill, "strategy": "FROM_FAILURE"})
        retried = answer["reexecutePartitionBackfill"]["backfillId"]
        assert ended(servers, retried) == "COMPLETED_SUCCESS"
        assert recorded(graph, "bad") == set(FEW)
        assert len(played["good"].requests) == 2 * questions  # nothing was asked of `good` again


def test_a_cancelled_backfill_ends_and_the_next_one_goes_on(graph: Graph, servers: Servers):
    questions = len(with_questions(graph))

    mended = threading.Event()

    def three_then_slowly(handler, body) -> None:
        if len(played["good"].requests) > 3:
            mended.wait(15)
        block("yes")(handler, body)

    with endpoints(good=three_then_slowly) as played:
        with_models(graph, bad="http://127.0.0.1:9", good=played["good"].url)
        cells = [f"good|{subtask}" for subtask in FEW]
        backfill = servers.page.backfill([PREDICTIONS], cells)
        until = time.monotonic() + SECONDS
        while len(played["good"].requests) < 4:
            assert time.monotonic() < until, servers.logged()
            time.sleep(0.2)
        time.sleep(1.0)
        servers.page.ask(CANCEL, id=backfill)
        assert ended(servers, backfill) == "CANCELED"
        kept = len(graph.instance.get_materialized_partitions(GRID) & set(cells))
        assert kept >= 1
        mended.set()
        before = len(played["good"].requests)
        assert ended(servers, servers.page.backfill([PREDICTIONS], cells)) == "COMPLETED_SUCCESS"
        assert recorded(graph, "good") == set(FEW)
        assert len(played["good"].requests) - before <= questions - 3
