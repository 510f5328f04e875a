"""Checks of the multimodal leak audit: one a verdict, each blocking, told in counts."""

from __future__ import annotations

from collections.abc import Iterator

import dagster as dg

from clinseek_assets.checks.leak_audit import told_verdicts
from clinseek_assets.resources.home import Home

KEY = dg.AssetKey("multimodal_leak_audit")
FILE = "multimodal_leak_audit.json"
DESCRIPTIONS = {
    "nothing_later": "Under strict every question sees exactly the rows and values that were known at its moment.",
    "compat_as_published": "Under compat every question sees exactly what the published rule of time shows.",
    "controls_caught": "A planted future row in every table and every planted later value is hidden, and is flagged "
    "where a view shows it.",
    "nothing_beyond_the_list": "No database holds a table or column beyond the allow-list: answers lie in none.",
    "contexts": "Every context, published and strict, is what the oracle's rows give.",
}
SPECS = tuple(
    dg.AssetCheckSpec(name, asset=KEY, blocking=True, description=description)
    for name, description in DESCRIPTIONS.items()
)


def of_multimodal_leak_audit(home: Home) -> Iterator[dg.AssetCheckResult]:
    """Answer `SPECS` from the report."""
    return told_verdicts(home.layout.reports / FILE)
