"""What starts runs, and what must never start one."""

from __future__ import annotations

import datetime as dt

import dagster as dg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinseek_assets.assets.arms import ARMS
from clinseek_assets.assets.splits import SPLITS
from clinseek_assets.automation.ranges import END, START, runs_over
from clinseek_assets.benchmark.subtasks import SUBTASKS
from clinseek_assets.build import build
from clinseek_assets.partitions import grid_key
from clinseek_assets_tests.conftest import FEW, Graph, settings_over

PREDICTIONS = dg.AssetKey("text_curated_predictions")
SCORES = dg.AssetKey("text_curated_scores")


@pytest.fixture
def definitions(tiny_release, tmp_path) -> dg.Definitions:
    return build(settings_over(tiny_release, tmp_path / "home")).definitions


def test_predictions_have_no_condition_and_scores_have(definitions):
    conditions = {spec.key: spec.automation_condition for spec in definitions.resolve_all_asset_specs()}
    assert conditions[PREDICTIONS] is None
    assert conditions[dg.AssetKey("text_contexts")] is None
    following = (
        SCORES,
        *map(dg.AssetKey, ("text_model_scores", "text_intervals", "text_leaderboard", "leaderboard_report")),
    )
    assert all(conditions[key] for key in following)


def test_new_contexts_request_no_predictions_and_new_predictions_request_scores(definitions):
    instance = dg.DagsterInstance.ephemeral()
    first = dg.evaluate_automation_conditions(definitions, instance)
    for subtask in SUBTASKS:
        instance.report_runless_asset_event(dg.AssetMaterialization("text_contexts", partition=subtask))
    after_contexts = dg.evaluate_automation_conditions(definitions, instance, cursor=first.cursor)
    assert after_contexts.get_requested_partitions(PREDICTIONS) == set()
    assert after_contexts.total_requested == 0
    cells = [grid_key("evidence_counts", subtask) for subtask in list(SUBTASKS)[:3]]
    instance.report_runless_asset_event(dg.AssetMaterialization("text_manifest"))
    for key in cells:
        instance.report_runless_asset_event(dg.AssetMaterialization(PREDICTIONS, partition=key))
    after = dg.evaluate_automation_conditions(definitions, instance, cursor=after_contexts.cursor)
    assert after.get_requested_partitions(SCORES) == set(cells)
    assert after.get_requested_partitions(PREDICTIONS) == set()


def test_the_week_s_schedule_is_off_and_asks_for_one_run_a_model(definitions):
    schedule = definitions.resolve_schedule_def("weekly_text_curated")
    assert schedule.default_status is dg.DefaultScheduleStatus.STOPPED
    instance = dg.DagsterInstance.ephemeral()
    runs = []
    for day in (1, 8):
        context = dg.build_schedule_context(
            instance=instance, scheduled_execution_time=dt.datetime(2026, 6, day, 3, tzinfo=dt.UTC)
        )
        runs += schedule.evaluate_tick(context).run_requests
    assert len({run.run_key for run in runs}) == 4  # two models, two weeks
    first, last = next(iter(SUBTASKS)), next(reversed(SUBTASKS))
    assert {(run.tags[START], run.tags[END]) for run in runs} == {
        (grid_key(model, first), grid_key(model, last)) for model in ("evidence_counts", "floor/always_no")
    }


def test_every_job_resolves_and_holds_partitions_of_one_kind(definitions):
    names = {job.name for job in definitions.jobs}
    assert names == {
        *(f"{what}_{split}" for what in ("rebuild", "curate", "audit", "gather") for split in SPLITS),
        *(f"{what}_{split}_{arm}" for what in ("evaluate", "score") for split in SPLITS for arm in ARMS),
        "link_images",
        "publish",
    }
    for name in names:
        definitions.resolve_job_def(name)


def test_the_sweep_finds_by_content_what_is_behind_and_only_that(finished: Graph):
    def swept() -> list[dg.RunRequest]:
        definitions = finished.location.definitions
        sensor = definitions.resolve_sensor_def("sweep")
        context = dg.build_sensor_context(instance=finished.instance, definitions=definitions)
        return list(sensor.evaluate_tick(context).run_requests or [])

    assert swept() == []
    home = finished.location.home
    lost = [grid_key("evidence_counts", name) for name in list(FEW)[2:5]]
    for key in lost:
        home.receipts.forget("text_curated_scores", key)
    (request,) = swept()
    assert request.job_name == "score_text_curated"
    assert (request.tags[START], request.tags[END]) == (lost[0], lost[-1])
    finished.bring_up_to_date()
    assert swept() == []


def test_a_range_is_one_run_a_model_and_never_reaches_over_what_was_not_asked_for():
    keys = [grid_key(model, subtask) for model in ("a", "b") for subtask in "wxyz"]
    assert list(runs_over(keys, keys, ["b|z", "b|x", "a|y"])) == [
        {START: "a|y", END: "a|y"},
        {START: "b|x", END: "b|z"},
    ]
    assert list(runs_over(keys, ["a|w", "a|x", "a|z"], ["a|w", "a|x", "a|z"])) == [
        {START: "a|w", END: "a|x"},
        {START: "a|z", END: "a|z"},
    ]
    assert list(runs_over([None], [None], [None])) == [{}]
    assert list(runs_over(keys, keys, [])) == []


@given(st.sets(st.integers(0, 11)), st.sets(st.integers(0, 11)))
def test_ranges_hold_every_wanted_partition_and_only_allowed_ones(allowed_places, wanted_places):
    keys = [grid_key(model, subtask) for model in "abc" for subtask in "wxyz"]
    allowed = {keys[place] for place in allowed_places}
    wanted = {keys[place] for place in wanted_places} & allowed
    run = []
    for tags in runs_over(keys, allowed, wanted):
        run += keys[keys.index(tags[START]) : keys.index(tags[END]) + 1]
    assert wanted <= set(run) <= allowed
    assert len(run) == len(set(run))
