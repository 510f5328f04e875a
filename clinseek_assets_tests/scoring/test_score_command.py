"""`clinseek score` as a user runs it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pandas
import pytest
from click.testing import CliRunner

from clinseek_assets.cli import clinseek
from clinseek_assets.faults import Fault, ResultsFault
from clinseek_assets_tests.scoring.exchanges import answering, call, failed, manifest_row, write_lines

MANIFEST = [
    manifest_row("r1", "yes", "Inpatient_Mortality"),
    manifest_row("r2", "no", "Inpatient_Mortality", hadm_id=None, subject_id=10000048),
    manifest_row("d1", ["Glucose", "Sodium"]),
]


@pytest.fixture
def score(tmp_path: Path):
    manifest = write_lines(tmp_path / "manifest.jsonl", MANIFEST)

    def run(*results: Path, mode: str = "strict", **further) -> dict:
        out = tmp_path / "out"
        arguments = ["score", *map(str, results), "--manifest", str(manifest), "--mode", mode, "--out", str(out)]
        ran = CliRunner().invoke(clinseek, [*arguments, *further.get("options", [])])
        if isinstance(ran.exception, Fault):
            raise ran.exception
        assert ran.exit_code == 0, ran.output
        return json.loads((out / "summary.json").read_text())

    return run


def test_the_three_files(score, tmp_path: Path) -> None:
    results = write_lines(tmp_path / "results.jsonl", [answering("r1", "yes"), answering("d1", "Glucose")])
    made = score(results)
    assert set(made) >= {"overall", "per_task", "per_task_type"}
    for group in (made["overall"], *made["per_task"].values(), *made["per_task_type"].values()):
        assert set(group) >= {"total", "completed", "runs", "precision", "recall", "f1"}
    lines = [json.loads(line) for line in (tmp_path / "out" / "per_question.jsonl").read_text().splitlines()]
    assert [(line["qid"], line["completed"], line["num_runs"], line["avg_f1"]) for line in lines] == [
        ("r1", True, 1, 1.0),
        ("r2", False, 0, None),
        ("d1", True, 1, 2 / 3),
    ]
    text = (tmp_path / "out" / "summary.txt").read_text()
    assert "66.7" in text
    assert (tmp_path / "out" / "summary.json").stat().st_mode & 0o077 == 0


def test_json_on_the_terminal_is_the_summary(tmp_path: Path) -> None:
    manifest = write_lines(tmp_path / "manifest.jsonl", MANIFEST)
    results = write_lines(tmp_path / "results.jsonl", [answering("r1", "yes")])
    command = ["score", results, "--manifest", manifest, "--mode", "compat", "--out", tmp_path / "out", "--json"]
    ran = subprocess.run(
        [Path(sys.executable).with_name("clinseek"), *command], capture_output=True, text=True, check=True
    )
    assert json.loads(ran.stdout) == json.loads((tmp_path / "out" / "summary.json").read_text())


@pytest.mark.parametrize("mode", ["strict", "compat"])
def test_zero_overlap_is_an_error_not_a_zero(score, tmp_path: Path, mode: str) -> None:
    results = write_lines(tmp_path / "results.jsonl", [answering("elsewhere", "yes")])
    with pytest.raises(ResultsFault, match="None of the 1 rows"):
        score(results, mode=mode)
    assert not (tmp_path / "out").exists()


def test_rows_without_qid_are_found_by_task_patient_and_admission(score, tmp_path: Path) -> None:
    rows = [
        {**answering("", "yes"), "qid": None, "query_id": "r1"},
        {**answering("", "no"), "qid": None, "task": "Inpatient_Mortality", "subject_id": "10000048"},
        {**answering("", "Glucose"), "qid": None, "task": "labevents", "subject_id": 10000032, "hadm_id": 20000019},
    ]
    assert score(write_lines(tmp_path / "results.jsonl", rows))["overall"]["completed"] == 3


def test_several_models_in_one_file(score, tmp_path: Path) -> None:
    rows = [
        answering("r1", "yes", model="good"),
        answering("r1", "no", model="bad"),
        answering("r2", "no", model="good"),
    ]
    made = score(write_lines(tmp_path / "results.jsonl", rows))
    assert made["by_model"]["good"]["overall"]["f1"] == 1
    assert made["by_model"]["bad"]["overall"]["f1"] == 0
    assert made["overall"]["runs"] == 3


def test_several_files_are_models_named_by_their_place(score, tmp_path: Path) -> None:
    for model, answer in (("first", "yes"), ("second", "no")):
        (tmp_path / "runs" / model).mkdir(parents=True)
        write_lines(tmp_path / "runs" / model / "results.jsonl", [answering("r1", answer)])
    made = score(tmp_path / "runs")
    assert {model: figures["overall"]["f1"] for model, figures in made["by_model"].items()} == {"first": 1, "second": 0}


def test_our_own_predictions_are_taken(score, tmp_path: Path) -> None:
    path = tmp_path / "labevents.parquet"
    pandas.DataFrame(
        {
            "qid": ["d1", "r1", "r2"],
            "model": "baseline",
            "arm": "curated",
            "run_index": 1,
            "outcome": ["finished", "endpoint_failed", "truncated"],
            "answer": [["glucose"], [], []],
        }
    ).to_parquet(path)
    overall = score(path)["overall"]
    assert (overall["completed"], overall["f1"]) == (2, (2 / 3 + 0) / 2)


PREDICTIONS = pandas.DataFrame(
    {"qid": ["d1"], "model": "m", "arm": "curated", "run_index": 1, "outcome": "finished", "answer": [["SECRET"]]}
)


@pytest.mark.parametrize(
    ("damaged", "expected"),
    [
        (PREDICTIONS.drop(columns="answer"), "lacks answer (list of texts)"),
        (PREDICTIONS.assign(answer="SECRET"), "lacks answer (list of texts)"),
        (PREDICTIONS.assign(answer=[[5]]), "lacks answer (list of texts)"),
        (PREDICTIONS.assign(qid=5, run_index=0.5), "lacks qid (text), run_index (whole number)"),
        (PREDICTIONS.assign(outcome="SECRET"), "an `outcome` that is none of ours: 1 (first: row 1)"),
        (PREDICTIONS.iloc[:0].astype({"answer": object}), "lacks answer"),
    ],
)
def test_predictions_of_another_shape_are_refused(
    score, tmp_path: Path, damaged: pandas.DataFrame, expected: str
) -> None:
    damaged.to_parquet(tmp_path / "labevents.parquet")
    with pytest.raises(ResultsFault) as caught:
        score(tmp_path / "labevents.parquet")
    assert expected in str(caught.value)
    assert "SECRET" not in str(caught.value)


def test_predictions_without_any_answer_are_taken(score, tmp_path: Path) -> None:
    PREDICTIONS.assign(answer=[[]], outcome="refused").to_parquet(tmp_path / "labevents.parquet")
    assert score(tmp_path / "labevents.parquet")["overall"]["f1"] == 0


def test_predictions_that_were_cut_are_refused(score, tmp_path: Path) -> None:
    path = tmp_path / "labevents.parquet"
    PREDICTIONS.to_parquet(path)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(ResultsFault, match="not a Parquet file that can be read"):
        score(path)


def test_every_broken_line_is_named_and_no_value_shown(score, tmp_path: Path) -> None:
    good = json.dumps(answering("r1", "SECRET"))
    lines = [
        good,
        good[:50],
        "[1, 2]",
        '{"messages": []}',
        '{"qid": {"SECRET": 1}}',
        '{"qid": "r1", "messages": "SECRET"}',
    ]
    path = tmp_path / "results.jsonl"
    path.write_text("\n".join([*lines, good[:-9]]))
    with pytest.raises(ResultsFault) as caught:
        score(path)
    message = str(caught.value)
    assert "not JSON: 2 (first: line 2, line 7 (the last line, cut))" in message
    assert "a row that is not an object: 1 (first: line 3)" in message
    assert "no `qid`: 1 (first: line 4)" in message
    assert "`qid` is neither a text nor a number: 1 (first: line 5)" in message
    assert "`messages` is neither a list nor null: 1 (first: line 6)" in message
    assert "SECRET" not in message


def test_what_only_pythons_parser_takes_is_taken(score, tmp_path: Path) -> None:
    row = answering("r1", "yes")
    row["messages"][0]["content"] = "\ud800"
    path = tmp_path / "results.jsonl"
    path.write_text(json.dumps({**row, "cost": float("nan")}) + "\r\n\n")
    assert score(path)["overall"]["f1"] == 1


def test_what_only_pythons_writer_takes_is_written(score, tmp_path: Path) -> None:
    row = {**answering("r1", "yes", "\ud800"), "run_index": 10**30, "model": "half \ud83d", "task": "\ud800"}
    made = score(write_lines(tmp_path / "results.jsonl", [row, answering("r2", "no", model="whole")]), mode="compat")
    assert made["overall"]["f1"] == (2 / 3 + 1) / 2
    first = json.loads((tmp_path / "out" / "per_question.jsonl").read_text().splitlines()[0])
    assert (first["model"], first["runs"][0]["prediction"]) == ("half ?", ["yes", "\ud800"])
    assert "half ?" in (tmp_path / "out" / "summary.txt").read_text()


@pytest.mark.parametrize("content", [b"", b"\n\n", b"[]", b"\xef\xbb\xbf"])
def test_an_empty_file_is_an_error(score, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "results.jsonl"
    path.write_bytes(content)
    with pytest.raises(ResultsFault, match="holds no rows"):
        score(path)


def test_a_json_list_of_results_is_taken(score, tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    path.write_text(json.dumps([answering("r1", "yes"), failed("r2")]))
    assert score(path)["overall"]["coverage"] == 1 / 3


def test_the_published_text_option(score, tmp_path: Path) -> None:
    row = {"qid": "d1", "messages": [{"role": "assistant", "content": '["Glucose", "Sodium"]', "tool_calls": []}]}
    results = write_lines(tmp_path / "results.jsonl", [row])
    option = "--extract-text-answer-without-finish"
    assert score(results, mode="compat")["overall"]["f1"] == 0
    assert score(results, mode="compat", options=[option])["overall"]["f1"] == 1
    with pytest.raises(AssertionError, match="belongs to --mode compat"):
        score(results, mode="strict", options=[option])


def test_odd_messages_are_no_crash(score, tmp_path: Path) -> None:
    rows = [
        {"qid": "r1", "messages": None},
        {"qid": "r1"},
        {"qid": "r1", "messages": [{"tool_calls": [call(None, None)]}, 5]},
        {"qid": "unknown", "messages": []},
    ]
    made = score(write_lines(tmp_path / "results.jsonl", rows), mode="compat")
    assert (made["overall"]["runs"], made["overall"]["f1"]) == (3, 0)
    assert made["rows"] == {"scored": 3, "unknown_qid": 1, "repeated": 2, "without_messages": 2 + 1}


def test_a_bad_manifest_ends_with_its_reason_and_exit_code_1(tmp_path: Path) -> None:
    manifest = write_lines(
        tmp_path / "manifest.jsonl", [*MANIFEST, manifest_row("r1", "SECRET", "Inpatient_Mortality")]
    )
    results = write_lines(tmp_path / "results.jsonl", [answering("r1", "yes")])
    command = [Path(sys.executable).with_name("clinseek"), "score", results, "--manifest", manifest, "--out", tmp_path]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 1
    assert ran.stderr.startswith("clinseek: ")
    assert "line 4" in ran.stderr
    assert "Traceback" not in ran.stderr
    assert "SECRET" not in ran.stderr
