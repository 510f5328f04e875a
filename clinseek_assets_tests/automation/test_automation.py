"""What starts runs, and what must never start one."""

from __future__ import annotations

from collections import Counter

import dagster as dg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinseek_assets.assets.arms import ARMS
from clinseek_assets.assets.splits import SPLITS
from clinseek_assets.automation.ranges import END, START, runs_over
from clinseek_assets.benchmark.subtasks import SUBTASKS
from clinseek_assets.build import build
from clinseek_assets.partitions import cell, grid_key
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


@pytest.mark.parametrize(
    ("arms", "models"),
    [
        (["seeking"], ["evidence_counts"]),
        (["curated_strict", "curated", "seeking_compat"], ["floor/always_no", "evidence_counts"]),
    ],
)
def test_whatever_arms_and_models_land_scores_tables_and_report_follow_once_and_no_prediction(
    definitions, arms, models
):
    instance = dg.DagsterInstance.ephemeral()
    instance.report_runless_asset_event(dg.AssetMaterialization("text_manifest"))
    cursor = dg.evaluate_automation_conditions(definitions, instance).cursor
    cells = [grid_key(model, subtask) for model in models for subtask in list(SUBTASKS)[:2]]
    for arm in arms:
        for key in cells:
            instance.report_runless_asset_event(dg.AssetMaterialization(f"text_{arm}_predictions", partition=key))
    requested: Counter[tuple[str, str | None]] = Counter()
    for _ in range(12):
        result = dg.evaluate_automation_conditions(definitions, instance, cursor=cursor)
        cursor = result.cursor
        asked = {
            (each.key.to_user_string(), part.partition_key)
            for each in result.results
            if isinstance(each.key, dg.AssetKey) and not each.true_subset.is_empty
            for part in each.true_subset.expensively_compute_asset_partitions()
        }
        if not asked:
            break
        requested.update(asked)
        for name, partition in asked:  # as a run would
            instance.report_runless_asset_event(dg.AssetMaterialization(name, partition=partition))
    else:
        raise AssertionError("it never comes to an end")
    scored = {(name, key) for name, key in requested if name.endswith("_scores") and key and "|" in key}
    assert scored == {(f"text_{arm}_scores", key) for arm in arms for key in cells}
    assert all(requested[cell] == 1 for cell in scored)
    assert {key for name, key in requested if name == "text_model_scores"} == set(models)
    names = {name for name, _ in requested}
    assert {"text_intervals", "text_contrasts", "text_leaderboard", "paired_deltas", "leaderboard_report"} <= names
    assert not [name for name in names if name.endswith(("_predictions", "_contexts", "_manifest"))]


def test_no_mart_is_built_before_the_marts_that_it_reads(definitions):
    instance = dg.DagsterInstance.ephemeral()
    cursor = dg.evaluate_automation_conditions(definitions, instance).cursor
    job = definitions.resolve_implicit_global_asset_job_def()
    at_work = job.get_subset(asset_selection={dg.AssetKey("text_intervals")})
    instance.create_run_for_job(at_work, asset_selection=at_work.asset_selection, status=dg.DagsterRunStatus.STARTED)
    for name in (
        "text_contrasts",
        "leak_audit",
        "models",
        "text_manifest",
    ):  # what some marts read beside the intervals
        instance.report_runless_asset_event(dg.AssetMaterialization(name))
    told = dg.evaluate_automation_conditions(definitions, instance, cursor=cursor)
    requested = {each.key for each in told.results if not each.true_subset.is_empty}
    marts = {spec.key: spec for spec in definitions.resolve_all_asset_specs() if spec.group_name == "marts"}
    assert dg.AssetKey("paired_deltas") in marts
    for key in requested & set(marts):
        assert {dep.asset_key for dep in marts[key].deps} & set(marts) <= requested, key.to_user_string()
    assert dg.AssetKey("leaderboard_report") not in requested


def test_every_job_resolves_and_holds_partitions_of_one_kind(definitions):
    names = {job.name for job in definitions.jobs}
    assert names == {
        *(f"{what}_{split}" for what in ("rebuild", "curate", "curate_strict", "audit", "gather") for split in SPLITS),
        *(f"{what}_{split}_{arm}" for what in ("evaluate", "score") for split in SPLITS for arm in ARMS),
        *("link_images", "link_reports", "publish", "observe_sources"),
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


def test_neighbouring_models_with_the_same_subtasks_share_a_run():
    keys = [grid_key(model, subtask) for model in ("a", "b", "c", "d") for subtask in "xyz"]
    assert list(runs_over(keys, keys, keys)) == [{START: "a|x", END: "d|z"}]
    of_two = [key for key in keys if key[0] in "ac"]
    assert list(runs_over(keys, of_two, of_two)) == [{START: "a|x", END: "a|z"}, {START: "c|x", END: "c|z"}]
    assert list(runs_over(keys, keys, ["a|x", "a|y", "b|x", "b|y", "c|y"])) == [
        {START: "a|x", END: "b|y"},
        {START: "c|y", END: "c|y"},
    ]


def test_a_range_never_reaches_over_what_was_not_asked_for():
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
        (first, start), (last, end) = cell(tags[START]), cell(tags[END])
        run += [key for key in keys if first <= cell(key)[0] <= last and start <= cell(key)[1] <= end]
    assert wanted <= set(run) <= allowed
    assert len(run) == len(set(run))
