"""Checks of the linked files: a row a link, and whether each is whole. Counts by status, never a path or an id."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import dagster as dg
import pandas

from clinseek_assets.checks.schemas import schema_result
from clinseek_assets.imaging.troubles import OK
from clinseek_assets.resources.home import Home
from clinseek_assets.storage.fault_tally import NAMED_PLACES

IMAGES, REPORTS = dg.AssetKey("image_links"), dg.AssetKey("report_links")


def _specs(key: dg.AssetKey, what: str) -> tuple[dg.AssetCheckSpec, ...]:
    return (
        dg.AssetCheckSpec("schema", asset=key, blocking=True, description="Columns, types, positions, known statuses."),
        dg.AssetCheckSpec(
            "a_row_a_link", asset=key, blocking=True, description=f"Each linked {what} of each question has its row."
        ),
        dg.AssetCheckSpec(
            "all_whole",
            asset=key,
            description=f"Every linked {what} is there and whole; else its question is not asked.",
        ),
    )


IMAGE_SPECS = _specs(IMAGES, "image")
REPORT_SPECS = _specs(REPORTS, "report")


def of_image_links(home: Home, groups: Sequence[str]) -> Iterator[dg.AssetCheckResult]:
    """Answer `IMAGE_SPECS` over the groups of a run."""
    from clinseek_assets.imaging.schema import IMAGE_LINKS

    yield from _results(home, "image_links", "image_paths", IMAGE_LINKS, groups)


def of_report_links(home: Home, groups: Sequence[str]) -> Iterator[dg.AssetCheckResult]:
    """Answer `REPORT_SPECS` over the groups of a run."""
    from clinseek_assets.imaging.schema import REPORT_LINKS

    yield from _results(home, "report_links", "report_paths", REPORT_LINKS, groups)


def _results(
    home: Home, what: str, attribute: str, schema: Any, groups: Sequence[str]
) -> Iterator[dg.AssetCheckResult]:
    frames = [pandas.read_parquet(home.layout.links(what, group)) for group in groups]
    frame = pandas.concat([one for one in frames if len(one)] or frames[:1], ignore_index=True)
    yield schema_result("schema", schema, frame)
    linked = sum(len(getattr(question, attribute)) for group in groups for question in home.multimodal_questions(group))
    yield dg.AssetCheckResult(
        check_name="a_row_a_link", passed=linked == len(frame), metadata={"links": linked, "rows": len(frame)}
    )
    wrong = frame[frame["status"] != OK]
    counts = {str(status): int(count) for status, count in wrong["status"].value_counts().items()}
    first = sorted({int(row) for row in wrong["row_number"]})[:NAMED_PLACES]
    told = "; ".join(f"{count:,} {status}" for status, count in counts.items())
    yield dg.AssetCheckResult(
        check_name="all_whole",
        passed=wrong.empty,
        severity=dg.AssetCheckSeverity.WARN,
        description=f"{told} (first rows of the manifest: {', '.join(map(str, first))})." if counts else None,
        metadata={"by status": dg.MetadataValue.json(counts), "first rows": dg.MetadataValue.json(first)},
    )
