"""The record of a finished home: what is in it, what must never be, and the plan that was fixed before the answers."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from clinseek_assets.assets.campaign_record import campaign_folder, write_record
from clinseek_assets.campaign import analysis_plan
from clinseek_assets.campaign.analysis_plan import fix_plan, fixed_plan, plan_file
from clinseek_assets.campaign.record import campaign_record, plan_held
from clinseek_assets.campaign.small_cells import LEFT_OUT
from clinseek_assets.commands.campaign_record import command
from clinseek_assets.faults import ResultsFault
from clinseek_assets.resources.home import Home
from clinseek_assets.storage.fingerprint import of_file
from clinseek_assets.synthetic.canaries import CANARY_PATTERN
from clinseek_assets_tests.conftest import settings_over


@pytest.fixture(scope="module")
def home(finished_home: Path, tiny_release: Path) -> Home:
    """The finished home; not to be changed."""
    return Home.of(settings_over(tiny_release, finished_home))


@pytest.fixture(scope="module")
def record(home: Home) -> dict[str, Any]:
    return campaign_record(home, lambda split: 1)


def test_it_says_what_a_methods_section_needs(home: Home, record: dict[str, Any], tiny_release: Path) -> None:
    manifest = tiny_release / "release" / "text" / "ClinSeek-Bench_text.json"
    assert record["manifests"]["text"]["sha256"] == of_file(manifest)
    assert record["manifests"]["text"]["data"] == "open"
    admissions = next((tiny_release / "sources" / "mimic_iv" / "hosp").glob("admissions.csv*"))
    assert record["source tables"]["mimic_iv/hosp/admissions"] == of_file(admissions)
    assert {model["model"]: model["fingerprint"] for model in record["models"]} == {
        name: model.fingerprint for name, model in home.models.items()
    }
    assert {(entry["arm"], entry["model"]) for entry in record["arms"]} == {
        (arm, model) for arm in ("curated", "curated_strict", "seeking", "seeking_compat") for model in home.models
    }
    seeking = record["versions"]["text"]["seeking"]
    assert seeking["prompt"] and seeking["tools"] and seeking["policy, mimic_iv"]
    assert seeking["policy, mimic_iv"] != record["versions"]["text"]["seeking_compat"]["policy, mimic_iv"]
    (kept,) = {
        entry["versions"]["tools"][0]
        for entry in record["arms"]
        if (entry["arm"], entry["model"]) == ("seeking", "evidence_counts")
    }
    assert kept == seeking["tools"]
    assert record["plan"]["held"] and record["plan"]["fixed before the first answer"]
    assert record["seal"] is None


def test_the_graph_writes_what_the_command_writes(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clinseek_assets.commands.campaign_record.load_settings", lambda: home.settings)
    result = CliRunner().invoke(command, ["--out", str(tmp_path / "paper")], catch_exceptions=False)
    assert result.exit_code == 0
    ours = {path.name: path.read_text() for path in (tmp_path / "paper").iterdir()}
    graphs = {path.name: path.read_text() for path in campaign_folder(home).iterdir()}
    assert {"campaign.md", "campaign.json", "text_figures.csv", "text_strict_policy_strict.tex"} <= set(ours)
    assert ours == graphs


def test_the_text_has_every_section_and_whole_tables(home: Home) -> None:
    text = (campaign_folder(home) / "campaign.md").read_text()
    sections = ("The benchmark", "The plan of analysis", "Models", "What was asked", "Outcomes", "Calls", "Versions")
    assert all(f"\n## {section}" in text for section in sections)
    tables = re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE)
    assert len(tables) > 8
    for table in tables:
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()}) == 1


def test_nothing_of_a_row_is_in_it(home: Home, tiny_release: Path) -> None:
    rows = json.loads((tiny_release / "release" / "text" / "ClinSeek-Bench_text.json").read_text())
    told = "\n".join(path.read_text() for path in campaign_folder(home).iterdir())
    assert found_in(told, rows) == set()
    assert str(home.settings.home) not in told
    # The control: what is put there is found.
    row = rows[0]
    planted = f"{told}\nCANARY-0123456789abcdef {row['subject_id']}: {row['qid']} {row['instruction']}"
    assert found_in(planted, rows) == {"canary", "patient", "qid", "question"}


def found_in(text: str, rows: list[dict[str, Any]]) -> set[str]:
    """Which kinds of things out of the rows are in a text."""
    numbers = set(re.findall(r"\b\d{5,}\b", text))
    kinds = {
        "canary": CANARY_PATTERN.search(text) is not None,
        "patient": bool(numbers & {str(row["subject_id"]) for row in rows}),
        "qid": any(row["qid"] in text for row in rows),
        "question": any(row["instruction"] in text for row in rows),
    }
    return {kind for kind, there in kinds.items() if there}


def test_of_credentialed_data_few_patients_are_left_out(home: Home, record: dict[str, Any]) -> None:
    told = campaign_record(home, lambda split: 1000)
    for entry in told["arms"]:
        assert entry["patients"] == LEFT_OUT
        assert set(entry["outcomes"].values()) == {LEFT_OUT}
        assert entry["effect"]["f1"] == LEFT_OUT
    assert any(isinstance(entry["effect"]["f1"], float) for entry in record["arms"])


def test_the_plan_is_fixed_once_and_held_against_what_is_done(home: Home, tmp_path: Path, monkeypatch) -> None:
    own = own_home(home, tmp_path)
    plan_file(own).unlink()
    assert plan_held(own)["held"] is None
    fixed = fix_plan(own)
    assert fixed.answers_before  # the answers of this home were there first, and the record says so
    assert not plan_held(own)["fixed before the first answer"]
    changed = {"headline": ("curated", "seeking")}
    monkeypatch.setattr(analysis_plan, "HEADLINE", "seeking_compat-curated")
    assert fix_plan(own) == fixed
    held = plan_held(own)
    assert not held["held"] and held["changed since"] == list(changed)
    assert held["as fixed"]["headline"] == "seeking-curated_strict"


def test_a_plan_is_fixed_before_the_first_answer_of_an_evaluation(home: Home) -> None:
    fixed = fixed_plan(home)
    assert fixed is not None and not fixed.answers_before
    first = min(path.stat().st_mtime for path in (home.layout.assets / "predictions").rglob("*.parquet"))
    assert plan_file(home).stat().st_mtime <= first


def test_a_damaged_plan_is_no_plan(home: Home, tmp_path: Path) -> None:
    own = own_home(home, tmp_path)
    plan_file(own).write_text("{}")
    with pytest.raises(ResultsFault, match="analysis_plan"):
        fix_plan(own)


def test_a_seal_is_named_by_its_hash(home: Home, tmp_path: Path) -> None:
    seal = tmp_path / "our-seal.json"
    seal.write_text("{}")
    record = write_record(home, tmp_path / "paper", seal)
    assert record["seal"] == {"file": "our-seal.json", "sha256": of_file(seal)}
    assert of_file(seal) in (tmp_path / "paper" / "campaign.md").read_text()


def own_home(home: Home, folder: Path) -> Home:
    """A home with the same answers and plan, to be changed."""
    settings = settings_over(home.settings.release_root.parent, folder / "home")
    shutil.copytree(home.layout.assets / "predictions", settings.layout.assets / "predictions")
    return Home.of(settings)
