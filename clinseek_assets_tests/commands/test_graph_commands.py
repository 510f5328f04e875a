"""`clinseek demo`, `evaluate` and `leaderboard` as a user calls them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pandas
import pytest
from click.testing import CliRunner

from clinseek_assets.cli import clinseek
from clinseek_assets.commands.sample import sampled
from clinseek_assets.faults import ResultsFault, SettingsFault
from clinseek_assets_tests.conftest import FEW, Graph

PROGRAM = Path(sys.executable).with_name("clinseek")


def environment(graph: Graph) -> dict[str, str]:
    settings = graph.settings
    return {
        "CLINSEEK_HOME": str(settings.home),
        "CLINSEEK_RELEASE_ROOT": str(settings.release_root),
        "MIMIC_IV_ROOT": str(settings.mimic_roots["hosp"].parent),
        "CLINSEEK_MODELS": str(settings.models_file),
    }


def call(graph: Graph, *arguments: str):
    return CliRunner(env=environment(graph)).invoke(clinseek, list(arguments))


def test_the_leaderboard_as_json_has_the_contract_s_shape(finished: Graph):
    told = json.loads(call(finished, "leaderboard", "--json", "--mode", "compat").stdout)
    assert (told["split"], told["mode"], told["contrasts"]) == ("text", "compat", [])
    assert {row["column"] for row in told["rows"]} == {"risk_prediction", "decision_making", "overall"}
    for row in told["rows"]:
        assert set(row) == {"model", "column", "arm", "f1", "low", "high", "n", "coverage"}
        if row["low"] is None:  # a single patient's spread is unknown
            assert row["high"] is None and row["n"] < 3
        else:
            assert 0 <= row["low"] <= row["f1"] <= row["high"] <= 1
        assert 0 < row["coverage"] < 1
    scores = pandas.read_parquet(finished.settings.layout.model_scores("text", "evidence_counts"))
    expected = scores.loc[scores["mode"] == "compat", "f1"].mean()
    (overall,) = (r for r in told["rows"] if r["model"] == "evidence_counts" and r["column"] == "overall")
    assert overall["f1"] == pytest.approx(expected)


def test_the_leaderboard_for_people_names_every_model(finished: Graph):
    shown = call(finished, "leaderboard").stdout
    assert "evidence_counts" in shown and "floor/always_no" in shown
    assert "seeking" in shown and "curated" in shown and "Δ" in shown


def test_without_scores_there_is_a_reason(tmp_path: Path):
    result = CliRunner(env={"CLINSEEK_HOME": str(tmp_path)}).invoke(clinseek, ["leaderboard"])
    assert isinstance(result.exception, ResultsFault)
    assert "clinseek demo" in str(result.exception)


def test_evaluate_runs_one_subtask_of_one_model_and_nothing_else(finished: Graph):
    predictions = finished.settings.layout.assets / "predictions" / "text" / "curated"
    before = set(predictions.rglob("*.parquet"))
    result = call(finished, "evaluate", "--model", "evidence_counts", "--subtask", "pyxis", "--subtask", "emar")
    assert result.exit_code == 0, result.output
    made = {path.relative_to(predictions).as_posix() for path in set(predictions.rglob("*.parquet")) - before}
    assert made == {"evidence_counts/pyxis.parquet", "evidence_counts/emar.parquet"}
    assert "0 of" in call(finished, "evaluate", "--model", "evidence_counts", "--subtask", "pyxis").stderr


def test_a_dry_run_says_what_would_be_asked_and_asks_nothing(finished: Graph):
    result = call(
        finished,
        "evaluate",
        "--model",
        "evidence_counts",
        "--subtask",
        "pyxis",
        "--subtask",
        FEW[0],
        "--dry-run",
        "--json",
    )
    told = json.loads(result.stdout)
    assert told["partitions"] == 1  # the other one is there already
    assert told["questions"] == 1
    assert not finished.settings.layout.predictions("text", "curated", "evidence_counts", "pyxis").exists()


def test_a_limited_run_finishes_no_partition(finished: Graph):
    result = call(finished, "evaluate", "--model", "evidence_counts", "--subtask", "pyxis", "--limit", "5")
    assert result.stdout.strip() == "finished: 1"
    assert not finished.settings.layout.predictions("text", "curated", "evidence_counts", "pyxis").exists()


def test_samples_are_nested_and_spread_over_the_subtasks(finished: Graph):
    questions = finished.location.home.questions()
    subtasks = len({question.task for question in questions})
    samples = [sampled(questions, limit) for limit in (3, 10, subtasks)]
    assert [question.qid for question in samples[1]][:3] == [question.qid for question in samples[0]]
    assert len({question.task for question in samples[2]}) == subtasks
    assert sampled(list(reversed(questions)), 10) == samples[1]


@pytest.mark.parametrize(
    ("arguments", "fault", "told"),
    [
        (["evaluate", "--model", "no-such-model"], SettingsFault, "no model"),
        (["evaluate", "--model", "switched_off"], SettingsFault, "enabled: true"),
    ],
)
def test_models_that_cannot_run_are_refused_with_the_mend(finished: Graph, arguments, fault, told):
    result = call(finished, *arguments)
    assert isinstance(result.exception, fault)
    assert told in str(result.exception)


@pytest.mark.parametrize(
    "arguments",
    [
        ["evaluate"],
        ["evaluate", "--model", "evidence_counts", "--runs", "2"],
        ["evaluate", "--model", "evidence_counts", "--subtask", "no_such_subtask"],
        ["leaderboard", "--mode", "lenient"],
        ["demo", "--profile", "huge"],
        ["ui", "--port", "0"],
    ],
)
def test_wrong_usage_is_told_apart(finished: Graph, arguments):
    assert call(finished, *arguments).exit_code == 2


@pytest.mark.slow
def test_the_demo_makes_everything_and_then_has_nothing_to_do(tmp_path: Path):
    env = {**os.environ, "CLINSEEK_HOME": str(tmp_path / "home")}
    for name in ("CLINSEEK_RELEASE_ROOT", "MIMIC_IV_ROOT", "PHYSIONET_ROOT"):
        env.pop(name, None)
    first = subprocess.run([PROGRAM, "demo"], env=env, capture_output=True, text=True, check=False)
    assert first.returncode == 0, first.stderr
    assert "61 of 61 assets had work to do" in first.stdout
    assert "evidence_counts" in first.stdout
    second = subprocess.run([PROGRAM, "demo"], env=env, capture_output=True, text=True, check=False)
    assert second.returncode == 0, second.stderr
    assert "0 of 61 assets had work to do" in second.stdout
    board = pandas.read_parquet(tmp_path / "home" / "assets" / "marts" / "text_leaderboard.parquet")
    evidence, floor = board[board["kind"] == "evidence"], board[board["kind"] == "floor"]
    assert sorted(evidence.loc[evidence["mode"] == "strict", "curated_rank"]) == [1, 2]
    assert floor["curated_rank"].isna().all()
    assert (board["curated_coverage"] == 1).all()
