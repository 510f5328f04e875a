"""What is seen of changed files and of a changed registry, and what is asked for then."""

from __future__ import annotations

import gzip
from dataclasses import replace

import dagster as dg
import pytest

from clinseek_assets.automation import watching
from clinseek_assets.automation.ranges import START
from clinseek_assets.partitions import grid_key
from clinseek_assets_tests.conftest import FEW, Graph, settings_over
from clinseek_assets_tests.models.loopback import hanging, send_json, serving

NEW = "  - {name: newcomer, dialect: baseline, model_id: always_yes, enabled: true}\n"
WISHED = "operate: {watch: {new_models: true}, reevaluation: {arms: [curated], splits: [text]}}\n"


@pytest.fixture(autouse=True)
def no_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CLINSEEK_WEB_PAGE", raising=False)


def with_own_models(graph: Graph) -> Graph:
    """The same graph, with a registry that may be changed."""
    models = graph.settings.home / "models.yaml"
    models.write_text(graph.settings.models_file.read_text())
    return Graph(graph.settings.model_copy(update={"models_file": models}), graph.instance)


def tick(
    graph: Graph, name: str, definitions: dg.Definitions | None = None, cursor: str | None = None
) -> dg.SensorExecutionData:
    """One tick of a sensor, of a code location that was just loaded or of one that was loaded before."""
    definitions = definitions or graph.location.definitions
    context = dg.build_sensor_context(instance=graph.instance, definitions=definitions, cursor=cursor)
    return definitions.resolve_sensor_def(name).evaluate_tick(context)


def test_a_changed_file_is_recorded_once_and_a_large_one_is_left_to_a_run(own: Graph, monkeypatch):
    assert "labevents" not in tick(own, "sources_watched").skip_message
    assert tick(own, "sources_watched").skip_message == "Nothing changed."
    labevents = next(own.settings.mimic_roots["hosp"].glob("labevents.csv*"))
    labevents.write_bytes(labevents.read_bytes() + gzip.compress(b"\n"))
    assert "files/mimic_iv/hosp/labevents (1)" in tick(own, "sources_watched").skip_message
    monkeypatch.setattr(watching, "READ_IN_A_TICK", 1000)
    labevents.write_bytes(labevents.read_bytes() + gzip.compress(b"\n"))
    (asked,) = tick(own, "sources_watched").run_requests
    assert asked.run_key == tick(own, "sources_watched").run_requests[0].run_key  # the same file is asked for once
    job = own.location.definitions.resolve_job_def("observe_sources")
    assert job.execute_in_process(instance=own.instance).success
    assert tick(own, "sources_watched").skip_message == "Nothing changed."


def test_what_lies_before_the_models_is_asked_for_step_by_step_and_never_a_model(finished: Graph):
    sensor = finished.location.definitions.resolve_sensor_def("upstream_follows")
    assert sensor.default_status is dg.DefaultSensorStatus.STOPPED
    home = finished.location.home
    of_others = tick(finished, "upstream_follows").run_requests
    assert {request.job_name for request in of_others} == {"curate_text"}  # the subtasks that tests leave out
    for name in ("mimic_iv/hosp/labevents", "mimic_iv/icu/inputevents"):
        home.receipts.write(name, None, replace(home.receipts.read(name), inputs="of another file"))
    home.receipts.forget("text_seeking_predictions", grid_key("evidence_counts", FEW[0]))
    (request,) = tick(finished, "upstream_follows").run_requests
    assert request.job_name == "rebuild_text"
    assert {key.path[-1] for key in request.asset_selection} == {"labevents", "inputevents"}  # one run over both
    assert request.run_key == tick(finished, "upstream_follows").run_requests[0].run_key  # a failure is not repeated
    job = finished.location.definitions.resolve_job_def("rebuild_text")
    run = finished.instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED)
    assert "still at work" in tick(finished, "upstream_follows").skip_message
    finished.instance.report_run_failed(run)
    assert job.execute_in_process(instance=finished.instance, asset_selection=request.asset_selection).success
    assert {request.job_name for request in tick(finished, "upstream_follows").run_requests} == {"curate_text"}
    assert not any(job.name.startswith("evaluate") for job in sensor.jobs)


def test_without_a_release_there_is_nothing_to_ask_for(tiny_release, tmp_path, finished: Graph):
    settings = settings_over(tiny_release, tmp_path / "none")
    nothing = Graph(settings.model_copy(update={"release_root": tmp_path / "nowhere"}), finished.instance)
    asked = tick(nothing, "upstream_follows").run_requests
    assert "text_manifest" not in {key.to_user_string() for request in asked for key in request.asset_selection or ()}


def test_a_changed_registry_is_loaded_again_by_the_page_or_said_how(finished: Graph, monkeypatch):
    own = with_own_models(finished)
    loaded = own.location.definitions
    assert "as it was loaded" in tick(own, "registry_watched", loaded).skip_message
    models = own.settings.models_file
    models.write_text(models.read_text() + NEW)
    assert "by a new start" in tick(own, "registry_watched", loaded).skip_message
    with serving(lambda handler, body: send_json(handler, {"data": {}})) as page:
        monkeypatch.setenv("CLINSEEK_WEB_PAGE", f"{page.url}/")
        assert "was asked to load" in tick(own, "registry_watched", loaded).skip_message
        (question,) = page.requests
        assert page.paths == ["/graphql"] and question["variables"] == {"name": "clinseek_assets"}
    assert "did not answer" in tick(own, "registry_watched", loaded).skip_message
    with serving(hanging(2)) as page:  # loading takes longer than a tick waits
        monkeypatch.setenv("CLINSEEK_WEB_PAGE", page.url)
        assert "was asked to load" in tick(own, "registry_watched", loaded).skip_message
    models.write_text(models.read_text() + "operate: {reevaluation: {cron: never}}\n")
    told = tick(own, "registry_watched", loaded).skip_message
    assert "no cron line" in told and "stay as they were loaded" in told


def test_a_new_model_is_run_only_where_that_is_wished_and_once_its_evidence_is_there(finished: Graph):
    own = with_own_models(finished)
    first = tick(own, "registry_watched")
    models = own.settings.models_file
    before = models.read_text()
    models.write_text(before + NEW)
    unasked = tick(own, "registry_watched", cursor=first.cursor)
    assert unasked.run_requests == [] and "newcomer" in unasked.skip_message
    models.write_text(before + NEW + WISHED)
    assert tick(own, "registry_watched", cursor=unasked.cursor).run_requests == []  # it is known by now
    asked = tick(own, "registry_watched", cursor=first.cursor)
    (request,) = asked.run_requests
    assert request.job_name == "evaluate_text_curated"
    assert request.tags[START] == grid_key("newcomer", FEW[0])  # the subtasks whose contexts are there
    assert tick(own, "registry_watched", cursor=asked.cursor).run_requests == []
    home = own.location.home
    priors = home.receipts.read("candidate_priors")
    home.receipts.forget("candidate_priors")
    waiting = tick(own, "registry_watched", cursor=first.cursor)
    assert waiting.run_requests == [] and "wait for candidate_priors" in waiting.skip_message
    home.receipts.write("candidate_priors", None, priors)
    assert len(tick(own, "registry_watched", cursor=waiting.cursor).run_requests) == 1
