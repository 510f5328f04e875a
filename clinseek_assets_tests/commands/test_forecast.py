"""A forecast against what is then really asked, over a server on loopback."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from clinseek_assets.cli import clinseek
from clinseek_assets.commands.forecast import would_be_taken
from clinseek_assets.models.answer_book import Kept
from clinseek_assets.models.answered import Answered
from clinseek_assets.models.outcomes import Outcome
from clinseek_assets_tests.commands.test_graph_commands import environment
from clinseek_assets_tests.conftest import Graph
from clinseek_assets_tests.models.loopback import Endpoint, block, serving

OWN, ENDPOINT = {"question": "q", "prompt": "p"}, {"base_url": "u", "model_id": "m"}


@pytest.mark.parametrize(
    ("own", "endpoint", "taken"),
    [
        (OWN, ENDPOINT, True),
        (OWN, {"base_url": "u"}, True),  # `auto`: only the endpoint knows
        (OWN, {**ENDPOINT, "model_id": "n"}, False),
        (OWN, {**ENDPOINT, "base_url": "v"}, False),
        ({**OWN, "prompt": "changed"}, ENDPOINT, False),
        ({"question": "q"}, ENDPOINT, False),
        (None, ENDPOINT, False),
        (OWN, None, False),
    ],
)
def test_an_answer_is_taken_where_all_that_is_known_is_the_same(
    own: dict[str, str] | None, endpoint: dict[str, str] | None, taken: bool
) -> None:
    kept = Kept({**OWN, **ENDPOINT}, Answered(Outcome.FINISHED, ("no",)))
    assert would_be_taken(kept, own, endpoint) is taken


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with serving(block("no")) as served:
        yield served


def evaluate(graph: Graph, models: Path, *arguments: str) -> Result:
    environ = {**environment(graph), "CLINSEEK_MODELS": str(models)}
    chosen = ["evaluate", "--model", "served", "--arm", "curated", "--subtask", "pyxis"]
    return CliRunner(env=environ).invoke(clinseek, [*chosen, *arguments])


def forecast(graph: Graph, models: Path, *arguments: str) -> tuple[int, int, int]:
    (arm,) = json.loads(evaluate(graph, models, "--dry-run", "--json", *arguments).stdout)["arms"]
    return arm["questions"], arm["kept"], arm["answers"]


def registry(file: Path, url: str, campaign: dict[str, Any], **of_model: Any) -> Path:
    model = {"name": "served", "dialect": "openai_chat", "enabled": True, "base_url": url, "model_id": "m", **of_model}
    file.write_text(yaml.safe_dump({"models": [model], "campaign": campaign}))
    return file


@pytest.mark.slow
def test_what_a_sample_asked_is_left_out_until_something_changes(
    finished: Graph, endpoint: Endpoint, tmp_path: Path
) -> None:
    models = registry(tmp_path / "models.yaml", endpoint.url, {})
    assert forecast(finished, models) == (1, 0, 1)
    assert evaluate(finished, models, "--limit", "1").stdout.strip() == "curated: finished: 1"
    assert forecast(finished, models) == (1, 1, 0)
    assert forecast(finished, models, "--runs", "3") == (1, 1, 2)
    other = registry(tmp_path / "other.yaml", endpoint.url, {}, sampling={"temperature": 0.7})
    assert forecast(finished, other) == (1, 0, 1)
    assert len(endpoint.requests) == 1


@pytest.mark.slow
def test_a_cap_ends_a_run_with_a_partial_table_and_a_raised_one_continues_it(
    finished: Graph, endpoint: Endpoint, tmp_path: Path
) -> None:
    models = registry(tmp_path / "models.yaml", endpoint.url, {"tokens": 0})
    stopped = evaluate(finished, models, "--runs", "2")
    assert "2 of 2 answers are missing (2: the campaign's cap" in str(stopped.exception)
    assert "ClinSeek-Bench" in stopped.stdout
    assert forecast(finished, models) == (1, 0, 2) and not endpoint.requests
    registry(models, endpoint.url, {"tokens": 1_000_000})
    assert evaluate(finished, models).exit_code == 0
    assert forecast(finished, models) == (0, 0, 0) and len(endpoint.requests) == 2
