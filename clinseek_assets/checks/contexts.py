"""Checks of the contexts: a row a question, how many questions have none, and that strict ones end at the moment."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import dagster as dg
import pandas

from clinseek_assets.benchmark.questions import Question
from clinseek_assets.checks.schemas import schema_result
from clinseek_assets.resources.home import Home

KEY = dg.AssetKey("text_contexts")
STRICT_KEY = dg.AssetKey("text_strict_contexts")
SPECS = (
    dg.AssetCheckSpec(
        "schema", asset=KEY, blocking=True, description="Columns, types, and a hash and length a context."
    ),
    dg.AssetCheckSpec(
        "a_row_a_question", asset=KEY, blocking=True, description="Every question of the subtasks has exactly one row."
    ),
    dg.AssetCheckSpec("all_found", asset=KEY, description="Every question has a context; without one it is not asked."),
)
STRICT_SPECS = (
    dg.AssetCheckSpec(
        "schema", asset=STRICT_KEY, blocking=True, description="Columns, types, and hash, length and counts a context."
    ),
    dg.AssetCheckSpec(
        "a_row_a_question",
        asset=STRICT_KEY,
        blocking=True,
        description="Every question of the subtasks has exactly one row.",
    ),
    dg.AssetCheckSpec(
        "nothing_from_the_moment_on",
        asset=STRICT_KEY,
        blocking=True,
        description="No strict context shows a time in brackets that is not before its question's moment.",
    ),
)


def of_text_contexts(home: Home, subtasks: Sequence[str]) -> Iterator[dg.AssetCheckResult]:
    """Answer `SPECS` over the subtasks of a run, as counts."""
    from clinseek_assets.contexts.schema import CONTEXTS

    frame = _frame(home, "curated", subtasks)
    yield schema_result("schema", CONTEXTS, frame)
    yield _a_row_a_question(frame, _asked(home, subtasks))
    without = frame.loc[frame["context"].isna(), "subtask"].value_counts().sort_index()
    yield dg.AssetCheckResult(
        check_name="all_found",
        passed=without.empty,
        severity=dg.AssetCheckSeverity.WARN,
        description=f"{without.sum():,} of {len(frame):,} questions have no context." if len(without) else None,
        metadata={"questions without a context": dg.MetadataValue.json({str(k): int(v) for k, v in without.items()})},
    )


def of_text_strict_contexts(home: Home, subtasks: Sequence[str]) -> Iterator[dg.AssetCheckResult]:
    """Answer `STRICT_SPECS` over the subtasks of a run, as counts."""
    from clinseek_assets.contexts.schema import STRICT_CONTEXTS
    from clinseek_assets.contexts.strict import told_too_early

    frame, asked = _frame(home, "curated_strict", subtasks), _asked(home, subtasks)
    yield schema_result("schema", STRICT_CONTEXTS, frame)
    yield _a_row_a_question(frame, asked)
    early = told_too_early(frame, asked)
    yield dg.AssetCheckResult(
        check_name="nothing_from_the_moment_on",
        passed=not early,
        metadata={"contexts": int(frame["context"].notna().sum()), "with a later time": early},
    )


def _frame(home: Home, arm: str, subtasks: Sequence[str]) -> pandas.DataFrame:
    paths = [home.layout.contexts("text", arm, subtask) for subtask in subtasks]
    return pandas.concat([pandas.read_parquet(path) for path in paths], ignore_index=True)


def _asked(home: Home, subtasks: Sequence[str]) -> list[Question]:
    return [question for subtask in subtasks for question in home.questions(subtask)]


def _a_row_a_question(frame: pandas.DataFrame, asked: Sequence[Question]) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        check_name="a_row_a_question",
        passed=sorted(frame["qid"]) == sorted(question.qid for question in asked),
        metadata={"questions": len(asked), "rows": len(frame)},
    )
