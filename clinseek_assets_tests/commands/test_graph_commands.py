"""`clinseek demo`, `evaluate` and `leaderboard` as a user calls them."""

from __future__ import annotations

import json
import os
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pandas
import pytest
from click.testing import CliRunner

from clinseek_assets.benchmark.questions import Question
from clinseek_assets.cli import clinseek
from clinseek_assets.commands.sample import sampled
from clinseek_assets.faults import ManifestFault, ResultsFault, SettingsFault
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
    assert (told["split"], told["mode"]) == ("text", "compat")
    assert {row["column"] for row in told["rows"]} == {"risk_prediction", "decision_making", "overall"}
    for row in told["rows"]:
        assert set(row) == {"model", "column", "arm", "f1", "low", "high", "n", "coverage"}
        if row["low"] is None:  # a single patient's spread is unknown
            assert row["high"] is None and row["n"] < 3
        else:
            assert 0 <= row["low"] <= row["f1"] <= row["high"] <= 1
        assert 0 < row["coverage"] < 1
    scores = pandas.read_parquet(finished.settings.layout.model_scores("text", "evidence_counts"))
    for arm, of_arm in scores[scores["mode"] == "compat"].groupby("arm"):
        of_model = [row for row in told["rows"] if (row["model"], row["arm"]) == ("evidence_counts", arm)]
        (overall,) = (row for row in of_model if row["column"] == "overall")
        assert overall["f1"] == pytest.approx(of_arm["f1"].mean())


def test_the_contrasts_as_json_have_the_contract_s_shape(finished: Graph):
    told = json.loads(call(finished, "leaderboard", "--json").stdout)["contrasts"]
    scores = pandas.read_parquet(finished.settings.layout.model_scores("text", "evidence_counts"))
    f1 = scores[scores["mode"] == "strict"].pivot_table(index="qid", columns="arm", values="f1")
    for row in told:
        assert set(row) == {"model", "column", "contrast", "delta", "low", "high", "p", "n"}
        assert row["low"] is None or -1 <= row["low"] <= row["delta"] <= row["high"] <= 1
        assert 0 <= row["p"] <= 1
        if (row["model"], row["column"]) == ("evidence_counts", "overall"):
            first, second = row["contrast"].split("-")
            assert row["delta"] == pytest.approx((f1[first] - f1[second]).mean())
            assert row["n"] == (f1[first] - f1[second]).count()
    shown = {(row["column"], row["contrast"]) for row in told if row["model"] == "evidence_counts"}
    assert {column for column, _ in shown} == {"risk_prediction", "decision_making", "overall"}
    assert len(shown) == 3 * 4


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
    chosen = ("--model", "evidence_counts", "--arm", "curated")
    result = call(finished, "evaluate", *chosen, "--subtask", "pyxis", "--subtask", "emar")
    assert result.exit_code == 0, result.output
    made = {path.relative_to(predictions).as_posix() for path in set(predictions.rglob("*.parquet")) - before}
    assert made == {"evidence_counts/pyxis.parquet", "evidence_counts/emar.parquet"}
    assert "0 of" in call(finished, "evaluate", *chosen, "--subtask", "pyxis").stderr


def test_a_dry_run_says_what_would_be_asked_and_asks_nothing(finished: Graph):
    leaderboard = finished.settings.layout.mart("text_leaderboard")
    made = leaderboard.stat().st_mtime_ns
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
    assert [arm["arm"] for arm in told["arms"]] == ["curated", "curated_strict", "seeking", "seeking_compat"]
    for arm in told["arms"]:
        assert (arm["partitions"], arm["questions"]) == (1, 1)  # the other partition is there already
    assert told["campaign"] == {"dollars": None, "tokens": None, "spent dollars": 0, "spent tokens": 0}
    assert not finished.settings.layout.predictions("text", "curated", "evidence_counts", "pyxis").exists()
    assert leaderboard.stat().st_mtime_ns == made  # what follows from answers is not a dry run's to make


def test_a_limited_run_finishes_no_partition(finished: Graph):
    chosen = ("--model", "evidence_counts", "--arm", "seeking", "--subtask", "pyxis")
    result = call(finished, "evaluate", *chosen, "--limit", "5")
    assert result.stdout.strip() == "seeking: finished: 1"
    assert not finished.settings.layout.predictions("text", "seeking", "evidence_counts", "pyxis").exists()
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
        ["evaluate", "--model", "evidence_counts", "--runs", "0"],
        ["evaluate", "--model", "evidence_counts", "--arm", "guessing"],
        ["show"],
        ["why-miss", "q1"],
        ["evaluate", "--model", "evidence_counts", "--subtask", "no_such_subtask"],
        ["leaderboard", "--mode", "lenient"],
        ["demo", "--profile", "huge"],
        ["ui", "--port", "0"],
    ],
)
def test_wrong_usage_is_told_apart(finished: Graph, arguments):
    assert call(finished, *arguments).exit_code == 2


def one_that_was_asked(graph: Graph) -> Question:
    return next(question for question in graph.location.home.questions() if question.task in FEW)


@pytest.mark.slow
def test_a_second_run_of_a_question_adds_to_the_first(finished: Graph):
    subtask = one_that_was_asked(finished).task
    chosen = ("--model", "evidence_counts", "--arm", "seeking", "--subtask", subtask)
    path = finished.settings.layout.predictions("text", "seeking", "evidence_counts", subtask)
    assert list(pandas.read_parquet(path)["run_index"]) == [1]
    assert call(finished, "evaluate", *chosen, "--runs", "2").exit_code == 0
    assert list(pandas.read_parquet(path)["run_index"]) == [1, 2]
    assert "0 of" in call(finished, "evaluate", *chosen).stderr  # what was asked for once stays asked for


def test_show_tells_a_question_s_exchange_in_every_arm(finished: Graph):
    question = one_that_was_asked(finished)
    shown = call(finished, "show", question.qid, "--model", "evidence_counts")
    assert shown.exit_code == 0, shown.output
    for said in ("ehr.load_ehr", "ehr.finish", "gold", "F1, strict", *question.gold):
        assert said in shown.stdout
    assert isinstance(call(finished, "show", "no-such-question").exception, ManifestFault)
    nobody = call(finished, "show", question.qid, "--run", "7").exception
    assert isinstance(nobody, ResultsFault) and "clinseek evaluate" in str(nobody)


def test_why_miss_names_the_part_that_changed(finished: Graph):
    question = one_that_was_asked(finished)
    chosen = ("why-miss", question.qid, "--model", "evidence_counts", "--arm", "seeking", "--json")
    (verdict,) = json.loads(call(finished, *chosen).stdout)["arms"]
    assert (verdict["verdict"], verdict["changed"]) == ("stands", [])
    database = finished.settings.layout.patient_databases("text") / f"patient_{question.subject_id}.db"
    with closing(sqlite3.connect(database)) as changed:
        changed.execute("PRAGMA user_version = 7")
    (verdict,) = json.loads(call(finished, *chosen).stdout)["arms"]
    assert (verdict["verdict"], verdict["changed"]) == ("changed", ["record"])


@pytest.mark.slow
def test_the_demo_makes_everything_and_then_has_nothing_to_do(tmp_path: Path):
    env = {**os.environ, "CLINSEEK_HOME": str(tmp_path / "home")}
    for name in ("CLINSEEK_RELEASE_ROOT", "MIMIC_IV_ROOT", "PHYSIONET_ROOT"):
        env.pop(name, None)
    first = subprocess.run([PROGRAM, "demo"], env=env, capture_output=True, text=True, check=False)
    assert first.returncode == 0, first.stderr
    assert re.search(r"^(\d+) of \1 assets had work to do", first.stdout, re.MULTILINE)
    assert "evidence_counts" in first.stdout
    second = subprocess.run([PROGRAM, "demo"], env=env, capture_output=True, text=True, check=False)
    assert second.returncode == 0, second.stderr
    assert re.search(r"^0 of \d+ assets had work to do", second.stdout, re.MULTILINE)
    board = pandas.read_parquet(tmp_path / "home" / "assets" / "marts" / "text_leaderboard.parquet")
    evidence, floor = board[board["kind"] == "evidence"], board[board["kind"] == "floor"]
    for policy in ("strict", "published"):
        ranked = evidence[(evidence["mode"] == "strict") & (evidence["policy"] == policy)]
        assert sorted(ranked["curated_rank"]) == sorted(ranked["seeking_rank"]) == [1, 2]
    assert floor["curated_rank"].isna().all()
    assert (board["curated_coverage"] == 1).all()
