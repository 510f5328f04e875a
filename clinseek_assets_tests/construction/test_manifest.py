from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from clinseek_assets.benchmark.manifest_file import read_manifest
from clinseek_assets.benchmark.released_counts import expected_counts
from clinseek_assets.benchmark.subtasks import RISK, SUBTASKS
from clinseek_assets.construction.manifest import BuiltManifest, build_manifest, without_contexts, write_manifest
from clinseek_assets.contexts.prompts import timeline_of_question
from clinseek_assets.contexts.rendering import latest_bracketed_time
from clinseek_assets.faults import Fault, SourceFault
from clinseek_assets.timeline import rows as rows_module
from clinseek_assets_tests.construction.a_ward import FIRST, inpatient, ward

SECOND = timedelta(seconds=1)
RELEASED_KEYS = {
    "qid", "subject_id", "hadm_id", "prediction_time", "latest_event_time", "task", "task_type", "question",
    "instruction", "input", "output", "label", "candidates", "source_idx", "source_file", "task_info",
}  # fmt: skip


@pytest.fixture(scope="module")
def hospital(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Path], Path]:
    return ward(tmp_path_factory.mktemp("ward"))


@pytest.fixture(scope="module")
def built(hospital) -> BuiltManifest:
    return build_manifest(*hospital, per_subtask=10, seed=1)


def test_rows_have_the_released_keys_and_whether_they_are_decided(built):
    for row in built.rows:
        assert row.keys() == RELEASED_KEYS | {"decided"}
        assert row["qid"] == f"{row['source_file'].removesuffix('.jsonl')}_{row['source_idx']}"
        assert row["source_file"] == f"ehr_bench_{row['task_type']}.jsonl"
        assert row["task_info"].keys() == {
            "target_key", "event", "metric", "task_type", "task", "target", "label", "source_idx", "source_file",
            "latest_event_time", "prediction_time",
        }  # fmt: skip
        assert isinstance(row["label"], list) is SUBTASKS[row["task"]].answer_is_list
        gold = row["label"] if isinstance(row["label"], list) else [row["label"]]
        assert row["output"] == "\n".join(gold)
        assert set(gold) <= set(row["candidates"])
    assert len({row["qid"] for row in built.rows}) == len(built.rows)


def test_the_moment_is_a_second_after_the_latest_time_in_the_context_which_the_question_holds_too(built):
    for row in built.rows:
        latest = datetime.fromisoformat(row["latest_event_time"])
        assert latest == latest_bracketed_time(row["input"])
        assert datetime.fromisoformat(row["prediction_time"]) == latest + SECOND
        assert timeline_of_question(row["question"]) == row["input"]


def test_contexts_have_11_to_99_events_and_are_of_the_first_day(built):
    for row in built.rows:
        if row["task_type"] == RISK:
            # Orders, administrations, a transfer and the service of hours 1 to 17; the admission stands before.
            assert row["latest_event_time"] == "2150-01-10 17:00:00"
            assert row["input"].count("\n## ") == 1 + 18
        else:
            assert 11 <= row["input"].count("\n## ") <= 1 + 99


def test_what_has_questions_and_why_the_rest_has_none(built):
    report = built.report["subtasks"]
    assert set(report) == set(SUBTASKS)
    with_questions = {name for name, found in report.items() if found["n"]}
    # At hours 12 to 16 the context has enough events for orders, administrations, the service and any next event.
    assert with_questions == {"poe", "emar", "services", "next_event", "LengthOfStay_3day", "Inpatient_Mortality"}
    assert {name for name, found in report.items() if not found["reason"]} == with_questions
    reasons = {name: found["reason"] for name, found in report.items() if found["reason"]}
    assert "edstays" in reasons["ED_Hospitalization"]
    assert "radiology" in reasons["radiology"]
    assert "ATC" in reasons["prescriptions_atc"]
    assert "none has the answer yes" in reasons["LengthOfStay_7day"]
    assert "trigger" in reasons["admissions"]
    # The reference database of the ward is empty: codes have no names there.
    assert "d_labitems" in reasons["labevents"]
    assert "d_items" in reasons["chartevents"]
    assert "d_icd_procedures" in reasons["procedures_icd"]
    assert "CCS" in reasons["diagnoses_ccs"]
    assert "11 to 99" in reasons["transfers"]


def test_risk_questions_are_balanced_and_a_rare_answer_is_marked_small(built):
    report = built.report["subtasks"]
    assert (report["LengthOfStay_3day"]["yes"], report["LengthOfStay_3day"]["no"]) == (5, 5)
    assert not report["LengthOfStay_3day"]["small"]
    # Every fifth of 24 patients dies: numbers 0, 5, 10, 15 and 20.
    assert (report["Inpatient_Mortality"]["pool_yes"], report["Inpatient_Mortality"]["pool_no"]) == (5, 19)
    few = {
        row["subject_id"] - FIRST
        for row in built.rows
        if row["task"] == "Inpatient_Mortality" and row["label"] == "yes"
    }
    assert few <= {0, 5, 10, 15, 20}


def test_a_subtask_is_small_below_five_of_an_answer(hospital):
    report = build_manifest(*hospital, per_subtask=8, seed=1).report["subtasks"]
    assert report["LengthOfStay_3day"]["small"]


def test_no_patient_has_more_than_three_questions_of_a_subtask(built):
    assert max(Counter((row["subject_id"], row["task"]) for row in built.rows).values()) <= 3


def test_large_vocabularies_offer_100_names_and_small_ones_all(built):
    sizes = {row["task"]: len(row["candidates"]) for row in built.rows}
    assert sizes["emar"] == 100
    assert sizes["poe"] == 4
    assert sizes["services"] == 2
    assert built.report["subtasks"]["emar"]["vocabulary"] > 100
    lists = [tuple(row["candidates"]) for row in built.rows if row["task"] == "emar"]
    assert len(set(lists)) == len(lists)
    assert all(row["candidates"] == ["yes", "no"] for row in built.rows if row["task_type"] == RISK)


def test_the_same_seed_gives_the_same_manifest_however_the_patients_are_read(hospital, built, monkeypatch):
    monkeypatch.setattr(rows_module, "ROWS_AT_A_TIME", 50)
    again = build_manifest(*hospital, per_subtask=10, seed=1)
    assert again.rows == built.rows
    assert again.report == built.report
    assert build_manifest(*hospital, per_subtask=10, seed=2).rows != built.rows


def test_the_manifest_does_not_depend_on_pythons_hash_seed(hospital, built, tmp_path):
    tables, reference = hospital
    script = (
        "import json, sys; from pathlib import Path\n"
        "from clinseek_assets.construction.manifest import build_manifest\n"
        "tables = {name: Path(path) for name, path in json.loads(sys.argv[1]).items()}\n"
        "print(json.dumps(build_manifest(tables, Path(sys.argv[2]), per_subtask=10, seed=1).rows))"
    )
    told = json.dumps({name: str(path) for name, path in tables.items()})
    ran = subprocess.run(
        [sys.executable, "-c", script, told, str(reference)],
        env={**os.environ, "PYTHONHASHSEED": "7", "POLARS_MAX_THREADS": "1"}, capture_output=True, check=True,
    )  # fmt: skip
    assert json.loads(ran.stdout) == built.rows


def test_decided_questions_are_left_out_unless_they_are_kept(tmp_path):
    # Discharged at hour 3, while events of the admission go on: alive, and known to be so, at the end of the window.
    hospital = ward(tmp_path, 24, inpatient(99, leaves=3))
    left_out = build_manifest(*hospital, per_subtask=60, seed=1)
    assert not any(row["decided"] for row in left_out.rows)
    assert left_out.report["subtasks"]["Inpatient_Mortality"]["left_out"]["decided"] == 1
    kept = build_manifest(*hospital, per_subtask=60, seed=1, keep_decided=True)
    assert kept.report["subtasks"]["Inpatient_Mortality"]["left_out"]["decided"] == 0
    assert kept.report["subtasks"]["Inpatient_Mortality"]["pool"] == 25
    assert [deviation["name"] for deviation in left_out.report["deviations"]].count("decided") == 1
    assert "decided" not in [deviation["name"] for deviation in kept.report["deviations"]]


@pytest.mark.parametrize("quota", [20, 22, 24])
def test_a_patient_quota_is_met_exactly(hospital, built, quota):
    met = build_manifest(*hospital, per_subtask=10, seed=1, patients=quota)
    assert met.counts.text.patients == len({row["subject_id"] for row in met.rows}) == quota
    assert met.counts.text.per_subtask == built.counts.text.per_subtask


def test_a_quota_that_cannot_be_met_is_refused_with_what_can(hospital):
    with pytest.raises(Fault, match="at most 24"):
        build_manifest(*hospital, per_subtask=10, seed=1, patients=25)


def test_every_deviation_says_what_was_published_what_is_ours_and_why(built):
    for deviation in built.report["deviations"]:
        assert deviation.keys() == {"name", "published", "ours", "reason"}
        assert all(deviation.values())


def test_the_originals_own_choices_are_no_deviations(hospital):
    original = build_manifest(*hospital, per_subtask=5, seed=1, ties="published", keep_decided=True)
    named = {deviation["name"] for deviation in original.report["deviations"]}
    assert "candidates" in named
    assert not named & {"ties", "decided"}


def test_what_is_written_is_read_back_as_questions_with_its_own_counts(built, tmp_path):
    out = tmp_path / "release" / "text" / "ClinSeek-Bench_text.json"
    paths = write_manifest(built, out)
    assert all(path.is_file() for path in paths)
    questions = read_manifest(out)
    assert [question.qid for question in questions] == [row["qid"] for row in built.rows]
    counts = expected_counts(tmp_path / "release")
    assert counts == built.counts
    assert counts.text.rows == len(questions)
    assert counts.text.patients == len({question.subject_id for question in questions})
    bare = tmp_path / "bare" / "m.json"
    write_manifest(without_contexts(built), bare)
    assert all(question.input is None and question.question is None for question in read_manifest(bare))


def test_the_report_names_no_patient_and_no_question(built):
    told = json.dumps(built.report)
    assert not any(str(row["subject_id"]) in told or row["qid"] in told for row in built.rows)


def test_tables_without_a_patient_are_refused(tmp_path):
    tables, reference = ward(tmp_path, 0)
    with pytest.raises(SourceFault, match="no patient"):
        build_manifest(tables, reference, per_subtask=1, seed=1)
