from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from clinseek_assets.cli import clinseek
from clinseek_assets.faults import EndpointFault
from clinseek_assets.models.baselines import PARTICIPANTS
from clinseek_assets.models.ledger import Ledger
from clinseek_assets_tests.models.loopback import serving

ENTRY = """models:
  - {{name: here, dialect: baseline, model_id: always_no, enabled: true}}
  - {{name: there, dialect: openai_chat, enabled: {enabled}, base_url: "{url}", model_id: {model_id}}}
  - {{name: later, dialect: openai_chat}}
"""


def run(folder: Path, monkeypatch: pytest.MonkeyPatch, registry: str, *arguments: str) -> Result:
    path = folder / "models.yaml"
    path.write_text(registry)
    monkeypatch.setenv("CLINSEEK_MODELS", str(path))
    monkeypatch.setenv("CLINSEEK_HOME", str(folder / "home"))
    return CliRunner().invoke(clinseek, ["models", *arguments])


def test_list_as_json(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = run(
        tmp_path, monkeypatch, ENTRY.format(enabled="false", url="http://h/v1", model_id="x"), "list", "--json"
    )
    models = json.loads(result.stdout)["models"]
    assert [(model["name"], model["kind"], model["enabled"]) for model in models] == [
        ("here", "floor", True),
        ("there", "model", False),
        ("later", "model", False),
    ]


def test_list_says_what_to_fill_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    result = run(tmp_path, monkeypatch, ENTRY.format(enabled="false", url="http://h/v1", model_id="x"), "list")
    assert result.exit_code == 0
    assert "set `base_url`, `model_id`, `enabled: true`" in result.stdout


def test_check_asks_the_enabled_endpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(models=["served"]) as endpoint:
        registry = ENTRY.format(enabled="true", url=endpoint.url, model_id="served")
        result = run(tmp_path, monkeypatch, registry, "check", "--json")
    with Ledger(tmp_path / "home" / "assets" / "predictions" / "ledger.sqlite") as ledger:
        (totals,) = ledger.totals()
    answer = json.loads(result.stdout)
    assert result.exit_code == 0
    assert answer["ok"] is True
    assert [(model["model"], model["state"], model["credentialed_data"]) for model in answer["models"]] == [
        ("here", "ready", True),
        ("there", "ready", False),
        ("later", "off", False),
    ]
    assert endpoint.paths == ["/v1/models", "/v1/chat/completions"]
    assert (totals.endpoint, totals.arm, totals.calls) == ("there", "check", 2)


def test_check_fails_where_the_model_is_not_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(models=["served"]) as endpoint:
        registry = ENTRY.format(enabled="true", url=endpoint.url, model_id="another")
        result = run(tmp_path, monkeypatch, registry, "check", "--json")
    assert isinstance(result.exception, EndpointFault)
    assert "there" in str(result.exception)
    assert "does not list 'another'" in json.loads(result.stdout)["models"][1]["reason"]


def test_check_fails_where_nobody_listens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving() as endpoint:
        pass
    result = run(tmp_path, monkeypatch, ENTRY.format(enabled="true", url=endpoint.url, model_id="auto"), "check")
    assert isinstance(result.exception, EndpointFault)
    assert "connection" in result.stdout


def test_the_repositorys_registry_passes_its_own_check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    registry = (Path(__file__).parents[2] / "models.yaml").read_text(encoding="utf-8")
    result = run(tmp_path, monkeypatch, registry, "check", "--json")
    ready = {model["model"] for model in json.loads(result.stdout)["models"] if model["state"] == "ready"}
    assert result.exit_code == 0
    assert ready == set(PARTICIPANTS)
