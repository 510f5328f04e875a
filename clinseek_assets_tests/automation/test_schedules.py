"""What the schedules ask for: what is not complete or stale, in as few runs as there are models; else why nothing."""

from __future__ import annotations

import datetime as dt
import sqlite3
from dataclasses import replace

import dagster as dg
import pytest

from clinseek_assets.assets.arms import ARMS_OF
from clinseek_assets.automation.ranges import END, START
from clinseek_assets.benchmark.subtasks import SUBTASKS
from clinseek_assets.build import build
from clinseek_assets.models.ledger import Ledger
from clinseek_assets.partitions import grid_key
from clinseek_assets_tests.conftest import FEW, Graph, settings_over

MONDAY = dt.datetime(2026, 6, 1, 3, tzinfo=dt.UTC)
ON = "operate: {reevaluation: {enabled: true, cron: '0 4 * * 2', timezone: Europe/Vienna, arms: [curated], %s}}\n"


def write_models(graph: Graph, block: str) -> None:
    """Give the home a registry of its own, with a block `operate`."""
    own = graph.settings.home / "models.yaml"
    own.write_text(graph.settings.models_file.read_text() + block)
    graph.settings = graph.settings.model_copy(update={"models_file": own})


def tick(graph: Graph, name: str = "reevaluate_text_curated", at: dt.datetime = MONDAY) -> dg.ScheduleExecutionData:
    """One tick of a schedule of a code location that was just loaded."""
    context = dg.build_schedule_context(instance=graph.instance, scheduled_execution_time=at)
    return graph.location.definitions.resolve_schedule_def(name).evaluate_tick(context)


def ranges(data: dg.ScheduleExecutionData) -> set[tuple[str, str]]:
    return {(run.tags[START], run.tags[END]) for run in data.run_requests}


def test_every_schedule_is_off_until_the_registry_switches_it_on(tiny_release, tmp_path):
    def running(block: str) -> dict[str, tuple[str, str | None]]:
        models = tmp_path / "models.yaml"
        models.write_text((tiny_release / "models.yaml").read_text() + block)
        settings = settings_over(tiny_release, tmp_path / "home", CLINSEEK_MODELS=str(models))
        return {
            each.name: (each.cron_schedule, each.execution_timezone)
            for each in build(settings).definitions.schedules
            if each.default_status is dg.DefaultScheduleStatus.RUNNING
        }

    assert running("") == {}
    assert running(ON % "splits: [text]") == {"reevaluate_text_curated": ("0 4 * * 2", "Europe/Vienna")}
    assert running("operate: {report: {enabled: true}}\n") == {"report": ("0 7 * * 1", "UTC")}


def test_what_was_not_run_is_asked_for_as_one_run_a_model_and_the_tick_says_so(finished: Graph, monkeypatch):
    data = tick(finished)
    first, last = next(iter(SUBTASKS)), next(reversed(SUBTASKS))
    waiting = len(SUBTASKS) - len(FEW)  # their contexts were not made: nobody pays for answers to nothing
    assert data.run_requests == []
    assert f"{waiting} wait for text_contexts" in data.skip_message
    monkeypatch.setattr("clinseek_assets.automation.due.waits_of", lambda *_: dict.fromkeys(SUBTASKS, ""))
    data = tick(finished)
    assert ranges(data) == {
        (grid_key(model, first), grid_key(model, last)) for model in ("evidence_counts", "floor/always_no")
    }
    keys = {run.run_key for run in data.run_requests}
    assert len(keys) == 2 and all(f"{waiting} not run yet" in key for key in keys)
    assert {run.tags["clinseek/model"] for run in data.run_requests} == {"evidence_counts", "floor/always_no"}
    assert keys.isdisjoint(run.run_key for run in tick(finished, at=MONDAY + dt.timedelta(weeks=1)).run_requests)


def test_stale_and_owed_cells_are_due_and_finished_ones_are_not(finished: Graph, monkeypatch):
    write_models(finished, ON % "models: [evidence_counts]")
    only_few(monkeypatch)
    assert "Nothing is due" in tick(finished).skip_message
    home = finished.location.home
    owed, stale = grid_key("evidence_counts", FEW[1]), grid_key("evidence_counts", FEW[3])
    other = grid_key("floor/always_no", FEW[0])
    for key, change in ((owed, {"complete": False}), (stale, {"inputs": "of another prompt"}), (other, {"inputs": ""})):
        receipt = home.receipts.read("text_curated_predictions", key)
        home.receipts.write("text_curated_predictions", key, replace(receipt, **change))
    data = tick(finished)
    assert ranges(data) == {(owed, stale)}  # one run; what lies between is passed over by the asset itself
    (request,) = data.run_requests
    assert request.tags["clinseek/due"] == "1 owed answers, 1 stale"
    assert request.run_key == f"2026-06-01T03:00+00:00 evidence_counts: {request.tags['clinseek/due']}"


def test_cells_wait_for_evidence_that_is_behind_and_for_a_failed_audit(finished: Graph, monkeypatch):
    write_models(finished, ON % "models: [evidence_counts]")
    only_few(monkeypatch)
    home = finished.location.home
    for arm in ("curated", "seeking"):
        for name in FEW[:3]:
            home.receipts.forget(f"text_{arm}_predictions", grid_key("evidence_counts", name))
    home.receipts.forget("text_contexts", FEW[1])
    home.receipts.forget("leak_audit")
    data = tick(finished)
    assert ranges(data) == {(grid_key("evidence_counts", name),) * 2 for name in (FEW[0], FEW[2])}
    assert all("1 wait for text_contexts" in run.run_key for run in data.run_requests)
    data = tick(finished, "reevaluate_text_seeking")
    assert data.run_requests == [] and "leak_audit" in data.skip_message


def test_a_split_that_is_not_there_is_the_reason(finished: Graph):
    assert "no multimodal split" in tick(finished, "reevaluate_multimodal_seeking").skip_message


def test_old_answers_are_asked_for_once_more_only_where_that_is_wished_and_only_once(finished: Graph, monkeypatch):
    only_few(monkeypatch)
    write_models(finished, ON % "models: [evidence_counts], another_run_after_days: 30")
    with Ledger(finished.settings.layout.ledger):
        pass
    with sqlite3.connect(finished.settings.layout.ledger) as ledger:
        sent = (MONDAY - dt.timedelta(days=20)).timestamp()
        ledger.execute(
            "INSERT INTO calls VALUES ('c1', ?, 'model', 'evidence_counts', 'here', 1, 'q', 'curated', 'k', 0, 0)",
            (sent,),
        )
    assert "Nothing is due" in tick(finished).skip_message
    later = MONDAY + dt.timedelta(days=14)
    for _ in range(2):  # a tick that is evaluated twice asks for one further run
        data = tick(finished, at=later)
        assert ranges(data) == {(grid_key("evidence_counts", FEW[0]), grid_key("evidence_counts", FEW[-1]))}
        assert f"{len(FEW)} stale" in data.run_requests[0].run_key
    assert '"runs": 2' in finished.settings.layout.runs("text", "curated", "evidence_counts").read_text()


def test_the_report_s_schedule_runs_the_tables_and_gives_the_report_an_age(finished: Graph, tiny_release, tmp_path):
    write_models(finished, "operate: {report: {enabled: true, cron: '0 7 * * *'}}\n")
    (request,) = tick(finished, "report").run_requests
    assert request.tags.get(START) is None
    report = dg.AssetKey("leaderboard_report")
    policies = {spec.key: spec.freshness_policy for spec in finished.location.definitions.resolve_all_asset_specs()}
    assert policies.pop(report).fail_window.to_timedelta() == dt.timedelta(hours=25)
    assert not any(policies.values())  # nothing else has an age that says something
    with_nothing = Graph(settings_over(tiny_release, tmp_path / "empty"), finished.instance)
    assert "no scores yet" in tick(with_nothing, "report").skip_message


@pytest.fixture(autouse=True)
def no_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CLINSEEK_WEB_PAGE", raising=False)


def only_few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the text split have no other subtasks than those that tests run."""
    arms = ARMS_OF["text"]
    for name, arm in arms.items():
        monkeypatch.setitem(arms, name, replace(arm, split=replace(arm.split, subtasks=FEW)))
