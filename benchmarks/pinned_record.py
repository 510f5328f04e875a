"""The pinned record: opening it, grouping 20,000 rows by label, and what tools ask of a patient with 300,000 rows."""

from __future__ import annotations

import random
import sqlite3
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from clinseek_assets.mimic.catalogue import PATIENT_TABLES
from clinseek_assets.mimic.tables import ColumnType
from clinseek_assets.records import reference_tables, sqlite_tables
from clinseek_assets.records.database_schema import schema_statements
from clinseek_assets.records.patient_databases import database_path
from clinseek_assets.records.pinned.answers import Refusal
from clinseek_assets.records.pinned.limits import Limits
from clinseek_assets.records.pinned.pin import Pin, Policy
from clinseek_assets.records.pinned.record import PinnedRecord

SEED = 7
PATIENT, LARGE = 10_000_001, 10_000_002
ADMISSIONS = 20
ITEMS = 400
MOMENT = datetime(2150, 6, 1, 12)
ROWS = {
    PATIENT: {"labevents": 20_000, "chartevents": 8_000, "emar": 3_000, "emar_detail": 6_000, "poe": 3_000,
              "prescriptions": 1_500, "pharmacy": 1_500, "diagnoses_icd": 300, "inputevents": 1_000},
    LARGE: {"chartevents": 300_000, "labevents": 60_000, "emar": 20_000, "emar_detail": 40_000, "poe": 20_000,
            "prescriptions": 10_000, "pharmacy": 10_000, "diagnoses_icd": 600, "inputevents": 20_000},
}  # fmt: skip
ROUNDS = 21

# What the tools and a model's SQL come down to.
GROUPED = {
    "group 20,000 rows by item, with label": "SELECT itemid, label, count(*) FROM labevents GROUP BY itemid",
    "group 20,000 rows by label": "SELECT label, count(*) FROM labevents GROUP BY label",
    "group 20,000 rows by label, with means": "SELECT label, count(*), avg(valuenum) FROM labevents GROUP BY label",
}
ON_LARGE = {
    "count": "SELECT count(*) FROM chartevents",
    "by time": "SELECT * FROM chartevents WHERE charttime BETWEEN '2150-05-20' AND '2150-05-21' ORDER BY charttime",
    "latest": "SELECT * FROM chartevents WHERE charttime = (SELECT max(charttime) FROM chartevents)",
    "by value": "SELECT * FROM chartevents WHERE itemid = 220017 ORDER BY charttime",
    "by value without an index": "SELECT * FROM chartevents WHERE valuenum > 99.9 AND valueuom = 'mmHg'",
    "by keyword": "SELECT * FROM chartevents WHERE value LIKE '%9.255%' OR valueuom LIKE '%9.255%' "
    "OR label LIKE '%9.255%'",
    "by keyword in its label": "SELECT * FROM chartevents WHERE label LIKE '%item 17%' LIMIT 100",
    "distinct values": "SELECT DISTINCT itemid FROM chartevents LIMIT 51",
    "distinct labels": "SELECT DISTINCT label FROM chartevents LIMIT 51",
    "grouped with label": "SELECT itemid, label, count(*) FROM chartevents GROUP BY itemid",
    "details of 40,000 rows": "SELECT count(*) FROM emar_detail",
    "prescriptions": "SELECT drug, count(*) FROM prescriptions GROUP BY drug",
    "joined": "SELECT count(*) FROM prescriptions p JOIN pharmacy USING (pharmacy_id) "
    "JOIN admissions a ON a.hadm_id = p.hadm_id",
}


POLICIES: tuple[Policy, ...] = ("strict", "compat")


def run(folder: Path) -> dict[str, Any]:
    """Write two patients into `folder` and measure.

    Returns:
        name; milliseconds of opening (the median of its rounds) and of statements (the fastest, as everywhere in these
        benchmarks); how late endless statements were stopped, at worst.
    """
    folder.mkdir(parents=True, exist_ok=True)
    reference = write_reference(folder / "reference_table.db")
    for patient, rows in ROWS.items():
        write_patient(database_path(folder, patient), patient, rows)
    pins = {patient: Pin(patient, ADMISSIONS // 2, MOMENT, "Inpatient_Mortality") for patient in ROWS}
    figures: dict[str, Any] = {"name": "pinned records (milliseconds)"}
    for policy in POLICIES:
        for patient, size in ((PATIENT, "40,000"), (LARGE, "480,000")):

            def opening(patient: int = patient, policy: Policy = policy) -> None:
                PinnedRecord(pins[patient], policy, databases=folder, reference=reference).close()

            figures[f"{policy}: open, {size} rows"] = _milliseconds(opening, statistics.median)
    with PinnedRecord(pins[PATIENT], "strict", databases=folder, reference=reference) as record:
        figures |= {name: _milliseconds(_asking(record, sql), min) for name, sql in GROUPED.items()}
    for policy in POLICIES:
        with PinnedRecord(pins[LARGE], policy, databases=folder, reference=reference) as record:
            of_policy = {f"{policy}, 300,000 rows: {name}": _milliseconds(_asking(record, sql), min)
                         for name, sql in ON_LARGE.items()}  # fmt: skip
            figures |= of_policy
            figures[f"{policy}, 300,000 rows: slowest"] = max(of_policy.values())
    figures["worst lateness of a stop"] = _worst_lateness(folder, reference, pins[LARGE])
    return figures


def _asking(record: PinnedRecord, statement: str) -> Callable[[], object]:
    return lambda: record.query(statement)


def _milliseconds(act: Callable[[], object], of_rounds: Callable[[list[float]], float]) -> float:
    taken = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        act()
        taken.append(time.perf_counter() - started)
    return round(of_rounds(taken) * 1e3, 2)


def _worst_lateness(folder: Path, reference: Path, pin: Pin) -> float:
    """How long after its deadline an endless statement ends, at worst of some kinds."""
    endless = (
        "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n",
        "SELECT a.itemid FROM chartevents a, chartevents b ORDER BY a.itemid * b.caregiver_id % 1009",
        "SELECT count(*) FROM chartevents a, chartevents b WHERE a.value LIKE '%' || b.value || '%x%'",
        "SELECT sum(a.itemid) OVER (ORDER BY b.itemid) FROM chartevents a, labevents b",
        "SELECT median(a.itemid * b.itemid % 10007) FROM chartevents a, labevents b",
    )
    worst = 0.0
    for seconds in (0.1, 0.2, 0.3, 0.4):
        limits = Limits(seconds=seconds)
        with PinnedRecord(pin, "strict", databases=folder, reference=reference, limits=limits) as record:
            for statement in endless:
                started = time.perf_counter()
                try:
                    record.query(statement)
                except Refusal:
                    worst = max(worst, time.perf_counter() - started - seconds)
    return round(worst * 1e3, 1)


def write_reference(path: Path) -> Path:
    """Dictionaries with as many items as MIMIC-IV has."""
    items: dict[str, list[tuple[Any, ...]]] = {
        "d_labitems": [(50_800 + number, f"Test {number}", "Blood", "Chemistry") for number in range(1_650)],
        "d_items": [
            (220_000 + number, f"Item {number}", f"I{number}", "chartevents", "Vitals", None, "Numeric", None, None)
            for number in range(4_000)
        ],
    }
    written = [
        reference_tables.dictionary_table(name, items.get(name, ())) for name in reference_tables.DICTIONARY_TABLES
    ]
    written += [reference_tables.ccs_table(name, (), {}) for name in reference_tables.CCS_TABLES]
    sqlite_tables.write_tables(path, [*written, reference_tables.atc_table(None)], "0" * 64)
    return path


def write_patient(path: Path, patient: int, rows: dict[str, int]) -> None:
    """A patient with as many rows a table, spread over their admissions; they end after the moment."""
    path.unlink(missing_ok=True)
    chance = random.Random(SEED)
    life = {"patients": 1, "admissions": ADMISSIONS, **rows}
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("BEGIN")
        for statement in schema_statements():
            database.execute(statement)
        for table, count in life.items():
            names = PATIENT_TABLES[table].column_names
            marks = ", ".join("?" * len(names))
            columns = ", ".join(f'"{name}"' for name in names)
            database.executemany(
                f'INSERT INTO "{table}" ({columns}) VALUES ({marks})', _rows(table, count, patient, chance)
            )
        database.execute("COMMIT")


def _rows(table: str, count: int, patient: int, chance: random.Random) -> Iterator[list[Any]]:
    first = MOMENT - timedelta(days=900)
    for number in range(count):
        hadm_id = 1 + number * ADMISSIONS // count
        when = first + timedelta(days=1_000) * (number / count)
        known = {"subject_id": patient, "hadm_id": hadm_id, "stay_id": 500 + hadm_id, "anchor_year": 2148,
                 "itemid": (50_800 if table == "labevents" else 220_000) + chance.randrange(ITEMS),
                 "poe_id": f"{patient}-{number}", "emar_id": f"{patient}-{number % max(1, count // 2)}",
                 "pharmacy_id": number, "dischtime": _text(when + timedelta(days=9)), "deathtime": None,
                 "value": f"{chance.randrange(400) / 4}", "valuenum": chance.randrange(400) / 4, "valueuom": "mmHg",
                 "ndc": "0"}  # fmt: skip
        yield [
            known[column.name] if column.name in known else _filling(column.type, when, number, chance)
            for column in PATIENT_TABLES[table].columns
        ]


def _filling(kind: ColumnType, when: datetime, number: int, chance: random.Random) -> Any:
    if kind in (ColumnType.DATETIME, ColumnType.DATE):
        return _text(when + timedelta(minutes=chance.randrange(90)))[: 10 if kind is ColumnType.DATE else 19]
    if kind is ColumnType.TEXT:
        return f"text {number % 97}"
    return number % 1013


def _text(when: datetime) -> str:
    return when.isoformat(" ", "seconds")
