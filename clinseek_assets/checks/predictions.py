"""Checks of the predictions: known outcomes, unique questions, and how many have an answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import dagster as dg
import pandas

from clinseek_assets.checks.schemas import schema_result
from clinseek_assets.models.outcomes import MISSING, Outcome


def specs(asset: str) -> Sequence[dg.AssetCheckSpec]:
    """The checks of one arm's prediction asset."""
    return (
        dg.AssetCheckSpec(
            "schema", asset=asset, blocking=True, description="Columns, types, known outcomes, unique qids."
        ),
        dg.AssetCheckSpec(
            "answered", asset=asset, description="Every question got an answer or failed by the model's doing."
        ),
    )


def of_predictions(paths: Sequence[Path]) -> Iterator[dg.AssetCheckResult]:
    """Answer `specs` over the partitions of a run, as counts."""
    frames = [pandas.read_parquet(path) for path in paths]
    rows = pandas.concat([frame for frame in frames if len(frame)] or frames[:1], ignore_index=True)
    yield schema_result("schema", predictions_schema(), rows)
    outcomes = Counter(rows["outcome"])
    missing = sum(outcomes[str(outcome)] for outcome in MISSING)
    yield dg.AssetCheckResult(
        check_name="answered",
        passed=not missing,
        severity=dg.AssetCheckSeverity.WARN,
        description=f"{missing:,} of {len(rows):,} questions have no answer; they lower the coverage."
        if missing
        else None,
        metadata={"outcomes": dg.MetadataValue.json(dict(outcomes))},
    )


def predictions_schema() -> Any:
    """The shape of one arm's answers."""
    import pandera.pandas as pandera

    return pandera.DataFrameSchema(
        {
            "qid": pandera.Column(str),
            "row_number": pandera.Column(int, pandera.Check.ge(1)),
            "subtask": pandera.Column(str),
            "model": pandera.Column(str),
            "arm": pandera.Column(str),
            "run_index": pandera.Column(int, pandera.Check.ge(1)),
            "outcome": pandera.Column(str, pandera.Check.isin([str(outcome) for outcome in Outcome])),
        },
        unique=["qid", "model", "run_index"],
        coerce=True,
        name="predictions",
    )
