"""`make full` as a run of steps: taken up where it broke off, ended by what is not as it should be."""

import json
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from benchmarks import full
from benchmarks.full import Check, Step, main, of_release, of_validation
from benchmarks.measuring import Ran, run
from clinseek_assets.benchmark.released_counts import OFFICIAL

BOARD = {
    "rows": [
        {"model": "m", "column": column, "arm": arm, "f1": 0.5, "coverage": 1.0}
        for column in ("overall", "risk_prediction")
        for arm in ("curated", "curated_strict", "seeking", "seeking_compat")
    ]
}


@pytest.fixture
def asked(monkeypatch):
    """The commands that were run instead of `clinseek`; `answers` says how each ends and what it prints."""
    asked: list[str] = []
    answers: dict[str, tuple[int, str]] = {"leaderboard": (0, json.dumps(BOARD))}

    def pretend(command, environment):
        asked.append(command[1])
        assert environment["CLINSEEK_HOME"].endswith("/home") and "MIMIC_IV_ROOT" not in environment
        code, out = answers.get(command[1], (0, "{}"))
        return Ran(code, 2.0, 1.0, 100.0, out)

    monkeypatch.setenv("MIMIC_IV_ROOT", "/data/of/the/user")
    monkeypatch.setattr(full, "run", pretend)
    monkeypatch.setattr(
        full,
        "STEPS",
        (Step("first", ("synthesize",)), Step("second", ("seal", "{out}")), *full.STEPS[5:6]),
    )
    return asked, answers


def started(folder: Path):
    return CliRunner().invoke(main, ["--folder", str(folder), "--figures", str(folder / "figures.json")])


def test_all_steps_are_run_measured_and_written_and_the_next_run_begins_anew(asked, tmp_path):
    commands, _ = asked
    ran = started(tmp_path)
    assert ran.exit_code == 0, ran.output
    assert commands == ["synthesize", "seal", "leaderboard"]
    figures = json.loads((tmp_path / "figures.json").read_text())["full"]
    assert [step["name"] for step in figures["steps"]] == ["first", "second", "leaderboard, text"]
    assert (figures["seconds"], figures["processor_seconds"], figures["peak_mb"]) == (6.0, 3.0, 100.0)
    assert len(figures["leaderboards"]["text"]) == 4
    assert (tmp_path / "figures.md").is_file()
    assert started(tmp_path).exit_code == 0
    assert commands == 2 * ["synthesize", "seal", "leaderboard"]


def test_a_step_that_fails_ends_the_run_and_the_next_goes_on_there_and_adds_up(asked, tmp_path):
    commands, answers = asked
    answers["seal"] = (1, "")
    ran = started(tmp_path)
    assert ran.exit_code == 1 and "second ended with 1" in ran.output
    assert not (tmp_path / "figures.json").exists()
    answers["seal"] = (0, "")
    assert started(tmp_path).exit_code == 0
    assert commands == ["synthesize", "seal", "seal", "leaderboard"]
    figures = json.loads((tmp_path / "figures.json").read_text())["full"]
    assert (figures["steps"][1]["seconds"], figures["steps"][1]["goes"]) == (4.0, 2)
    assert "second (in 2 goes)" in (tmp_path / "figures.md").read_text()


def test_a_figure_that_is_off_ends_the_run(asked, tmp_path):
    _, answers = asked
    lacking = [{**row, "coverage": 0.5} if row["arm"] == "seeking" else row for row in BOARD["rows"]]
    answers["leaderboard"] = (0, json.dumps({"rows": lacking}))
    ran = started(tmp_path)
    assert ran.exit_code == 1 and "3 instead of 4" in ran.output


def test_another_version_of_the_package_begins_anew(asked, tmp_path, monkeypatch):
    commands, answers = asked
    answers["seal"] = (1, "")
    started(tmp_path)
    monkeypatch.setattr(full, "_code", lambda: "of another version")
    started(tmp_path)
    assert commands == ["synthesize", "seal", "synthesize", "seal"]


def test_released_counts_are_held_to_the_number(tmp_path):
    counts = OFFICIAL.model_dump()
    assert all(check.ok for check in of_release(tmp_path, json.dumps({"counts": counts})))
    counts["text"]["rows"] -= 1
    counts["multimodal"]["per_group"]["phenotype"] += 1
    wrong = [check.what for check in of_release(tmp_path, json.dumps({"counts": counts})) if not check.ok]
    assert wrong == ["text: rows", "multimodal: counts that agree, per group"]


def test_a_check_of_the_release_that_fails_is_counted(tmp_path):
    (told,) = of_validation(tmp_path, json.dumps({"checks": [{"ok": True}, {"ok": False}]}))
    assert told == Check("checks that hold", 2, 1) and not told.ok


def test_a_command_is_measured_with_what_it_starts():
    inner = "import time; kept = bytearray(120_000_000); time.sleep(0.5)"
    outer = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {inner!r}]); print('done'); sys.exit(3)"
    ran = run([sys.executable, "-c", outer], {})
    assert (ran.code, ran.out) == (3, "done\n")
    assert ran.peak_mb > 120 and ran.seconds > 0.5 and ran.processor_seconds > 0
