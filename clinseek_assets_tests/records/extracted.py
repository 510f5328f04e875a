"""Small source tables, written as CSV and extracted as a user's are, for tests of what is built from them."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

from clinseek_assets.mimic.catalogue import TABLES
from clinseek_assets.mimic.extraction import extract_table
from clinseek_assets.mimic.source_files import find_source_files

Rows = Sequence[Mapping[str, object]]


def extracted(folder: Path, tables: Mapping[str, Rows]) -> dict[str, Path]:
    """Parquet files by table name, from rows that give some of a table's columns; the others are empty."""
    paths = {}
    for name, rows in tables.items():
        table = TABLES[name]
        root = folder / "csv" / table.module
        root.mkdir(parents=True, exist_ok=True)
        with (root / f"{name}.csv").open("w", newline="") as stream:
            writer = csv.DictWriter(stream, table.column_names, restval="")
            writer.writeheader()
            writer.writerows(rows)
        source = find_source_files({table.module: root}).files[name]
        paths[name] = extract_table(source, None, folder / "parquet" / f"{name}.parquet").path
    return paths


DIAGNOSES = [
    {"icd_code": "4280", "icd_version": 9, "long_title": "Congestive heart failure, unspecified"},
    {"icd_code": "I509", "icd_version": 10, "long_title": "Heart failure, unspecified"},
    {"icd_code": "I50", "icd_version": 10, "long_title": "Heart failure"},
]
PROCEDURES = [
    {"icd_code": "3612", "icd_version": 9, "long_title": "Bypass of two coronary arteries"},
    {"icd_code": "0210093", "icd_version": 10, "long_title": "Bypass one coronary artery"},
]
LABS = [
    {"itemid": 50808, "label": "Free Calcium", "fluid": "Blood", "category": "Blood Gas"},
    {"itemid": 50999, "label": "", "fluid": "Blood", "category": "Chemistry"},
]
ITEM = {"itemid": 220045, "label": "Heart Rate", "abbreviation": "HR", "linksto": "chartevents", "category": "Vitals"}
DICTIONARIES: dict[str, Rows] = {
    "d_icd_diagnoses": DIAGNOSES,
    "d_icd_procedures": PROCEDURES,
    "d_labitems": LABS,
    "d_items": [{**ITEM, "param_type": "Numeric"}],
    "d_hcpcs": [{"code": "A0428", "long_description": "Ambulance service"}],
}
