"""Random lives of EHRXQA and MedMod, and small reference databases with what their items and codes are called."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

from clinseek_assets.mimic.catalogue import CATALOGUES
from clinseek_assets.records import sqlite_tables
from clinseek_assets.records.dataset_references import EHRXQA_DICTIONARIES, ITEM_COLUMNS, ITEMS
from clinseek_assets.records.sqlite_tables import SqliteTable
from clinseek_assets_tests.records.pinned.lives import PATIENT, Row
from clinseek_assets_tests.records.pinned.random_lives import ADMISSIONS, STAYS, random_value

DATASETS = ("ehrxqa", "medmod")
GROUP_OF = {"ehrxqa": "finding_presence", "medmod": "mortality_24h"}
# Tables whose rows have one id each, and of MedMod's stays also one admission each.
ONE_ROW_AN_ID: dict[tuple[str, str], dict[str, tuple[int, ...]]] = {
    ("ehrxqa", "admissions"): {"hadm_id": ADMISSIONS},
    ("ehrxqa", "icustays"): {"stay_id": STAYS},
    ("medmod", "stays"): {"stay_id": STAYS, "hadm_id": ADMISSIONS[: len(STAYS)]},
}
NAMES = {50801: "Gradient", 220045: "Heart Rate"}


def random_dataset_life(dataset: str, seed: int, rows: int = 12) -> dict[str, list[Row]]:
    """A life with so many rows a table; those that have one id each have one row an id."""
    random = Random(seed)
    life: dict[str, list[Row]] = {}
    for name, table in CATALOGUES[dataset].patient_tables.items():
        ids = ONE_ROW_AN_ID.get((dataset, name), {})
        count = min(map(len, ids.values()), default=1 if name == "patients" else rows)
        life[name] = [
            {
                **{column.name: random_value(random, name, column) for column in table.columns},
                "subject_id": PATIENT,
                **{column: of_ids[number] for column, of_ids in ids.items()},
            }
            for number in range(count)
        ]
    for stay in life.get("admissions", []):  # what is over has begun
        if stay["dischtime"] is not None and stay["dischtime"] < stay["admittime"]:
            stay["admittime"], stay["dischtime"] = stay["dischtime"], stay["admittime"]
    return life


def write_dataset_reference(path: Path, dataset: str) -> Path:
    """A reference database of a dataset, with the names of two items and one code."""
    if dataset == "medmod":
        items = [(item, name, "d_items") for item, name in NAMES.items()]
        tables = [SqliteTable(ITEMS, ITEM_COLUMNS, items, (("itemid", "label"),))]
    else:
        tables = [_dictionary(name) for name in EHRXQA_DICTIONARIES]
    sqlite_tables.write_tables(path, tables, "0" * 64)
    return path


def _dictionary(name: str) -> SqliteTable:
    columns = {column.name: column.type.sqlite for column in CATALOGUES["ehrxqa"].tables[name].columns}
    known: dict[str, Any] = {"long_title": "a title", "icd_code": "4019"}
    rows = (
        [tuple(known.get(column) for column in columns)]
        if "icd_code" in columns
        else [
            tuple({"itemid": item, "label": label}.get(column) for column in columns) for item, label in NAMES.items()
        ]
    )
    return SqliteTable(name, columns, rows, (EHRXQA_DICTIONARIES[name],))
