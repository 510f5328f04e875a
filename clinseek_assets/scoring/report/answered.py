"""How the questions were answered: outcomes, use of tools, tokens and dollars, as aggregates over predictions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import duckdb
import pandas

from clinseek_assets.benchmark.groups import GROUPS
from clinseek_assets.benchmark.subtasks import SUBTASKS
from clinseek_assets.locations.layout import Layout
from clinseek_assets.models.outcomes import Outcome
from clinseek_assets.scoring.report.arms import ARMS

PARTS = {"text": tuple(SUBTASKS), "multimodal": tuple(GROUPS)}
# What is averaged over the answers of a model in an arm, where it is known.
AVERAGED = ("rounds", "tool_calls", "prompt_tokens", "completion_tokens", "dollars", "seconds")
COLUMNS = ("model", "arm", "answers", "patients", *map(str, Outcome), *AVERAGED)


def read_answered(layout: Layout, split: str, models: Iterable[str], fewest_patients: int) -> pandas.DataFrame:
    """What the stored predictions of a split come to.

    Args:
        layout: the home's.
        split: `text` or `multimodal`.
        models: whose predictions are read.
        fewest_patients: answers of a model in an arm about fewer patients are left out.

    Returns:
        One row a model and arm, with `COLUMNS`: the number of answers (one a question and run) and of patients, the
        share of each outcome, and means an answer; NaN where nothing is known of it.
    """
    with duckdb.connect(":memory:") as engine:
        rows = [
            {"model": model, "arm": arm, **_aggregates(engine, files)}
            for model in models
            for arm in ARMS
            if (files := list(_files(layout, split, arm, model)))
        ]
    frame = pandas.DataFrame(rows, columns=list(COLUMNS))
    return frame[frame["patients"] >= fewest_patients].reset_index(drop=True)


def _files(layout: Layout, split: str, arm: str, model: str) -> Iterator[Path]:
    paths = (layout.predictions(split, arm, model, part) for part in PARTS[split])
    return (path for path in paths if path.is_file())


def _aggregates(engine: duckdb.DuckDBPyConnection, files: list[Path]) -> dict[str, float]:
    shares = ", ".join(f"avg((outcome = '{outcome}')::INT) AS {outcome}" for outcome in Outcome)
    means = ", ".join(f"avg({column}) AS {column}" for column in AVERAGED)
    select = (
        f"SELECT count(*) AS answers, count(DISTINCT subject_id) AS patients, {shares}, {means} FROM read_parquet(?)"
    )
    found = engine.execute(select, [[str(path) for path in files]]).df()
    return {str(name): float(value) for name, value in found.iloc[0].items()}
