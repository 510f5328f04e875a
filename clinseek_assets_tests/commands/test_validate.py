"""`clinseek validate` as a user meets it: the contract of its JSON and its exit codes."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from clinseek_assets.benchmark.released_counts import FILE_NAME
from clinseek_assets_tests.release.a_release import PATIENTS
from clinseek_assets_tests.release.a_release import TEXT_COUNTS as COUNTS
from clinseek_assets_tests.release.a_release import TEXT_ROWS as ROWS

CLINSEEK = Path(sys.executable).with_name("clinseek")


@pytest.fixture
def release(tmp_path):
    folder = tmp_path / "release"
    folder.mkdir()
    (folder / FILE_NAME).write_text(json.dumps({"release": "built", "text": COUNTS}))
    (folder / "ClinSeek-Bench_text.json").write_text(json.dumps(ROWS))
    return folder


def validate(release, *options):
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("CLINSEEK_", "MIMIC_"))}
    named = {"CLINSEEK_HOME": str(release.parent / "home"), "CLINSEEK_RELEASE_ROOT": str(release)}
    return subprocess.run(
        [CLINSEEK, "validate", *options], capture_output=True, text=True, check=False, cwd=release, env=clean | named
    )


def test_a_whole_manifest_ends_with_0(release):
    ran = validate(release, "--manifest-only", "--json")
    assert ran.returncode == 0, ran.stderr
    report = json.loads(ran.stdout)
    assert report["ok"] is True
    for check in report["checks"]:
        assert set(check) == {"name", "expected", "found", "ok", "first"}
    assert {"name": "text: patients", "expected": 3, "found": 3, "ok": True, "first": []} in report["checks"]


def test_counts_that_differ_end_with_1_and_are_shown(release):
    (release / FILE_NAME).unlink()
    ran = validate(release, "--manifest-only")
    assert ran.returncode == 1
    assert "text: patients" in ran.stdout
    assert "1563" in ran.stdout
    assert "checks fail" in ran.stderr


def test_gold_outside_the_candidates_is_counted_and_shown_and_no_failure(release):
    rows = [{**row, "candidates": ["yes", "no"] if place else ["neither"]} for place, row in enumerate(ROWS)]
    (release / "ClinSeek-Bench_text.json").write_text(json.dumps(rows))
    ran = validate(release, "--manifest-only", "--json")
    shown = {check["name"]: check for check in json.loads(ran.stdout)["checks"]}
    odd = shown["text: rows with gold outside the candidates"]
    assert (odd["expected"], odd["ok"], odd["first"][0]) == ("any", True, "row 1")
    assert odd["found"] == len(odd["first"])
    assert "gold outside the candidates" in validate(release, "--manifest-only").stdout


def test_databases_that_were_not_built_fail_by_row_and_not_by_patient(release):
    ran = validate(release, "--json")
    assert ran.returncode == 1
    failing = {check["name"]: check for check in json.loads(ran.stdout)["checks"] if not check["ok"]}
    missing = failing["text: patient databases that are there"]
    assert (missing["expected"], missing["found"], missing["first"]) == (3, 0, ["row 1", "row 2", "row 4"])
    assert "reference tables" in failing
    assert not any(str(patient) in ran.stdout + ran.stderr for patient in PATIENTS)


@pytest.mark.parametrize("text", ["{", "", '[{"qid": "q"}]'])
def test_a_manifest_that_cannot_be_read_ends_with_1_and_no_traceback(release, text):
    (release / "ClinSeek-Bench_text.json").write_text(text)
    ran = validate(release, "--json")
    assert ran.returncode == 1
    assert "Traceback" not in ran.stderr
    assert json.loads(ran.stdout)["ok"] is False
