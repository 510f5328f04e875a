"""Checks of the patient databases: one for each patient, none without a patient behind it, each opens."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator
from contextlib import closing
from pathlib import Path

import dagster as dg

from clinseek_assets.records.pinned.kinds import KINDS
from clinseek_assets.resources.home import Home


def specs(asset: str) -> tuple[dg.AssetCheckSpec, ...]:
    """The checks of one asset of databases."""
    return (
        dg.AssetCheckSpec(
            "every_patient", asset=asset, blocking=True, description="A database for each patient asked about."
        ),
        dg.AssetCheckSpec(
            "known_to_the_sources",
            asset=asset,
            blocking=True,
            description="Each patient stands in the sources; otherwise release and sources do not belong together.",
        ),
        dg.AssetCheckSpec(
            "opens", asset=asset, blocking=True, description="Each file opens and has the catalogue's tables."
        ),
    )


def of_patient_databases(
    home: Home, records: str, dataset: str, cohort: Collection[int]
) -> Iterator[dg.AssetCheckResult]:
    """Answer `specs`; patients are counted, never named.

    Args:
        home: the home.
        records: the folder of the databases.
        dataset: whose catalogue their tables are.
        cohort: the patients asked about.
    """
    folder = home.layout.patient_databases(records)
    files = [folder / f"patient_{subject_id}.db" for subject_id in sorted(cohort)]
    missing = sum(not path.is_file() for path in files)
    yield dg.AssetCheckResult(
        check_name="every_patient", passed=not missing, metadata={"expected": len(files), "missing": missing}
    )
    states = [state_of(path, dataset) for path in files if path.is_file()]
    strangers, broken = states.count("no patient"), states.count("broken")
    yield dg.AssetCheckResult(
        check_name="known_to_the_sources",
        passed=not strangers,
        description=f"{strangers:,} of {len(files):,} patients are not in the sources." if strangers else None,
        metadata={"not in the sources": strangers},
    )
    yield dg.AssetCheckResult(check_name="opens", passed=not broken, metadata={"opened": len(states), "broken": broken})


def state_of(path: Path, dataset: str) -> str:
    """`good`, `no patient` (the tables that name the patient are empty) or `broken`."""
    kind = KINDS[dataset]
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            if not tables >= set(kind.tables):
                return "broken"
            named = any(connection.execute(f'SELECT 1 FROM "{name}"').fetchone() for name in kind.named_in)
            return "good" if named else "no patient"
    except sqlite3.Error:
        return "broken"
