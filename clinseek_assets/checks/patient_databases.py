"""Checks of the patient databases: one for each patient, none without a patient behind it, each opens."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import dagster as dg

from clinseek_assets.mimic.catalogue import PATIENT_TABLES
from clinseek_assets.resources.home import Home

KEY = dg.AssetKey("text_patient_databases")
SPECS = (
    dg.AssetCheckSpec(
        "every_patient", asset=KEY, blocking=True, description="A database for each patient asked about."
    ),
    dg.AssetCheckSpec(
        "known_to_the_sources",
        asset=KEY,
        blocking=True,
        description="Each patient stands in the patients table; otherwise release and sources do not belong together.",
    ),
    dg.AssetCheckSpec("opens", asset=KEY, blocking=True, description="Each file opens and has the catalogue's tables."),
)


def of_text_patient_databases(home: Home) -> Iterator[dg.AssetCheckResult]:
    """Answer `SPECS`; patients are counted, never named."""
    folder, cohort = home.layout.patient_databases("text"), home.cohort()
    files = [folder / f"patient_{subject_id}.db" for subject_id in sorted(cohort)]
    missing = sum(not path.is_file() for path in files)
    yield dg.AssetCheckResult(
        check_name="every_patient", passed=not missing, metadata={"expected": len(files), "missing": missing}
    )
    states = [state_of(path) for path in files if path.is_file()]
    strangers, broken = states.count("no patient"), states.count("broken")
    yield dg.AssetCheckResult(
        check_name="known_to_the_sources",
        passed=not strangers,
        description=f"{strangers:,} of {len(files):,} patients are not in the sources." if strangers else None,
        metadata={"not in the patients table": strangers},
    )
    yield dg.AssetCheckResult(check_name="opens", passed=not broken, metadata={"opened": len(states), "broken": broken})


def state_of(path: Path) -> str:
    """`good`, `no patient` (its patients table is empty) or `broken`."""
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            if not tables >= set(PATIENT_TABLES):
                return "broken"
            return "good" if connection.execute("SELECT 1 FROM patients").fetchone() else "no patient"
    except sqlite3.Error:
        return "broken"
