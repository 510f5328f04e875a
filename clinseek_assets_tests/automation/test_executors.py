"""Which executor the settings choose, and the queue of each asset's steps."""

from __future__ import annotations

import sys

import pytest

from clinseek_assets.assets.queues import BUILD, MODELS, QUEUES, TABLES
from clinseek_assets.automation.executors import executor_of
from clinseek_assets.build import build
from clinseek_assets.faults import SettingsFault
from clinseek_assets.locations.settings import EXECUTORS, load_settings
from clinseek_assets_tests.conftest import settings_over

BROKER = {"CLINSEEK_BROKER": "redis://127.0.0.1:1/0"}


@pytest.mark.parametrize("name", EXECUTORS)
def test_the_code_location_has_the_executor_that_is_named(tiny_release, tmp_path, name):
    settings = settings_over(tiny_release, tmp_path / "home", CLINSEEK_EXECUTOR=name, **BROKER)
    assert build(settings).definitions.executor.name == name


def test_without_the_extra_the_executor_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "redis", None)
    with pytest.raises(SettingsFault, match=r"not installed \(redis\)") as caught:
        executor_of(load_settings({"CLINSEEK_EXECUTOR": "celery", **BROKER}))
    assert "[cluster]" in caught.value.mend


def test_every_step_has_a_queue_and_only_what_needs_the_warehouse_is_on_the_tables_machine(tiny_release, tmp_path):
    graph = build(settings_over(tiny_release, tmp_path / "home")).graph
    queue_of = {artifact.name: artifact.definition.op.tags["dagster-celery/queue"] for artifact in graph.artifacts}
    assert set(queue_of.values()) == set(QUEUES)
    assert queue_of["text_seeking_predictions"] == queue_of["multimodal_curated_predictions"] == MODELS
    assert queue_of["marts"] == queue_of["leaderboard_report"] == TABLES
    assert queue_of["mimic_iv/hosp/labevents"] == queue_of["text_seeking_scores"] == BUILD
