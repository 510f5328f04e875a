"""`clinseek validate` as a user meets it: the contract of its JSON and its exit codes."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from clinseek_assets.benchmark.released_counts import FILE_NAME
from clinseek_assets_tests.release.a_release import PATIENTS
from clinseek_assets_tests.release.a_release import TEXT_COUNTS as COUNTS
from clinseek_assets_tests.release.a_release import TEXT_ROWS as ROWS
from clinseek_assets_tests.release.on_the_terminal import clinseek

CLINSEEK = Path(sys.executable).with_name("clinseek")


@pytest.fixture
def release(tmp_path):
    folder = tmp_path / "release"
    folder.mkdir()
    (folder / FILE_NAME).write_text(json.dumps({"release": "built", "text": COUNTS}))
    (folder / "ClinSeek-Bench_text.json").write_text(json.dumps(ROWS))
    return folder


def clinseek_of_release(release, *options):
    return clinseek(release.parent, "validate", *options, **NOTHING_NAMED)


# A release by itself, as it is where there is no credentialed data.
NOTHING_NAMED = dict.fromkeys(
    ("MIMIC_IV_ROOT", "MIMIC_CXR_ROOT", "MIMIC_CXR_JPG_ROOT", "EHRXQA_ROOT", "MEDMOD_ROOT"), ""
)


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


def test_a_manifest_that_cannot_be_read_ends_with_1_and_no_traceback(release):
    (release / "ClinSeek-Bench_text.json").write_text("{")
    ran = validate(release, "--json")
    assert ran.returncode == 1
    assert "Traceback" not in ran.stderr
    assert json.loads(ran.stdout)["ok"] is False


def test_both_splits_and_all_that_is_built_hold_and_the_page_says_so(bed, tmp_path):
    ran = clinseek(bed.root, "validate", "--report", tmp_path / "validation.md")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    page = (tmp_path / "validation.md").read_text()
    assert "checks hold" in page and "## What holds" in page and "## What fails" not in page
    assert "| multimodal: linked images that are there | 6 | 6 |  |" in page


def test_failing_rows_stand_on_the_page_and_no_patient_does(bed, tmp_path):
    question = bed.of_task("multimodal", "ehrxqa")
    bed.image(question).unlink()
    ran = clinseek(bed.root, "validate", "--split", "multimodal", "--report", tmp_path / "validation.md")
    assert ran.returncode == 1
    page = (tmp_path / "validation.md").read_text()
    assert "| multimodal: linked images that are there | 6 | 5 | row 1 |" in page
    assert "text:" not in page
    for told in (page, ran.stdout, ran.stderr):
        assert str(question.subject_id) not in told


def test_paths_are_checked_without_any_data(bed):
    question = bed.of_task("multimodal", "medmod")
    bed.change(question, image_paths=[f"../{question.image_paths[0]}"])
    shutil.rmtree(bed.root / "sources")
    shutil.rmtree(bed.root / "assets")
    ran = clinseek_of_release(bed.root / "release", "--manifest-only", "--json")
    failing = {check["name"]: check for check in json.loads(ran.stdout)["checks"] if not check["ok"]}
    wrong = failing["multimodal: image paths of the released form, inside their root"]
    assert (ran.returncode, wrong["first"]) == (1, ["row 4"])


def test_a_release_that_promises_no_multimodal_split_says_so_in_one_line(release):
    ran = validate(release, "--manifest-only", "--json")
    about = [check for check in json.loads(ran.stdout)["checks"] if check["name"].startswith("multimodal")]
    assert [(check["ok"], check["found"]) for check in about] == [(True, "none")]


def test_the_official_release_lacks_its_multimodal_manifest(release):
    (release / FILE_NAME).unlink()
    ran = validate(release, "--manifest-only", "--split", "multimodal", "--json")
    (check,) = json.loads(ran.stdout)["checks"]
    assert (ran.returncode, check["ok"], check["found"]) == (1, False, "missing")
    assert "ClinSeek-Bench_multimodal.jsonl" in check["first"][0]


def test_groups_of_the_official_release_may_differ_and_are_shown(bed):
    (bed.root / "release" / FILE_NAME).unlink()
    ran = clinseek_of_release(bed.root / "release", "--manifest-only", "--split", "multimodal", "--json")
    checks = {check["name"]: check for check in json.loads(ran.stdout)["checks"]}
    group = checks["multimodal: rows of group finding_presence"]
    assert (group["ok"], group["expected"], group["found"]) == (True, 177, 1)
    assert checks["multimodal: rows"]["expected"] == 989
    expected = [checks[f"multimodal: {what}"]["expected"] for what in OFFICIAL_COUNTS]
    assert expected == list(OFFICIAL_COUNTS.values())
    assert not any(checks[f"multimodal: {what}"]["ok"] for what, rows in OFFICIAL_COUNTS.items() if rows)


OFFICIAL_COUNTS = {
    "rows of ehrxqa": 497,
    "rows of medmod": 492,
    "rows of ehrxqa_image": 497,
    "rows of medmod_decompensation": 125,
    "rows of medmod_in_hospital_mortality": 125,
    "rows of medmod_phenotyping": 120,
    "rows of medmod_radiology": 122,
    "patients of ehrxqa": 165,
    "patients of medmod": 395,
    "linked images of ehrxqa": 350,
    "linked images of medmod": 477,
    "linked reports of ehrxqa": 356,
    "linked reports of medmod": 0,
}
