"""The EHR tools on a patient with 300,000 charted rows, and candidate search over 87,000 names."""

from __future__ import annotations

import random
import statistics
import time
from pathlib import Path
from typing import Any

from benchmarks.pinned_record import ADMISSIONS, LARGE, MOMENT, POLICIES, ROWS, SEED, write_patient, write_reference
from clinseek_assets.records import candidate_tables, sqlite_tables
from clinseek_assets.records.patient_databases import database_path
from clinseek_assets.records.pinned.pin import Pin
from clinseek_assets.records.pinned.record import PinnedRecord
from clinseek_assets.records.sqlite_tables import SqliteTable
from clinseek_assets.records.table_descriptions import DESCRIPTIONS_FILE, build_table_descriptions
from clinseek_assets.records.tools.candidates import open_candidates
from clinseek_assets.records.tools.descriptions import read_descriptions
from clinseek_assets.records.tools.ehr_tools import EhrTools

ROUNDS = 5
DIAGNOSES = 87_103  # as many as the published candidate table has
TABLE = {"table_name": "chartevents"}
SPAN = {"start_time": "2150-05-01", "end_time": "2150-06-02"}

# What a model asks of the largest table; each is run under both policies.
CALLS: dict[str, tuple[str, dict[str, Any]]] = {
    "load": ("ehr.load_ehr", {"timestamp": str(MOMENT)}),
    "unique values, few": ("ehr.get_unique_values", {**TABLE, "column_name": "valueuom"}),
    "unique values, many": ("ehr.get_unique_values", {**TABLE, "column_name": "label"}),
    "records by time": ("ehr.get_records_by_time", {**TABLE, **SPAN}),
    "the last page by time": ("ehr.get_records_by_time", {**TABLE, **SPAN, "page": 20}),
    "event counts": ("ehr.get_event_counts_by_time", SPAN),
    "latest records": ("ehr.get_latest_records", TABLE),
    "keyword": ("ehr.get_records_by_keyword", {**TABLE, "keyword": "item 17"}),
    "keyword that is nowhere": ("ehr.get_records_by_keyword", {**TABLE, "keyword": "no such word"}),
    "value": ("ehr.get_records_by_value", {**TABLE, "column_name": "itemid", "value": "220017"}),
    "value that is nowhere": ("ehr.get_records_by_value", {**TABLE, "column_name": "value", "value": "1e9"}),
    "sql": ("ehr.run_sql_query", {"sql_query": "SELECT itemid, label, count(*) FROM chartevents GROUP BY itemid"}),
}
OF_CANDIDATES: dict[str, tuple[str, dict[str, Any]]] = {
    "candidates by keyword": ("ehr.get_candidates_by_keyword", {"keyword": "kidney"}),
    "candidates, fuzzy": ("ehr.get_candidates_by_fuzzy_matching", {"keywords": ["kidny failure", "pneumona"]}),
}


def run(folder: Path) -> dict[str, Any]:
    """Write the patient and the vocabulary into `folder` and measure.

    Returns:
        name; the milliseconds of each tool (the median of its rounds), and of the slowest under each policy.
    """
    folder.mkdir(parents=True, exist_ok=True)
    reference = write_reference(folder / "reference_table.db")
    write_patient(database_path(folder, LARGE), LARGE, ROWS[LARGE])
    candidates = _write_candidates(folder / "candidate_table.db")
    build_table_descriptions(folder / "table_description")
    described = read_descriptions(folder / "table_description" / DESCRIPTIONS_FILE)
    figures: dict[str, Any] = {"name": "EHR tools on 300,000 rows (milliseconds)"}
    for policy in POLICIES:
        pin = Pin(LARGE, ADMISSIONS // 2, MOMENT, "Inpatient_Mortality")
        with PinnedRecord(pin, policy, databases=folder, reference=reference) as record:
            tools = EhrTools(record, candidates=open_candidates(candidates), descriptions=described)
            patient = {"subject_id": str(LARGE)}
            of_policy = {
                f"{policy}: {name}": _milliseconds(tools, tool, {**patient, **arguments})
                for name, (tool, arguments) in CALLS.items()
            }
            figures |= {**of_policy, f"{policy}: slowest": max(of_policy.values())}
            vocabulary = {"table_name": "diagnoses_ccs_candidates"}
            if policy == POLICIES[-1]:
                figures |= {
                    name: _milliseconds(tools, tool, {**vocabulary, **arguments})
                    for name, (tool, arguments) in OF_CANDIDATES.items()
                }
    return figures


def _milliseconds(tools: EhrTools, tool: str, arguments: dict[str, Any]) -> float:
    taken = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        reply = tools.call(tool, arguments)
        taken.append(time.perf_counter() - started)
        if reply.problem not in (None, "not_found"):
            raise RuntimeError(f"{tool} gave no rows: {reply.problem}")
    return round(statistics.median(taken) * 1e3, 1)


def _write_candidates(path: Path) -> Path:
    """The seven tables, with as many diagnoses as there are, made of words that such names have."""
    chance = random.Random(SEED)
    words = (
        "acute", "chronic", "kidney", "heart", "lung", "failure", "disease", "fracture", "left", "right", "pneumonia",
        "injury", "lower", "upper", "other",
    )  # fmt: skip
    names = [" ".join(chance.choices(words, k=5)) + f" {number}" for number in range(DIAGNOSES)]
    tables = [
        SqliteTable(name, dict.fromkeys(columns, "TEXT"), [], (("candidate",),))
        for name, (_, columns) in candidate_tables.MEANINGS.items()
        if name != "diagnoses_ccs_candidates"
    ]
    rows = [(str(number), 10, name, "1", "A class") for number, name in enumerate(names)]
    diagnoses = SqliteTable("diagnoses_ccs_candidates", candidate_tables.CCS, rows, (("candidate",),))
    sqlite_tables.write_tables(path, [diagnoses, *tables], "0" * 64)
    return path
