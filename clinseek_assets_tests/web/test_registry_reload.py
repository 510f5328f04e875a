"""A model that is written into models.yaml while `clinseek ui` runs: seen, loaded and, as wished, run."""

from __future__ import annotations

from typing import Any

import pytest

from clinseek_assets.partitions import grid_key
from clinseek_assets_tests.conftest import FEW, Graph
from clinseek_assets_tests.services.page import Page
from clinseek_assets_tests.services.waiting import wait_until
from clinseek_assets_tests.web.test_lineage_page import served

MODELS = """query { assetNodes(assetKeys: [{path: ["models"]}]) { partitionKeys } }"""
TICKS = """query($name: String!) {
  sensorOrError(sensorSelector: {
    repositoryLocationName: "clinseek_assets", repositoryName: "__repository__", sensorName: $name
  }) { ... on Sensor { sensorState { ticks(limit: 20) { status skipReason error { message } } } } }
}"""
ADDED = """\
  - {name: newcomer, dialect: baseline, model_id: always_yes, enabled: true}
operate: {watch: {new_models: true}, reevaluation: {arms: [curated], splits: [text]}}
"""


def models_of(page: Page) -> list[str]:
    (node,) = page.ask(MODELS)["assetNodes"]
    return node["partitionKeys"]


def ticks_of(page: Page, sensor: str) -> list[dict[str, Any]]:
    return page.ask(TICKS, name=sensor)["sensorOrError"]["sensorState"]["ticks"]


def ended_runs(page: Page) -> list[dict[str, Any]]:
    return [run for run in page.runs(model="newcomer") if run["status"] in ("SUCCESS", "FAILURE")]


@pytest.mark.slow
def test_a_new_model_is_loaded_and_run_while_the_page_is_served(own: Graph):
    own.bring_up_to_date(until="leak audit")
    with served(own) as address:
        page = Page(address)
        assert "newcomer" not in models_of(page)
        # It has to have seen the models as they were.
        wait_until(lambda: ticks_of(page, "registry_watched"), "the sensor's first tick")
        models = own.settings.models_file
        models.write_text(models.read_text() + ADDED)
        wait_until(lambda: "newcomer" in models_of(page), "the new model's partition")
        (run,) = wait_until(lambda: ended_runs(page), "the new model's run")
        assert (run["jobName"], run["status"]) == ("evaluate_text_curated", "SUCCESS")
        assert run["tags"]["clinseek/due"].startswith(f"{len(FEW)} not run yet")
        ticks = [tick for name in ("registry_watched", "sources_watched") for tick in ticks_of(page, name)]
        assert [tick["error"] for tick in ticks if tick["error"]] == []
    home = own.location.home
    assert all(home.receipts.read("text_curated_predictions", grid_key("newcomer", name)) for name in FEW)
