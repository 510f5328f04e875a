"""Messages about failed runs and missing answers: what they hold, where they go, and what they never hold."""

from __future__ import annotations

import json
from dataclasses import replace

import dagster as dg
import pytest

from clinseek_assets.assets.arms import ARMS_OF
from clinseek_assets.automation.alerts import outcomes_in, run_failed
from clinseek_assets.partitions import grid_key
from clinseek_assets.resources.operating import Alerts
from clinseek_assets_tests.conftest import FEW, Graph
from clinseek_assets_tests.models.loopback import Endpoint, failing, send_json, serving

CURATED = "text_curated_predictions"
SECRET = "patient 10000032 answered yes"


def taken(handler, body):
    send_json(handler, {})


def hooked(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> Alerts:
    monkeypatch.setenv("OUR_HOOK", f"{endpoint.url}/hook?token=t0ken")
    return Alerts(webhook_env="OUR_HOOK", page="https://page.example/")


def test_a_failed_run_is_told_of_with_its_cells_and_without_its_texts(monkeypatch, caplog):
    @dg.asset(
        name=CURATED,
        partitions_def=dg.MultiPartitionsDefinition(
            {"model": dg.StaticPartitionsDefinition(["a model"]), "subtask": dg.StaticPartitionsDefinition(["x", "y"])}
        ),
        backfill_policy=dg.BackfillPolicy.single_run(),
    )
    def fails() -> None:
        raise dg.Failure(SECRET)

    tags = {"dagster/asset_partition_range_start": "a model|x", "dagster/asset_partition_range_end": "a model|y"}
    with serving(failing(500), taken) as endpoint, dg.DagsterInstance.ephemeral() as instance:
        settings = hooked(endpoint, monkeypatch)
        result = dg.materialize([fails], instance=instance, tags=tags, raise_on_error=False)
        run = instance.get_run_by_id(result.run_id)
        event = instance.get_records_for_run(result.run_id, of_type=dg.DagsterEventType.RUN_FAILURE).records[0]
        context = dg.build_run_status_sensor_context(
            "run_failed", event.event_log_entry.dagster_event, instance, run
        ).for_run_failure()
        run_failed(settings)(context)
    (_, message) = endpoint.requests
    assert message == {
        "event": "run_failed",
        "text": message["text"],
        "job": run.job_name,
        "run_id": run.run_id,
        "split": "text",
        "arm": "curated",
        "model": "a model",
        "failed_steps": [CURATED],
        "link": f"https://page.example/runs/{run.run_id}",
    }
    assert "a model, curated arm" in message["text"]
    told = json.dumps(endpoint.requests) + caplog.text
    assert "10000032" not in told and "t0ken" not in caplog.text


def watched(graph: Graph, cursor: str | None) -> dg.SensorExecutionData:
    definitions = graph.location.definitions
    context = dg.build_sensor_context(instance=graph.instance, definitions=definitions, cursor=cursor)
    return definitions.resolve_sensor_def("coverage_low").evaluate_tick(context)


def test_low_coverage_is_told_of_once_and_again_when_it_changes(finished: Graph, monkeypatch):
    with serving(taken) as endpoint:
        monkeypatch.setenv("OUR_HOOK", endpoint.url)
        monkeypatch.setenv("CLINSEEK_WEB_PAGE", "http://127.0.0.1:3000")
        name_alerts(finished, "{webhook_env: OUR_HOOK, least_coverage: 0.9}")
        quiet = watched(finished, None)
        assert "newly" in quiet.skip_message and endpoint.requests == []
        fail_answers(finished, 2)
        first = watched(finished, quiet.cursor)
        (message,) = endpoint.requests
        assert "posted (HTTP 200" in first.skip_message
        again = watched(finished, first.cursor)
        assert len(endpoint.requests) == 1 and "newly" in again.skip_message
        fail_answers(finished, 3)
        watched(finished, again.cursor)
        assert [each["missing"]["endpoint_failed"] for each in endpoint.requests] == [2, 3]
    counts = outcomes_in(finished.location.home, ARMS_OF["text"]["curated"], "evidence_counts")
    assert message["questions"] == counts.total() - 1  # with one failure less
    assert message["coverage"] == round(1 - 2 / message["questions"], 4)
    assert (message["event"], message["split"], message["arm"], message["model"]) == (
        "low_coverage",
        "text",
        "curated",
        "evidence_counts",
    )
    assert message["link"] == f"http://127.0.0.1:3000/assets/{CURATED}"
    assert set(message) == {"event", "text", "split", "arm", "model", "questions", "missing", "coverage", "link"}


def test_answers_that_are_still_coming_in_are_waited_for(finished: Graph):
    fail_answers(finished, 2)
    run = finished.instance.create_run_for_job(
        finished.location.definitions.resolve_job_def("evaluate_text_curated"), status=dg.DagsterRunStatus.STARTED
    )
    busy = watched(finished, None)
    assert "newly" in busy.skip_message
    finished.instance.report_run_failed(run)
    assert "evidence_counts has answers to" in watched(finished, busy.cursor).skip_message


def test_a_webhook_that_is_not_set_fails_no_tick(finished: Graph, monkeypatch):
    monkeypatch.delenv("OUR_HOOK", raising=False)
    name_alerts(finished, "{webhook_env: OUR_HOOK}")
    fail_answers(finished, 2)
    assert "not posted: the webhook's variable" in watched(finished, None).skip_message


def name_alerts(graph: Graph, alerts: str) -> None:
    """Give the home a registry of its own that says who is told."""
    own = graph.settings.home / "models.yaml"
    own.write_text(graph.settings.models_file.read_text() + f"operate: {{alerts: {alerts}}}\n")
    graph.settings = graph.settings.model_copy(update={"models_file": own})


def fail_answers(graph: Graph, count: int) -> None:
    """Let so many answers of one cell have failed, as its receipt has it."""
    home, key = graph.location.home, grid_key("evidence_counts", FEW[0])
    receipt = home.receipts.read(CURATED, key)
    facts = {name: value for name, value in receipt.facts.items() if not name.startswith("outcome ")}
    value = {"__class__": "IntMetadataEntryData", "value": count}
    home.receipts.write(CURATED, key, replace(receipt, facts={**facts, "outcome endpoint_failed": value}))
