"""A new version of the scorer over answers that have a score: nobody is asked, and what changed is told."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import dagster as dg
import pandas
import pytest
from click.testing import CliRunner

from clinseek_assets.assets import rescored
from clinseek_assets.assets.arms import ARMS_OF
from clinseek_assets.assets.scores import arm_scores
from clinseek_assets.assets.split_scoring import SCORING
from clinseek_assets.assets.splits import MULTIMODAL
from clinseek_assets.commands.rescored import command
from clinseek_assets.locations.settings import load_settings
from clinseek_assets.resources.home import Home
from clinseek_assets.scoring.multimodal.rules import STRICT_ROUTING, PublishedRouting, StrictRouting
from clinseek_assets.scoring.rules import Given, RowScore
from clinseek_assets.scoring.set_metrics import SetScore
from clinseek_assets_tests.assets.test_multimodal_scores import GROUP, KEY, home_with_predictions, make

ARM = ARMS_OF["multimodal"]["seeking"]
NOWHERE = "http://127.0.0.1:9/v1"
HALVES = SetScore(0.5, 0.5, 0.5, 0.0)


class Halving(StrictRouting):
    """Another rule: what was right is half right."""

    def scores(self, given: list[Given]) -> list[RowScore]:  # type: ignore[override]
        return [replace_right(score) for score in super().scores(given)]


def replace_right(score: RowScore) -> RowScore:
    return score._replace(figures=HALVES) if score.figures and score.figures.f1 == 1 else score


@pytest.fixture
def home(tiny_release: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A home with answers of one group, and no judge."""
    made = home_with_predictions(tiny_release, tmp_path, NOWHERE)
    set_rules(monkeypatch, STRICT_ROUTING)
    return made


def set_rules(monkeypatch: pytest.MonkeyPatch, strict: StrictRouting) -> None:
    scoring = replace(
        SCORING["multimodal"],
        judge=lambda home, arm: None,
        rules=lambda judge: (strict, PublishedRouting()),
        further=lambda home: [type(strict).__name__],
    )
    monkeypatch.setitem(SCORING, "multimodal", scoring)


def score(home: Home) -> dg.AssetCheckEvaluation:
    """Score the answers with a fresh asset, as a new process does; what the check says."""
    result = make(arm_scores(ARM, MULTIMODAL.grid(["m"])), home, KEY)
    assert result.success
    return next(each for each in result.get_asset_check_evaluations() if each.check_name == "rescored")


def test_what_a_new_scorer_changed_is_kept_and_told(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    first = score(home)
    assert first.passed and first.description is not None and first.description.startswith("No answer")
    before = pandas.read_parquet(home.layout.scores("multimodal", "seeking", "m", GROUP))
    right = before[(before["mode"] == "strict") & (before["f1"] == 1)]
    assert 0 < len(right) < len(before) / 2

    set_rules(monkeypatch, Halving())
    told = score(home)
    assert not told.passed and told.severity is dg.AssetCheckSeverity.WARN and not told.blocking
    assert told.description is not None
    assert f"strict: {len(right)} of {len(before) // 2} rows changed, on average by -50.00 points" in told.description
    assert f"compat: none of {len(before) // 2} rows changed" in told.description
    assert all(str(row) in told.description for row in right["row_number"][:10])
    assert not any(qid in told.description for qid in before["qid"])
    assert told.metadata["changed, strict"].value == len(right)

    assert not score(home).passed  # nothing to do, and it is told all the same
    assert rescored.scorer_version(home, "multimodal") == told.metadata["scorer"].value


def test_the_command_has_each_row_with_both_figures(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    named = {"CLINSEEK_HOME": str(home.settings.home), "CLINSEEK_MODELS": str(home.settings.models_file)}
    monkeypatch.setattr("clinseek_assets.commands.rescored.load_settings", lambda: load_settings(named))
    assert "No answer" in run()
    score(home)
    set_rules(monkeypatch, Halving())
    score(home)
    (found,) = json.loads(run("--mode", "strict", "--json"))
    changes = found["entry"]["changes"]
    assert {(change["before"], change["after"]) for change in changes} == {(1.0, 0.5)}
    assert found["model"] == "m" and found["entry"]["compared"].keys() == {"strict"}
    table = run()
    assert f"strict: {len(changes)} of" in table and "1.000" in table and "0.500" in table
    assert json.loads(run("--arm", "curated", "--json")) == []


def test_every_version_stays_on_record(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    score(home)
    for rules in (Halving(), STRICT_ROUTING):
        set_rules(monkeypatch, rules)
        told = score(home)
    assert told.description is not None and "+50.00 points" in told.description
    named = {"CLINSEEK_HOME": str(home.settings.home), "CLINSEEK_MODELS": str(home.settings.models_file)}
    monkeypatch.setattr("clinseek_assets.commands.rescored.load_settings", lambda: load_settings(named))
    last, both = json.loads(run("--json")), json.loads(run("--all", "--json"))
    assert (len(last), len(both)) == (1, 2)
    assert both[0]["entry"]["after"] == both[1]["entry"]["before"]


def run(*arguments: str) -> str:
    result = CliRunner().invoke(command, arguments, catch_exceptions=False)
    assert result.exit_code == 0
    return result.output
