"""One run over many cells, as Dagster starts it: models side by side, failures apart, cells of one run at a time, ends
that lose nothing, and what the page is told."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import dagster as dg
import pytest

from clinseek_assets.assets import arms
from clinseek_assets.assets.prediction_run import GIVE_UP_AFTER
from clinseek_assets.assets.run_notes import PROGRESS_TAG
from clinseek_assets.automation.ranges import of_range
from clinseek_assets.automation.stage_work import QUIET, failures, interrupted
from clinseek_assets.build import build
from clinseek_assets.faults import Fault
from clinseek_assets.partitions import cell, grid_key
from clinseek_assets_tests.conftest import FEW, Graph, settings_over
from clinseek_assets_tests.models.loopback import Endpoint, Reply, block, failing, serving

PREDICTIONS = "text_curated_predictions"
CURATED = arms.ARMS_OF["text"]["curated"]
GRID = dg.AssetKey(PREDICTIONS)
ONE_TRY = "patience: {attempts: 1, attempt_seconds: 20, total_seconds: 20}"


@pytest.fixture
def graph(finished: Graph, tiny_release: Path, tmp_path: Path) -> Graph:
    """The finished home with a registry of one's own: see `with_models`."""
    registry = tmp_path / "models.yaml"
    registry.write_text("models: []\n")
    settings = settings_over(tiny_release, finished.settings.home, CLINSEEK_MODELS=str(registry))
    return replace(finished, settings=settings)


def with_models(graph: Graph, **urls: str) -> None:
    """Let the registry have a baseline, and models at these addresses."""
    lines = ["models:", "  - {name: base/yes, dialect: baseline, model_id: always_yes, enabled: true}"]
    lines += [
        f"  - {{name: {name}, dialect: openai_chat, model_id: served-model, base_url: '{url}', enabled: true,"
        f" max_concurrency: 8, prices: {{input: 1, output: 2}}, {ONE_TRY}}}"
        for name, url in urls.items()
    ]
    graph.settings.models_file.write_text("\n".join(lines) + "\n")


def run_over(
    graph: Graph, models: list[str], subtasks: tuple[str, ...] = FEW, **tags: str
) -> dg.ExecuteInProcessResult:
    """One run over the rectangle of these models and subtasks, neighbours in their order."""
    location = build(graph.settings, {"progress": lambda *_: None})
    cells = of_range(grid_key(models[0], subtasks[0]), grid_key(models[-1], subtasks[-1]))
    return location.definitions.resolve_implicit_global_asset_job_def().execute_in_process(
        run_config=QUIET, instance=graph.instance, asset_selection=[GRID], tags=cells, raise_on_error=False
    )


def with_questions(graph: Graph) -> list[str]:
    """Those of the few subtasks that have a question, one each in so small a release; the others need none asked."""
    home = graph.location.home
    return [subtask for subtask in FEW if home.questions(subtask)]


def recorded(graph: Graph, model: str) -> set[str]:
    return {cell(key)[1] for key in graph.instance.get_materialized_partitions(GRID) if cell(key)[0] == model}


@contextmanager
def endpoints(**scripts: Reply) -> Iterator[dict[str, Endpoint]]:
    with ExitStack() as stack:
        yield {name: stack.enter_context(serving(reply)) for name, reply in scripts.items()}


def test_a_range_over_models_asks_them_at_the_same_time_and_tells_of_each(graph: Graph):
    meeting = threading.Barrier(2, timeout=30)

    def meets() -> Reply:
        first = iter([True])

        def reply(handler, body) -> None:
            if next(first, False):
                meeting.wait()  # passed only while the other model is being asked as well
            block("yes")(handler, body)

        return reply

    with endpoints(one=meets(), two=meets()) as servers:
        with_models(graph, **{name: server.url for name, server in servers.items()})
        result = run_over(graph, ["one", "two"])
    assert result.success and not meeting.broken
    assert recorded(graph, "one") == recorded(graph, "two") == set(FEW)

    run = graph.instance.get_run_by_id(result.run_id)
    asked = 2 * len(with_questions(graph))
    assert run is not None and run.tags[PROGRESS_TAG].startswith(f"Ended: 2 models: {asked} of {asked} questions")
    observed = graph.instance.fetch_observations(GRID, limit=1).records[0]  # the latest
    assert observed.asset_observation is not None
    told = observed.asset_observation.metadata
    assert told["questions done"].value == asked
    assert told["calls answered"].value == asked and told["prompt tokens"].value == asked * 11
    assert told["dollars"].value == pytest.approx(asked * (11 + 2 * 7) / 1e6, abs=1e-4)
    by_model = told["models"]
    assert isinstance(by_model, dg.TableMetadataValue)
    assert [row.data["model"] for row in by_model.records] == ["one", "two"]
    event = graph.instance.get_latest_materialization_event(GRID)
    assert event is not None and event.asset_materialization is not None
    assert event.asset_materialization.metadata["this time: calls answered"].value == 1


def test_one_failed_model_fails_no_other_and_a_second_run_does_the_rest(graph: Graph):
    with endpoints(bad=failing(401), good=block("yes")) as servers:
        with_models(graph, **{name: server.url for name, server in servers.items()})
        result = run_over(graph, ["bad", "good"])
        assert not result.success
        (told,) = failures(result)
        hit = len(with_questions(graph))
        assert f"{hit} of {2 * len(FEW)} partitions failed; the others are recorded." in told
        assert "bad|" in told and "good|" not in told
        assert recorded(graph, "good") == set(FEW) and recorded(graph, "bad") == set(FEW) - set(with_questions(graph))
        assert len(servers["bad"].requests) <= 4 * GIVE_UP_AFTER  # refused as such: the rest is not tried
        assert {check.check_name for check in result.get_asset_check_evaluations()} == {"schema", "answered"}
        before = len(servers["good"].requests)
        with_models(graph, bad=servers["good"].url, good=servers["good"].url)  # it was mended
        assert run_over(graph, ["bad", "good"]).success
        assert len(servers["good"].requests) == before + hit
    assert recorded(graph, "bad") == set(FEW)


def test_one_failed_partition_fails_no_other_and_shows_as_failed(graph: Graph, monkeypatch):
    def answer(home, asking):
        if asking.subtask == FEW[2]:
            raise Fault("This subtask cannot be asked.")
        return CURATED.answer(home, asking)

    monkeypatch.setitem(arms.ARMS_OF["text"], "curated", replace(CURATED, answer=answer))
    with_models(graph)
    result = run_over(graph, ["base/yes"])
    assert not result.success
    assert recorded(graph, "base/yes") == set(FEW) - {FEW[2]}
    (told,) = failures(result)
    assert told.endswith(f"base/yes|{FEW[2]}: This subtask cannot be asked.")


ANOTHER = """
import sys
from pathlib import Path
from clinseek_assets_tests.assets.test_prediction_run import run_over
from clinseek_assets_tests.conftest import Graph, open_instance, settings_over
release, home, models = map(Path, sys.argv[1:4])
settings = settings_over(release, home, CLINSEEK_MODELS=str(models))
with open_instance(settings.layout) as instance:
    print(run_over(Graph(settings, instance), sys.argv[4:]).success)
"""


@pytest.mark.slow
def test_two_runs_over_the_same_cells_share_them_and_ask_each_question_once(graph: Graph, tiny_release: Path):
    questions, lanes = len(with_questions(graph)), 4
    number, others_at_work = itertools.count(1), threading.Event()

    def first_ones_wait(handler, body) -> None:
        """All lanes of one run are held up until the other run has come to what is left."""
        asked = next(number)
        if asked == questions:
            others_at_work.set()
        if asked <= lanes:
            others_at_work.wait(60)
            time.sleep(0.5)
        block("yes")(handler, body)

    with endpoints(one=first_ones_wait) as servers:
        with_models(graph, one=servers["one"].url)
        arguments = [str(path) for path in (tiny_release, graph.settings.home, graph.settings.models_file)]
        another = subprocess.Popen(
            [sys.executable, "-Wignore", "-c", ANOTHER, *arguments, "one"], stdout=subprocess.PIPE, text=True
        )
        while len(servers["one"].requests) < lanes and another.poll() is None:
            time.sleep(0.05)
        assert run_over(graph, ["one"]).success
        told, _ = another.communicate(timeout=60)
        assert told.strip() == "True"
        assert len(servers["one"].requests) == questions
        assert servers["one"].busiest <= 8  # the ceiling, over both
    assert recorded(graph, "one") == set(FEW)


def test_an_interrupt_ends_soon_and_keeps_what_is_finished(graph: Graph):
    asked = threading.Event()
    answers = iter(range(1000))

    def three_then_never(handler, body) -> None:
        if next(answers) < 3:
            block("yes")(handler, body)
            return
        asked.set()
        time.sleep(30)

    def interrupt() -> None:
        asked.wait(60)
        time.sleep(0.3)  # the three are recorded by then
        os.kill(os.getpid(), signal.SIGINT)

    with endpoints(one=three_then_never) as servers:
        with_models(graph, one=servers["one"].url)
        thread = threading.Thread(target=interrupt)
        thread.start()
        begun = time.monotonic()
        result = run_over(graph, ["one"])
        thread.join()
        assert interrupted(result), failures(result)
        assert time.monotonic() - begun < 25
        kept = recorded(graph, "one")
        assert len(kept & set(with_questions(graph))) == 3
        run = graph.instance.get_run_by_id(result.run_id)
        assert run is not None and run.tags[PROGRESS_TAG].startswith("Stopped: ")
    with endpoints(one=block("yes")) as servers:
        with_models(graph, one=servers["one"].url)
        again = run_over(graph, ["one"])
        assert again.success
    assert recorded(graph, "one") == set(FEW)
