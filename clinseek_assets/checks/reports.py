"""Checks of the reports: the release and what was built from it are whole."""

from __future__ import annotations

import json
from collections.abc import Iterator

import dagster as dg

from clinseek_assets.resources.home import Home

KEY = dg.AssetKey("release_validation")
SPECS = (
    dg.AssetCheckSpec(
        "valid", asset=KEY, description="Every released count and every linked artifact is as it should be."
    ),
)


def of_release_validation(home: Home) -> Iterator[dg.AssetCheckResult]:
    """Answer `SPECS`: which checks failed, with the figures."""
    report = json.loads((home.layout.reports / "release_validation.json").read_text(encoding="utf-8"))
    failed = [check for check in report["checks"] if not check["ok"]]
    yield dg.AssetCheckResult(
        check_name="valid",
        passed=not failed,
        description="; ".join(
            f"{check['name']}: {check['found']} instead of {check['expected']}" for check in failed[:10]
        ),
        metadata={"checks": len(report["checks"]), "failed": len(failed)},
    )
