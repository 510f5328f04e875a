"""Damaged results files through `clinseek score`: refused as written, or scored exactly as written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from clinseek_assets.cli import clinseek
from clinseek_assets.faults import ResultsFault
from clinseek_assets_tests.mutations import manifest_cases, results_cases
from clinseek_assets_tests.mutations.outcomes import SECRET, SECRET_ID, Refused
from clinseek_assets_tests.mutations.results_cases import ResultsCase

UNDAMAGED = {"strict": results_cases.STRICT, "compat": results_cases.COMPAT}


@pytest.mark.parametrize("mode", UNDAMAGED)
@pytest.mark.parametrize(
    "case",
    [ResultsCase("none", lambda content: content, results_cases.AS_WITHOUT), *results_cases.CASES],
    ids=lambda case: case.name,
)
def test_a_damaged_results_file(case: ResultsCase, mode: str, tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_bytes(manifest_cases.UNDAMAGED)
    (tmp_path / "results.jsonl").write_bytes(case.damage(results_cases.UNDAMAGED))
    arguments = [tmp_path / "results.jsonl", "--manifest", tmp_path / "manifest.json", "--out", tmp_path / "out"]
    ran = CliRunner().invoke(clinseek, ["score", *map(str, arguments), "--mode", mode])
    assert SECRET not in ran.output
    assert str(SECRET_ID) not in ran.output
    if isinstance(case.outcome, Refused):
        assert isinstance(ran.exception, ResultsFault), ran.exception
        message = str(ran.exception)
        for part in case.outcome.says:
            assert part in message
        assert SECRET not in message
        assert str(SECRET_ID) not in message
        assert not (tmp_path / "out").exists()
        return
    assert ran.exit_code == 0, ran.exception
    expected = UNDAMAGED[mode] | getattr(case.outcome, mode)
    lines = [json.loads(line) for line in (tmp_path / "out" / "per_question.jsonl").read_text().splitlines()]
    assert {line["qid"]: line["avg_f1"] if line["completed"] else None for line in lines} == expected
    have = [f1 for f1 in expected.values() if f1 is not None]
    overall = json.loads((tmp_path / "out" / "summary.json").read_text())["overall"]
    assert (overall["total"], overall["completed"], overall["f1"]) == (8, len(have), sum(have) / len(have))
