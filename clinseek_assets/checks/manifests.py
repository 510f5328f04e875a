"""Checks of the manifest: its shape, the counts that the release promises, and what is odd though allowed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import dagster as dg
import pandas

from clinseek_assets.benchmark.manifest_review import CountCheck, count_checks, manifest_warnings
from clinseek_assets.benchmark.multimodal.review import group_checks, multimodal_count_checks
from clinseek_assets.benchmark.released_counts import expected_counts
from clinseek_assets.checks.schemas import schema_result
from clinseek_assets.resources.home import Home

KEY = dg.AssetKey("text_manifest")
SPECS = (
    dg.AssetCheckSpec("schema", asset=KEY, blocking=True, description="Columns, types, unique qids, known subtasks."),
    dg.AssetCheckSpec(
        "released_counts", asset=KEY, blocking=True, description="Rows, patients and rows a subtask as the release has."
    ),
    dg.AssetCheckSpec(
        "gold_among_candidates", asset=KEY, description="Gold and candidates fit together; the release has exceptions."
    ),
)

MULTIMODAL_KEY = dg.AssetKey("multimodal_manifest")
MULTIMODAL_SPECS = (
    dg.AssetCheckSpec(
        "schema",
        asset=MULTIMODAL_KEY,
        blocking=True,
        description="Columns, types, unique qids, known tasks and groups.",
    ),
    dg.AssetCheckSpec(
        "released_counts",
        asset=MULTIMODAL_KEY,
        blocking=True,
        description="Rows, patients, images and reports as the release has them.",
    ),
    dg.AssetCheckSpec(
        "group_counts",
        asset=MULTIMODAL_KEY,
        description="Rows of the six groups as published; they go by our own rule, so that a difference is a warning.",
    ),
)


def of_text_manifest(home: Home) -> Iterator[dg.AssetCheckResult]:
    """Answer `SPECS` for the manifest that the graph keeps; failures name row numbers and counts, never a value."""
    from clinseek_assets.benchmark.manifest_schema import TEXT_MANIFEST

    yield schema_result("schema", TEXT_MANIFEST, pandas.read_parquet(home.manifest_file))
    questions = home.questions()
    yield counts_result("released_counts", count_checks(questions, expected_counts(home.settings.release_root)))
    odd = manifest_warnings(questions)
    yield dg.AssetCheckResult(
        check_name="gold_among_candidates",
        passed=not odd,
        severity=dg.AssetCheckSeverity.WARN,
        description="; ".join(f"{warning.rows:,} rows with {warning.name}" for warning in odd),
        metadata={
            warning.name: dg.MetadataValue.json(
                {"rows": warning.rows, "subtasks": len(warning.per_subtask), "first rows": list(warning.first_rows)}
            )
            for warning in odd
        },
    )


def of_multimodal_manifest(home: Home) -> Iterator[dg.AssetCheckResult]:
    """Answer `MULTIMODAL_SPECS`; a release that promises no counts of this split has none to be held against."""
    from clinseek_assets.benchmark.multimodal.manifest_frame import MULTIMODAL_MANIFEST

    yield schema_result("schema", MULTIMODAL_MANIFEST, pandas.read_parquet(home.multimodal_manifest_file))
    questions = home.multimodal_questions()
    expected = expected_counts(home.settings.release_root).multimodal
    yield counts_result("released_counts", multimodal_count_checks(questions, expected) if expected else [])
    groups = group_checks(questions, expected) if expected else []
    yield counts_result("group_counts", groups, dg.AssetCheckSeverity.WARN)


def counts_result(
    name: str, compared: Sequence[CountCheck], severity: dg.AssetCheckSeverity = dg.AssetCheckSeverity.ERROR
) -> dg.AssetCheckResult:
    """One check over several counts: what differs, by name."""
    wrong = [check for check in compared if not check.ok]
    return dg.AssetCheckResult(
        check_name=name,
        passed=not wrong,
        severity=severity,
        description="; ".join(f"{check.name}: {check.found:,} instead of {check.expected:,}" for check in wrong[:10]),
        metadata={"counts compared": len(compared), "different": len(wrong)},
    )
