"""`clinseek metrics`: what Prometheus gets, over loopback and once."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import urllib.request
from pathlib import Path

from click.testing import CliRunner
from prometheus_client.parser import text_string_to_metric_families

from clinseek_assets.cli import clinseek
from clinseek_assets.models.budget import Cost
from clinseek_assets.models.ledger import Ledger, Sending, Usage
from clinseek_assets_tests.assets.test_manners import ids_in
from clinseek_assets_tests.commands.test_graph_commands import PROGRAM, call, environment
from clinseek_assets_tests.conftest import FEW, Graph


def figures_in(text: str) -> dict[str, dict[frozenset[str], float]]:
    """Name -> the values of its labels -> figure."""
    found: dict[str, dict[frozenset[str], float]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found.setdefault(sample.name, {})[frozenset(sample.labels.values())] = sample.value
    return found


def of(*labels: str) -> frozenset[str]:
    return frozenset(labels)


async def one_call(graph: Graph) -> None:
    """A call in the ledger, of an endpoint and of a judge."""
    with Ledger(graph.settings.layout.ledger) as ledger:
        asked = await ledger.opened(Sending("model", "gpt", "host", 100, "a hash", "curated", "a key", Cost(50, 0.5)))
        ledger.settled(asked, Usage(30, 10), Cost(40, 0.25))
        failed = await ledger.opened(Sending("judge", "judge", "host", 10))
        ledger.failed(failed, "http_429", Cost())


def test_the_figures_of_a_home(finished: Graph):
    asyncio.run(one_call(finished))
    result = call(finished, "metrics", "--once")
    assert result.exit_code == 0, result.output
    found = figures_in(result.stdout)
    floor = ("text", "curated", "floor/always_no")
    assert found["clinseek_partitions"][of(*floor, "recorded")] == len(FEW)
    assert found["clinseek_partitions"][of(*floor, "missing")] == 45 - len(FEW)
    home = finished.location.home
    questions = sum(len(home.questions(subtask)) for subtask in FEW)
    assert found["clinseek_questions"][of(*floor, "finished")] == questions
    assert found["clinseek_coverage_ratio"][of(*floor)] == 1.0
    assert found["clinseek_calls_total"][of("model", "gpt", "curated", "settled")] == 1
    assert found["clinseek_failed_calls_total"][of("judge", "judge", "", "http_429")] == 1
    assert found["clinseek_dollars_total"][of("model", "gpt", "curated")] == 0.25
    assert found["clinseek_tokens_total"][of("model", "gpt", "curated")] == 40
    assert found["clinseek_runs"][of("success")] == finished.instance.get_runs_count()
    assert found["clinseek_disk_bytes"][of("patient databases")] > 0
    assert found["clinseek_last_made_timestamp_seconds"][of("text_curated_predictions")] > 1e9
    ids = {str(patient) for patient in finished.location.home.cohort()}
    assert ids and not ids_in(result.stdout, ids)


def test_an_empty_home_has_figures_as_well(tmp_path: Path, finished: Graph):
    own = {**environment(finished), "CLINSEEK_HOME": str(tmp_path / "empty")}
    result = CliRunner(env=own).invoke(clinseek, ["metrics", "--once"])
    assert result.exit_code == 0, result.output
    assert "clinseek_runs{" not in result.stdout


def test_served_on_loopback_until_ctrl_c(finished: Graph):
    server = subprocess.Popen(
        [str(PROGRAM), "metrics", "--port", "0"],
        env={**environment(finished), "PATH": "/usr/bin"},
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    try:
        assert server.stderr is not None
        address = server.stderr.readline().split()[0]
        assert address.startswith("http://127.0.0.1:")
        with urllib.request.urlopen(address, timeout=30) as page:
            assert figures_in(page.read().decode())["clinseek_partitions"]
        server.send_signal(signal.SIGINT)
        assert server.wait(20) == 0
        assert "Traceback" not in server.stderr.read()
    finally:
        server.kill()
        server.wait()
