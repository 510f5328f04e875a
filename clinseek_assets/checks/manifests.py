"""Checks of the manifest: its shape, the counts that the release promises, and what is odd though allowed."""

from __future__ import annotations

from collections.abc import Iterator

import dagster as dg
import pandas

from clinseek_assets.benchmark.manifest_review import count_checks, manifest_warnings
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


def of_text_manifest(home: Home) -> Iterator[dg.AssetCheckResult]:
    """Answer `SPECS` for the manifest that the graph keeps; failures name row numbers and counts, never a value."""
    from clinseek_assets.benchmark.manifest_schema import TEXT_MANIFEST

    yield schema_result("schema", TEXT_MANIFEST, pandas.read_parquet(home.manifest_file))
    questions = home.questions()
    compared = count_checks(questions, expected_counts(home.settings.release_root))
    wrong = [check for check in compared if not check.ok]
    yield dg.AssetCheckResult(
        check_name="released_counts",
        passed=not wrong,
        description="; ".join(f"{check.name}: {check.found:,} instead of {check.expected:,}" for check in wrong[:10]),
        metadata={"counts compared": len(compared), "different": len(wrong)},
    )
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
