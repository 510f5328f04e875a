"""The policy's invariant: no row is known before the time by which the benchmark orders it.

Known at m means seen at every moment after m. So the invariant holds iff at no moment a row is seen whose order time
does not lie before that moment.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clinseek_assets.mimic.catalogue import PATIENT_TABLES
from clinseek_assets.records.pinned.pin import Pin
from clinseek_assets.records.pinned.record import PinnedRecord
from clinseek_assets.timeline.events import midnight
from clinseek_assets_tests.records.pinned.lives import PATIENT, Row, T, write_database
from clinseek_assets_tests.records.pinned.random_lives import random_life

# Of these the policy takes the entry alone, since measured entries never precede the specimen; nor do they here.
ENTERED_AFTERWARDS = {"labevents": ("charttime",), "microbiologyevents": ("charttime", "chartdate")}
PARENTS = {"emar_detail": ("emar", "emar_id"), "poe_detail": ("poe", "poe_id"),
           "discharge_detail": ("discharge", "note_id"), "radiology_detail": ("radiology", "note_id")}  # fmt: skip


def orderly(life: dict[str, list[Row]]) -> dict[str, list[Row]]:
    for table, columns in ENTERED_AFTERWARDS.items():
        life[table] = [
            {**row, **{name: row["storetime"] for name in columns if row["storetime"] and row[name]
                       and row[name] > row["storetime"]},
             **({"storedate": row["chartdate"]} if row.get("storedate") else {}),
             **({"charttime": row["chartdate"]} if table == "microbiologyevents" and not row["storetime"] else {})}
            for row in life[table]
        ]  # fmt: skip
    return life


def order_time(life: Mapping[str, list[Row]], table: str, row: Mapping[str, Any]) -> datetime | None:
    """The time by which the benchmark orders a source row, None where it has none."""
    if table in PARENTS:
        parent, key = PARENTS[table]
        return next((order_time(life, parent, one) for one in life[parent] if one[key] == row[key]), None)
    if table in ("triage", "diagnosis"):
        stay = next((one for one in life["edstays"] if one["stay_id"] == row["stay_id"]), None)
        if stay is None:
            return None
        return stay["intime"] + timedelta(seconds=1) if table == "triage" else stay["outtime"]
    if table == "microbiologyevents":
        return row["charttime"] or row["chartdate"]
    column = PATIENT_TABLES[table].event_time
    return midnight(row[column]) if column else None


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seed=st.integers(0, 10**6),
    hours=st.floats(-100, 100, allow_nan=False),
    hadm_id=st.sampled_from([None, 1, 2]),
    subtask=st.sampled_from(["Inpatient_Mortality", "next_event", "emar"]),
)
def test_no_row_is_known_before_its_time(tmp_path: Path, reference: Path, seed, hours, hadm_id, subtask):
    life = orderly(random_life(seed, rows=6))
    write_database(tmp_path, life)
    moment = T + timedelta(hours=round(hours, 3))
    pin = Pin(PATIENT, hadm_id, moment, subtask)
    with PinnedRecord(pin, "strict", databases=tmp_path, reference=reference) as record:
        seen = record.timeline_rows()
    for table, rows in seen.items():
        for row in rows:
            ordered = order_time(life, table, life[table][row["source_row"] - 1])
            assert ordered is None or ordered < moment, table
