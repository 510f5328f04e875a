"""Damaged results files: refused by `clinseek score` as written, or scored exactly as written."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from clinseek_assets.benchmark.manifest_file import read_manifest
from clinseek_assets.cli import clinseek
from clinseek_assets.faults import ResultsFault
from clinseek_assets.scoring.finish_call import finish_answer
from clinseek_assets.scoring.results_file import read_results, results_files
from clinseek_assets.scoring.rules import RULES
from clinseek_assets.scoring.score_files import score_results
from clinseek_assets_tests.mutations import manifest_cases, results_cases
from clinseek_assets_tests.mutations.outcomes import SECRET, SECRET_ID
from clinseek_assets_tests.mutations.results_cases import ResultsCase

UNDAMAGED = {"strict": results_cases.STRICT, "compat": results_cases.COMPAT}


@pytest.fixture
def files(tmp_path: Path):
    def write(case: ResultsCase) -> tuple[Path, Path]:
        manifest, results = tmp_path / "manifest.json", tmp_path / "results.jsonl"
        manifest.write_bytes(manifest_cases.UNDAMAGED)
        results.write_bytes(case.damage(results_cases.UNDAMAGED))
        return manifest, results

    return write


@pytest.mark.parametrize("case", results_cases.REFUSED, ids=lambda case: case.name)
def test_a_results_file_that_is_refused(case: ResultsCase, files, tmp_path: Path) -> None:
    manifest, results = files(case)
    arguments = [results, "--manifest", manifest, "--out", tmp_path / "out"]
    ran = CliRunner().invoke(clinseek, ["score", *map(str, arguments)])
    assert isinstance(ran.exception, ResultsFault), ran.exception
    for part in case.outcome.says:
        assert part in str(ran.exception)
    for shown in (str(ran.exception), ran.output):
        assert SECRET not in shown
        assert str(SECRET_ID) not in shown
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("mode", UNDAMAGED)
@pytest.mark.parametrize(
    "case",
    [ResultsCase("none", lambda content: content, results_cases.AS_WITHOUT), *results_cases.SCORED],
    ids=lambda case: case.name,
)
def test_a_results_file_that_is_scored(case: ResultsCase, mode: str, files) -> None:
    manifest, results = files(case)
    questions = read_manifest(manifest)
    made = score_results(read_results(results_files([results]), questions, finish_answer), questions, RULES[mode])
    expected = UNDAMAGED[mode] | getattr(case.outcome, mode)
    (scored,) = made.by_model.values()
    assert {each.question.qid: each.score.f1 if each.score else None for each in scored} == expected
    have = [f1 for f1 in expected.values() if f1 is not None]
    overall = made.summary["overall"]
    assert (overall["total"], overall["completed"], overall["f1"]) == (8, len(have), sum(have) / len(have))
