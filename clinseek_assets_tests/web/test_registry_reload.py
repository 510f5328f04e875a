"""A model that is written into models.yaml while `clinseek ui` runs: seen, loaded and, as wished, run."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from clinseek_assets.partitions import grid_key
from clinseek_assets_tests.conftest import FEW, Graph, open_graph, settings_over
from clinseek_assets_tests.web.test_lineage_page import served

SECONDS = 240
MODELS = """query { assetNodes(assetKeys: [{path: ["models"]}]) { partitionKeys } }"""
RUNS = """query {
  runsOrError(filter: {tags: [{key: "clinseek/model", value: "newcomer"}]}) {
    ... on Runs { results { jobName status tags { key value } } }
  }
}"""
TICKS = """query($name: String!) {
  sensorOrError(sensorSelector: {
    repositoryLocationName: "clinseek_assets", repositoryName: "__repository__", sensorName: $name
  }) { ... on Sensor { sensorState { ticks(limit: 20) { status skipReason error { message } } } } }
}"""
ADDED = """\
  - {name: newcomer, dialect: baseline, model_id: always_yes, enabled: true}
operate: {watch: {new_models: true}, reevaluation: {arms: [curated], splits: [text]}}
"""


def asked(address: str, query: str, **variables: Any) -> Any:
    answer = httpx.post(f"{address}/graphql", json={"query": query, "variables": variables}, timeout=60)
    return answer.raise_for_status().json()["data"]


def until(told: Callable[[], Any]) -> Any:
    """What is told, once it is something."""
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        if found := told():
            return found
        time.sleep(1)
    raise AssertionError("it did not happen in time")


def models_of(address: str) -> list[str]:
    (node,) = asked(address, MODELS)["assetNodes"]
    return node["partitionKeys"]


def ticks_of(address: str, sensor: str) -> list[dict[str, Any]]:
    return asked(address, TICKS, name=sensor)["sensorOrError"]["sensorState"]["ticks"]


@pytest.fixture
def own(finished_home: Path, copied_release: Path, tmp_path: Path):
    shutil.copytree(finished_home, tmp_path / "home")
    with open_graph(settings_over(copied_release, tmp_path / "home")) as graph:
        graph.bring_up_to_date(until="leak audit")
        yield graph


@pytest.mark.slow
def test_a_new_model_is_loaded_and_run_while_the_page_is_served(own: Graph):
    with served(own) as address:
        assert "newcomer" not in models_of(address)
        until(lambda: ticks_of(address, "registry_watched"))  # it has seen the models as they were
        models = own.settings.models_file
        models.write_text(models.read_text() + ADDED)
        until(lambda: "newcomer" in models_of(address))
        (run,) = until(lambda: [run for run in runs_of(address) if run["status"] in ("SUCCESS", "FAILURE")])
        assert (run["jobName"], run["status"]) == ("evaluate_text_curated", "SUCCESS")
        tags = {tag["key"]: tag["value"] for tag in run["tags"]}
        assert tags["clinseek/due"].startswith(f"{len(FEW)} not run yet")
        ticks = [tick for name in ("registry_watched", "sources_watched") for tick in ticks_of(address, name)]
        assert [tick["error"] for tick in ticks if tick["error"]] == []
    home = own.location.home
    assert all(home.receipts.read("text_curated_predictions", grid_key("newcomer", name)) for name in FEW)


def runs_of(address: str) -> list[dict[str, Any]]:
    return asked(address, RUNS)["runsOrError"]["results"]
