"""What the web page says of being up to date is true: asked through its GraphQL schema, after a real change."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace

import pytest

from clinseek_assets.assets.arms import ARMS_OF
from clinseek_assets.assets.observed import observe
from clinseek_assets.partitions import grid_key
from clinseek_assets_tests.automation.page import name_environment, staleness
from clinseek_assets_tests.conftest import FEW, Graph

CELLS = [grid_key(model, subtask) for model in ("evidence_counts", "floor/always_no") for subtask in FEW[:2]]
FRESH = ("FRESH", set())
EVERYTHING = {
    "text_manifest": (),
    "mimic_iv/hosp/labevents": (),
    "text_patient_databases": (),
    "leak_audit": (),
    "text_contexts": FEW[:2],
    "text_curated_predictions": CELLS,
    "text_seeking_predictions": CELLS,
    "text_curated_scores": CELLS,
    "text_model_scores": ("evidence_counts", "floor/always_no"),
    "text_intervals": (),
    "text_leaderboard": (),
    "leaderboard_report": (),
}


@pytest.fixture(autouse=True)
def named(own: Graph, monkeypatch: pytest.MonkeyPatch) -> None:
    """The home and the release as the environment names them."""
    name_environment(monkeypatch, own.settings)


def look(graph: Graph) -> None:
    """Observe every source, as the sensor does."""
    location = graph.location
    for source in location.graph.sources:
        observe(source, source.look(location.home), graph.instance)


def correct_questions(graph: Graph, subtask: str) -> None:
    """Correct the wording of one subtask's questions in the released file."""
    path = graph.settings.text_manifest
    rows = json.loads(path.read_text())
    for row in rows:
        if row["task"] == subtask:
            instruction = row["instruction"] + " Answer with care."
            row["question"] = row["question"].replace(row["instruction"], instruction)
            row["instruction"] = instruction
    path.write_text(json.dumps(rows))


def assert_fresh(found: dict[str, dict[str, tuple[str, set[tuple[str, str]]]]]) -> None:
    """Nothing is called stale or missing."""
    assert {
        (name, key): state for name, states in found.items() for key, state in states.items() if state != FRESH
    } == {}


def test_after_a_run_everything_is_fresh_and_a_moved_or_touched_file_changes_nothing(own: Graph):
    next((own.settings.mimic_roots["hosp"]).glob("labevents.csv*")).touch()
    look(own)
    assert_fresh(staleness(own.instance, EVERYTHING))


def test_a_changed_file_model_or_prompt_is_the_cause_of_what_rests_on_it_and_of_nothing_else(own: Graph, monkeypatch):
    labevents = next((own.settings.mimic_roots["hosp"]).glob("labevents.csv*"))
    labevents.write_bytes(labevents.read_bytes() + gzip.compress(b"\n"))
    models = own.settings.models_file
    models.write_text(
        models.read_text().replace("model_id: always_no,", "model_id: always_no, sampling: {max_tokens: 99},")
    )
    curated = ARMS_OF["text"]["curated"]
    monkeypatch.setitem(ARMS_OF["text"], "curated", replace(curated, code="of another prompt"))
    look(own)
    found = staleness(own.instance, EVERYTHING)
    assert found.pop("mimic_iv/hosp/labevents") == {
        "": ("STALE", {("DATA", "files/mimic_iv/hosp/labevents")}),
    }
    of_prompt, of_model = ("CODE", "text_curated_predictions"), ("DATA", "models")
    counting, floor = CELLS[:2], CELLS[2:]
    assert found.pop("text_curated_predictions") == {
        **dict.fromkeys(counting, ("STALE", {of_prompt})),
        **dict.fromkeys(floor, ("STALE", {of_prompt, of_model})),
    }
    assert found.pop("text_seeking_predictions") == {
        **dict.fromkeys(counting, FRESH),
        **dict.fromkeys(floor, ("STALE", {of_model})),
    }
    assert found.pop("text_leaderboard") == {"": ("STALE", {of_model})}  # the registry says which kind a model is of
    assert_fresh(found)


@pytest.mark.slow
def test_a_changed_manifest_is_seen_and_a_run_makes_everything_fresh_again_also_what_it_left_alone(own: Graph):
    corrected, other = "labevents", FEW[1]
    correct_questions(own, corrected)
    look(own)
    found = staleness(own.instance, EVERYTHING)
    assert found.pop("text_manifest") == {"": ("STALE", {("DATA", "released/text_manifest")})}
    assert_fresh(found)
    home = own.location.home
    before = {name: home.receipts.read("text_curated_predictions", grid_key("evidence_counts", name)) for name in FEW}
    own.bring_up_to_date()
    after = {name: home.receipts.read("text_curated_predictions", grid_key("evidence_counts", name)) for name in FEW}
    assert after[other] == before[other]
    assert after[corrected].inputs != before[corrected].inputs
    look(own)
    assert_fresh(staleness(own.instance, EVERYTHING))
