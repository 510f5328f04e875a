"""A run of the command line begins when the pools that it takes are free, and says what it waits for."""

from __future__ import annotations

import subprocess
import sys
import threading
import time

import dagster as dg
import pytest

from clinseek_assets.automation.pools import wait_for_pools
from clinseek_assets.resources.instance import open_instance, process_tag
from clinseek_assets.resources.run_launcher import PROCESS_TAG
from clinseek_assets_tests.automation.small_graph import settings_of

POOL = "warehouse"
SOON = 0.02  # seconds from look to look
LONG = 30.0


@dg.asset(pool=POOL)
def mart() -> None:
    """Takes the pool."""


@dg.asset
def manifest() -> None:
    """Takes none."""


@pytest.fixture
def instance(tmp_path):
    with open_instance(settings_of(tmp_path).layout) as found:
        yield found


def held_by(instance: dg.DagsterInstance, tags: dict[str, str]) -> dg.DagsterRun:
    """A run at work that holds the pool."""
    run = instance.create_run_for_job(
        dg.define_asset_job("other").resolve(asset_graph=dg.Definitions([mart]).resolve_asset_graph()),
        tags=tags,
        status=dg.DagsterRunStatus.STARTED,
    )
    instance.event_log_storage.initialize_concurrency_limit_to_default(POOL)
    assert instance.event_log_storage.claim_concurrency_slot(POOL, run.run_id, "mart").is_claimed
    return run


def process_that_has_ended() -> str:
    told = "from clinseek_assets.resources.processes import this_process; print(this_process())"
    return subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True).stdout.strip()


def test_a_free_pool_and_none_at_all_are_not_waited_for(instance):
    told: list[str] = []
    wait_for_pools([mart, manifest], instance, lambda work, *_: told.append(work), SOON)
    held_by(instance, process_tag())
    wait_for_pools([manifest], instance, lambda work, *_: told.append(work), SOON)
    assert told == []


def test_a_held_pool_is_waited_for_with_a_word_and_without_a_processor(instance):
    run = held_by(instance, process_tag())
    told: list[str] = []
    waiting = threading.Thread(
        target=wait_for_pools, args=([mart], instance, lambda work, *_: told.append(work), 0.2), daemon=True
    )
    spent = time.process_time()
    waiting.start()
    time.sleep(2.0)
    spent = time.process_time() - spent
    assert waiting.is_alive() and spent < 1.0
    instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)
    waiting.join(LONG)
    assert not waiting.is_alive()
    assert set(told) == {f"waiting for the warehouse, which run {run.run_id[:8]} writes"}


def test_a_run_whose_process_was_killed_meanwhile_gives_its_pool_back(instance):
    run = held_by(instance, {PROCESS_TAG: process_that_has_ended()})
    wait_for_pools([mart], instance, lambda *_: None, SOON)
    assert instance.get_run_by_id(run.run_id).status is dg.DagsterRunStatus.FAILURE
