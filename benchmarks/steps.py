"""The steps that are measured, each run by `measuring` in a process of its own; it prints its answer as JSON."""

from __future__ import annotations

import gzip
import json
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.source_tables import cohort
from benchmarks.xray_path import xray_links
from clinseek_assets.mimic.extraction import extract_tables
from clinseek_assets.mimic.source_files import find_source_files
from clinseek_assets.records.patient_databases import build_patient_databases

BLOCK = 1 << 20


def cohort_of(manifest: Path) -> set[int]:
    """The patients of a text manifest."""
    return {int(row["subject_id"]) for row in json.loads(manifest.read_text(encoding="utf-8"))}


def decompress(root: str) -> dict[str, Any]:
    """The yardstick: zlib's gzip over all files, one after the other, nothing done with the bytes."""
    started = time.perf_counter()
    size = 0
    for path in sorted(Path(root).rglob("*.csv.gz")):
        with gzip.open(path) as stream:
            while block := stream.read(BLOCK):
                size += len(block)
    return {"seconds": time.perf_counter() - started, "bytes": size}


def databases(root: str, out: str) -> dict[str, Any]:
    """From the gz tables to the cohort's typed Parquet and to its patient databases with their indexes."""
    started = time.perf_counter()
    tables = Path(out) / "tables"
    inventory = find_source_files({folder.name: folder for folder in Path(root).iterdir()})
    extracted = extract_tables(inventory, cohort(), lambda table: tables / f"{table.name}.parquet")
    for fault in extracted.faults.values():
        raise fault
    extracted_at = time.perf_counter()
    built = build_patient_databases(extracted.paths, cohort(), Path(out) / "databases")
    ended = time.perf_counter()
    return {
        "seconds": ended - started,
        "extraction_seconds": extracted_at - started,
        "databases_seconds": ended - extracted_at,
        "rows_kept": sum(extraction.rows for extraction in extracted.extractions),
        "reused": sum(extraction.reused for extraction in extracted.extractions),
        "written": built.written,
    }


def extraction(root: str, manifest: str, out: str) -> dict[str, Any]:
    """From the gz tables to the typed Parquet of a manifest's patients, all tables of the catalogue."""
    started = time.perf_counter()
    inventory = find_source_files({folder.name: folder for folder in Path(root).iterdir()})
    extracted = extract_tables(inventory, cohort_of(Path(manifest)), lambda table: Path(out) / f"{table.name}.parquet")
    for fault in extracted.faults.values():
        raise fault
    return {
        "seconds": time.perf_counter() - started,
        "rows_kept": sum(extracted_table.rows for extracted_table in extracted.extractions),
    }


STEPS = {step.__name__: step for step in (decompress, databases, extraction, xray_links)}

if __name__ == "__main__":
    processor_time = time.process_time()
    answer = STEPS[sys.argv[1]](*sys.argv[2:])
    print(json.dumps({**answer, "processor_seconds": time.process_time() - processor_time}))
