"""Checks of the multimodal contexts: a row a question, and how many questions have none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import dagster as dg
import pandas

from clinseek_assets.checks.schemas import schema_result
from clinseek_assets.resources.home import Home


def specs(asset: str) -> tuple[dg.AssetCheckSpec, ...]:
    """The checks of one asset of contexts."""
    return (
        dg.AssetCheckSpec(
            "schema", asset=asset, blocking=True, description="Columns, types, and a hash and length a context."
        ),
        dg.AssetCheckSpec(
            "a_row_a_question", asset=asset, blocking=True, description="Every question has exactly one row."
        ),
        dg.AssetCheckSpec(
            "all_found", asset=asset, description="Every question has a context; without one it is not asked."
        ),
    )


def of_contexts(home: Home, arm: str, groups: Sequence[str]) -> Iterator[dg.AssetCheckResult]:
    """Answer `specs` over the groups of a run, as counts."""
    from clinseek_assets.contexts import multimodal_schema

    schemas = {
        "curated": multimodal_schema.MULTIMODAL_CONTEXTS,
        "curated_strict": multimodal_schema.MULTIMODAL_STRICT_CONTEXTS,
    }
    paths = [home.layout.contexts("multimodal", arm, group) for group in groups]
    frame = pandas.concat([pandas.read_parquet(path) for path in paths], ignore_index=True)
    yield schema_result("schema", schemas[arm], frame)
    asked = [question.qid for group in groups for question in home.multimodal_questions(group)]
    yield dg.AssetCheckResult(
        check_name="a_row_a_question",
        passed=sorted(frame["qid"]) == sorted(asked),
        metadata={"questions": len(asked), "rows": len(frame)},
    )
    without = frame.loc[frame["context"].isna(), "subtask"].value_counts().sort_index()
    yield dg.AssetCheckResult(
        check_name="all_found",
        passed=without.empty,
        severity=dg.AssetCheckSeverity.WARN,
        description=f"{without.sum():,} of {len(frame):,} questions have no context." if len(without) else None,
        metadata={"questions without a context": dg.MetadataValue.json({str(k): int(v) for k, v in without.items()})},
    )
