"""Checks of the contexts: a row a question, and how many questions have no context."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import dagster as dg
import pandas

from clinseek_assets.checks.schemas import schema_result
from clinseek_assets.resources.home import Home

KEY = dg.AssetKey("text_contexts")
SPECS = (
    dg.AssetCheckSpec(
        "schema", asset=KEY, blocking=True, description="Columns, types, and a hash and length a context."
    ),
    dg.AssetCheckSpec(
        "a_row_a_question", asset=KEY, blocking=True, description="Every question of the subtasks has exactly one row."
    ),
    dg.AssetCheckSpec("all_found", asset=KEY, description="Every question has a context; without one it is not asked."),
)


def of_text_contexts(home: Home, subtasks: Sequence[str]) -> Iterator[dg.AssetCheckResult]:
    """Answer `SPECS` over the subtasks of a run, as counts."""
    from clinseek_assets.contexts.schema import CONTEXTS

    paths = [home.layout.contexts("text", "curated", subtask) for subtask in subtasks]
    frame = pandas.concat([pandas.read_parquet(path) for path in paths], ignore_index=True)
    yield schema_result("schema", CONTEXTS, frame)
    asked = {question.qid for question in home.questions() if question.task in set(subtasks)}
    yield dg.AssetCheckResult(
        check_name="a_row_a_question",
        passed=set(frame["qid"]) == asked and len(frame) == len(asked),
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
