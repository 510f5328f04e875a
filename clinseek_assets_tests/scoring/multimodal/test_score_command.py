"""`clinseek score` over the published multimodal results, as a user runs it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from clinseek_assets.cli import clinseek
from clinseek_assets.faults import Fault, ManifestFault
from clinseek_assets_tests.models.loopback import chat, serving
from clinseek_assets_tests.scoring.exchanges import answering, failed
from clinseek_assets_tests.scoring.multimodal.cases import released_row, write_lines

PRESENCE, CHANGE = "ehrxqa_test_1", "ehrxqa_test_2"
DEATH, RADIOLOGY = "medmod_decompensation_test_39990001_25.0", "medmod_radiology_test_59990001"
MANIFEST = [
    released_row(PRESENCE, [{"name": "1", "value": 1}]),
    released_row(CHANGE, [{"name": "edema"}], asks="What has changed in study 59990002 compared to study 59990001?"),
    released_row(DEATH, [{"name": "no"}], "medmod_decompensation"),
    released_row(RADIOLOGY, [{"name": "Cardiomegaly"}, {"name": "Support Devices"}], "medmod_radiology"),
]
AGENT = {"run_index": 1, "session_id": "s", "status": "success", "stop_reason": "finish_tool_call"}
RESULTS = [
    # Rows of the published agent: no `label`, the manifest's own keys beside the exchange.
    answering(PRESENCE, "Yes", **AGENT, ground_truth=[{"name": "1"}], task="ehrxqa_image"),
    answering(CHANGE, "oedema", **AGENT, task="ehrxqa_image"),
    answering(RADIOLOGY, {"name": "cardiomegaly"}, "Edema", **AGENT, task="medmod_radiology"),
]


@pytest.fixture
def score(tmp_path: Path):
    manifest = write_lines(tmp_path / "ClinSeek-Bench_multimodal.jsonl", MANIFEST)

    def run(rows: list[Any], mode: str, registry: str = "models: []\n") -> dict[str, Any]:
        (tmp_path / "models.yaml").write_text(registry)
        results = write_lines(tmp_path / "results.jsonl", rows)
        arguments = ["score", str(results), "--manifest", str(manifest), "--mode", mode, "--out", str(tmp_path / "out")]
        named = {"CLINSEEK_HOME": str(tmp_path / "home"), "CLINSEEK_MODELS": str(tmp_path / "models.yaml")}
        ran = CliRunner(env=named).invoke(clinseek, arguments)
        if isinstance(ran.exception, Fault):
            raise ran.exception
        assert ran.exit_code == 0, ran.output
        return {**json.loads((tmp_path / "out" / "summary.json").read_text()), "told": ran.stderr}

    return run


def lines(folder: Path) -> dict[str, dict[str, Any]]:
    rows = (json.loads(line) for line in (folder / "out" / "per_question.jsonl").read_text().splitlines())
    return {row["qid"]: row for row in rows}


def test_strict_needs_no_judge_and_counts_what_is_missing(score, tmp_path: Path) -> None:
    made = score(RESULTS, "strict")
    overall = made["overall"]
    assert (overall["total"], overall["completed"], overall["runs"]) == (4, 3, 3)
    assert overall["f1"] == pytest.approx((1 + 0 + 1 / 2) / 3)
    assert overall["coverage"] == 3 / 4
    assert (overall["f1_if_missing_0"], overall["f1_if_missing_1"]) == (1.5 / 4, 2.5 / 4)
    assert set(made["per_task"]) == {"finding_presence", "change_comparison", "mortality_24h", "finding_enumeration"}
    assert set(made["per_task_type"]) == {"ehrxqa_image", "medmod_decompensation", "medmod_radiology"}
    assert made["per_task"]["mortality_24h"]["completed"] == 0
    found = lines(tmp_path)
    assert found[DEATH]["num_runs"] == 0
    assert found[RADIOLOGY]["runs"][0]["prediction"] == ["cardiomegaly", "Edema"]


def test_compat_says_what_only_a_judge_could_decide(score, tmp_path: Path) -> None:
    made = score(RESULTS, "compat")
    overall = made["overall"]
    assert overall["decided_by"] == {"set": 1, "rule": 1, "nobody": 1}
    assert (overall["completed"], overall["f1"], overall["f1_raw"]) == (2, 3 / 4, 1 / 2)
    assert "Judge: none in models.yaml" in made["told"] and "Mapping of names: off" in made["told"]
    run = lines(tmp_path)[RADIOLOGY]["runs"][0]
    assert (run["decided_by"], run["f1"], run["f1_raw"]) == ("set", 1 / 2, 1 / 2)
    assert lines(tmp_path)[CHANGE]["runs"][0]["decided_by"] == "nobody"


ATTESTED = "{location: local, retention: none, training: false, human_review: false, date: 2026-01-01}"
JUDGE = "models: []\nendpoints: [{name: j, kind: judge, url: '%s', model_id: m, attestation: %s}]\n"


def test_the_configured_judge_decides_the_rest_once(score) -> None:
    with serving(chat('{"match": true, "reason": "spelling"}')) as server:
        registry = JUDGE % (server.url, ATTESTED)
        made = score(RESULTS, "compat", registry)
        assert made["overall"]["decided_by"] == {"set": 1, "rule": 1, "judge": 1}
        assert made["overall"]["f1"] == pytest.approx((1 + 1 + 1 / 2) / 3)
        assert score(RESULTS, "compat", registry)["overall"]["f1"] == made["overall"]["f1"]
        assert len(server.requests) == 1


def test_an_unattested_judge_is_refused_before_the_first_byte(score, tmp_path: Path) -> None:
    with serving(chat('{"match": true}')) as server:
        with pytest.raises(Fault, match="no attestation"):
            score(RESULTS, "compat", f"models: []\nendpoints: [{{name: j, kind: judge, url: '{server.url}'}}]\n")
        assert not server.requests
        assert not (tmp_path / "out").exists()


def test_incomplete_rows_are_wrong_in_both_and_failed_calls_missing_in_strict(score) -> None:
    incomplete = {"qid": DEATH, "run_index": 1, "messages": [{"role": "user", "content": "?"}], "status": "incomplete"}
    rows = [incomplete, failed(PRESENCE), answering(CHANGE, "edema")]
    strict, compat = score(rows, "strict")["overall"], score(rows, "compat")["overall"]
    assert (strict["completed"], strict["f1"]) == (2, 1 / 2)
    assert (compat["completed"], compat["f1"]) == (3, 1 / 3)


def test_a_finish_call_of_another_name_counts_in_strict_only(score) -> None:
    rows = [
        {
            "qid": CHANGE,
            "messages": [
                {
                    "role": "assistant",
                    "tool_calls": [{"function": {"name": "ehr_finish", "arguments": '{"response": ["edema"]}'}}],
                }
            ],
        }
    ]
    assert score(rows, "strict")["overall"]["f1"] == 1
    assert score(rows, "compat")["overall"]["f1"] == 0


def test_compat_takes_the_mean_over_rows_strict_over_questions(score) -> None:
    rows = [answering(PRESENCE, "yes"), *({**answering(DEATH, "yes"), "run_index": run} for run in (1, 2, 3))]
    assert score(rows, "strict")["overall"]["f1"] == 1 / 2
    assert score(rows, "compat")["overall"]["f1"] == 1 / 4


def test_a_faulty_manifest_is_told_by_the_reader_of_its_split(score, tmp_path: Path) -> None:
    write_lines(tmp_path / "ClinSeek-Bench_multimodal.jsonl", [{**MANIFEST[0], "ground_truth": []}])
    with pytest.raises(ManifestFault, match="empty gold"):
        score(RESULTS, "strict")
