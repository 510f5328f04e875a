"""Checks of the scores: figures are there exactly where an answer was scored, and are what F1 can be; differences
between arms lie in their intervals, and corrections never make a p smaller.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import dagster as dg
import pandas

from clinseek_assets.checks.schemas import schema_result


def specs(asset: str) -> Sequence[dg.AssetCheckSpec]:
    """The checks of one arm's score asset."""
    return (
        dg.AssetCheckSpec(
            "schema",
            asset=asset,
            blocking=True,
            description="Figures where scored and only there, F1 between precision and recall.",
        ),
    )


def of_scores(split: str, paths: Sequence[Path]) -> Iterator[dg.AssetCheckResult]:
    """Answer `specs` over the partitions of a run of one split."""
    from clinseek_assets.scoring.schema import SCHEMAS

    scores = pandas.concat([pandas.read_parquet(path) for path in paths], ignore_index=True)
    yield schema_result("schema", SCHEMAS[split], scores)


def contrast_specs(asset: str) -> Sequence[dg.AssetCheckSpec]:
    """The checks of a split's contrasts."""
    return (
        dg.AssetCheckSpec(
            "schema",
            asset=asset,
            blocking=True,
            description="One row a cell, differences in their intervals, no correction smaller than its p.",
        ),
    )


def of_contrasts(path: Path) -> Iterator[dg.AssetCheckResult]:
    """Answer `contrast_specs`."""
    from clinseek_assets.scoring.contrast_schema import CONTRASTS

    yield schema_result("schema", CONTRASTS, pandas.read_parquet(path))
