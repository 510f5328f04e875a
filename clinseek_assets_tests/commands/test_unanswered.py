"""What is missing after a run: counted over the partitions that were asked for, told with what continues it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pandas
import pytest

from clinseek_assets.assets.arms import ARMS_OF
from clinseek_assets.assets.predictions import path_of
from clinseek_assets.commands.unanswered import fault_of, say_what_is_missing
from clinseek_assets.faults import EndpointFault
from clinseek_assets.locations.settings import load_settings
from clinseek_assets.resources.home import Home

MODEL = "always_no"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    models = tmp_path / "models.yaml"
    models.write_text(f"models:\n- {{name: {MODEL}, dialect: baseline, model_id: always_no, enabled: true}}\n")
    return Home.of(
        load_settings({"CLINSEEK_HOME": str(tmp_path), "CLINSEEK_MODELS": str(models)}, project_root=tmp_path)
    )


def write(home: Home, arm: str, subtask: str, rows: list[tuple[str, str | None]]) -> None:
    file = path_of(home, ARMS_OF["text"][arm], f"{MODEL}|{subtask}")
    file.parent.mkdir(parents=True)
    pandas.DataFrame(rows, columns=["outcome", "error_kind"]).astype("str").to_parquet(file)


def told(home: Home, *subtasks: str) -> str | None:
    try:
        say_what_is_missing(home, MODEL, list(ARMS_OF["text"].values()), subtasks)
    except EndpointFault as fault:
        return str(fault)
    return None


def test_only_what_a_next_run_would_ask_again_is_missing(home: Home) -> None:
    assert told(home, "services") is None  # nothing was predicted
    write(home, "seeking", "services", [("finished", None), ("truncated", None), ("not_run", None)])
    assert told(home, "services") is None
    write(
        home,
        "curated",
        "services",
        [("endpoint_failed", "timeout"), ("over_budget", "over_budget"), ("finished", None)],
    )
    said = told(home, "services")
    assert said is not None and said.startswith("2 of 6 answers are missing (")
    assert "1: the campaign's cap does not allow them" in said and "gave no answer (timeout)" in said
    assert told(home, "labevents") is None  # of another subtask nothing is told


@pytest.mark.parametrize(
    ("kinds", "cap", "look"),
    [
        ({"over_budget": 3}, True, False),
        ({"connection": 2, "given_up": 9}, False, True),
        ({"http_500": 1, "over_budget": 1}, True, True),
    ],
)
def test_the_mend_is_that_of_the_cause(kinds: dict[str, int], cap: bool, look: bool) -> None:
    fault = fault_of(Counter(kinds), 20)
    assert ("campaign" in fault.mend, "models check" in fault.mend) == (cap, look)
    assert (
        fault.mend.endswith("asks nothing again that has an answer.") and f"{sum(kinds.values())} of 20" in fault.what
    )
