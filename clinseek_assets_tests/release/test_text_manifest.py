"""A text release is held against its counts."""

import json

import pytest

from clinseek_assets.benchmark.released_counts import FILE_NAME, OFFICIAL
from clinseek_assets.release.text_manifest import text_manifest_checks
from clinseek_assets_tests.release.a_release import PATIENTS, TEXT_COUNTS, TEXT_ROWS, text_row


@pytest.fixture
def release(tmp_path):
    folder = tmp_path / "release"
    folder.mkdir()
    (folder / FILE_NAME).write_text(json.dumps({"release": "built", "text": TEXT_COUNTS}))
    return folder


def checked(release, rows):
    manifest = release / "ClinSeek-Bench_text.json"
    manifest.write_text(json.dumps(rows))
    checks, questions = text_manifest_checks(manifest, release)
    return {check.name: check for check in checks}, questions


def failing(checks):
    return {name for name, check in checks.items() if not check.ok}


def test_a_whole_release_passes_every_check(release):
    checks, questions = checked(release, TEXT_ROWS)
    assert failing(checks) == set()
    assert len(questions) == 4
    figures = {name: check.found for name, check in checks.items()}
    assert figures == {
        "text: manifest": "readable",
        "text: subtasks": 2,
        "text: risk rows": 1,
        "text: decision rows": 3,
        "text: rows": 4,
        "text: patients": 3,
        "text: rows of Inpatient_Mortality": 1,
        "text: rows of radiology": 3,
        "text: unique qids": 4,
        "text: rows without gold": 0,
        "text: rows whose moment is before their latest event": 0,
    }


def test_without_counts_of_its_own_a_release_must_have_the_official_ones(release):
    (release / FILE_NAME).unlink()
    checks, _ = checked(release, TEXT_ROWS)
    assert (checks["text: rows"].expected, checks["text: patients"].expected) == (1800, 1563)
    assert (checks["text: risk rows"].expected, checks["text: decision rows"].expected) == (720, 1080)
    assert checks["text: subtasks"].expected == 45
    assert sum(name.startswith("text: rows of ") for name in checks) == 45
    assert {"text: rows", "text: patients", "text: subtasks", "text: rows of radiology"} <= failing(checks)
    assert OFFICIAL.text.per_subtask["radiology"] == checks["text: rows of radiology"].expected == 40


def test_a_missing_row_fails_the_counts_that_it_belongs_to(release):
    checks, _ = checked(release, TEXT_ROWS[:-1])
    assert failing(checks) == {
        "text: rows",
        "text: decision rows",
        "text: patients",
        "text: rows of radiology",
    }


def test_rows_too_many_are_named(release):
    checks, _ = checked(release, [*TEXT_ROWS, text_row(5, PATIENTS[0], "radiology")])
    assert checks["text: rows of radiology"].first == ("row 5",)


def test_a_subtask_that_was_not_promised_is_named(release):
    checks, _ = checked(release, [*TEXT_ROWS[:-1], text_row(4, PATIENTS[2], "omr")])
    assert checks["text: subtasks"].first == ("omr",)


@pytest.mark.parametrize("text", ["", "[]", "{", '[{"qid": 1}]'])
def test_a_manifest_that_cannot_be_read_is_one_failing_check(release, text):
    manifest = release / "ClinSeek-Bench_text.json"
    manifest.write_text(text)
    checks, questions = text_manifest_checks(manifest, release)
    assert [check.ok for check in checks] == [False]
    assert questions == []


def test_counts_that_cannot_be_read_are_a_failing_check(release):
    (release / FILE_NAME).write_text("{")
    checks, questions = checked(release, TEXT_ROWS)
    assert failing(checks) == {"text: manifest"}
    assert questions == []
