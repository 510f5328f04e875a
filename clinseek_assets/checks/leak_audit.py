"""Checks of the leak audit: one a verdict, each blocking, told in counts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import dagster as dg

from clinseek_assets.locations.data_class import DataClass
from clinseek_assets.resources.home import Home

KEY = dg.AssetKey("leak_audit")

# Figures of fewer patients are not shown of credentialed data, since they may single out somebody.
FEWEST_PATIENTS_SHOWN = 11
TOLD = 10

DESCRIPTIONS = {
    "nothing_later": "Under strict every question sees exactly the rows and values that were known at its moment.",
    "compat_as_published": "Under compat every question sees exactly what the published rule of time shows.",
    "controls_caught": "A planted future row in every table and every planted later value is hidden, and is flagged "
    "where a view shows it.",
    "gold_out_of_sight": "Rows that may be the target itself name an answer in at most 2% of a subtask's questions.",
    "label_probes": "No hand-written probe tells a risk label under strict (AUROC at most 0.9), unless listed.",
    "counts_and_nulls": "Numbers of rows and of NULLs do not tell a risk label (AUROC at most 0.9), unless listed.",
    "contexts": "Every strict context is what the rows known at its moment give, and ends before it.",
}
SPECS = tuple(
    dg.AssetCheckSpec(name, asset=KEY, blocking=True, description=description)
    for name, description in DESCRIPTIONS.items()
)


def fewest_patients(data_class: DataClass) -> int:
    """How many patients a figure must at least be of to be shown."""
    return 1 if data_class == "open" else FEWEST_PATIENTS_SHOWN


def of_leak_audit(home: Home) -> Iterator[dg.AssetCheckResult]:
    """Answer `SPECS` from the report."""
    return told_verdicts(home.layout.reports / "leak_audit.json")


def told_verdicts(report_file: Path) -> Iterator[dg.AssetCheckResult]:
    """The verdicts of an audit's report as results of checks."""
    report = json.loads(report_file.read_text(encoding="utf-8"))
    for verdict in report["verdicts"]:
        yield dg.AssetCheckResult(
            check_name=verdict["check"],
            passed=verdict["passed"],
            description="; ".join(verdict["failures"][:TOLD]) or None,
            metadata={
                "looked at": verdict["looked_at"],
                "failures": len(verdict["failures"]),
                **({"let pass": dg.MetadataValue.json(verdict["listed"])} if verdict["listed"] else {}),
            },
        )
