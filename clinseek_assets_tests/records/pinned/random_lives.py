"""Random lives: rows of all tables around the moment, on both sides of every boundary, with ids that meet or miss."""

from __future__ import annotations

from datetime import timedelta
from random import Random
from typing import Any

from clinseek_assets.mimic.catalogue import PATIENT_TABLES
from clinseek_assets.mimic.tables import Column, ColumnType
from clinseek_assets_tests.records.pinned.lives import PATIENT, Row, T, day

# Hours from the moment: near it, at the policy's own distances, and far on both sides.
HOURS = (-3000, -2000, -200, -96, -73, -72, -71, -48, -25, -24, -23, -5, -1, 0, 0, 1, 5, 24, 30, 100, 2000)
SECONDS = (0, 0, 0, -1, 1, -2, 2, -0.5, 0.25, -1.000001)
ADMISSIONS = (1, 2, 3, 4, 5)
STAYS = (11, 12, 13, 14)
POOLS: dict[str, tuple[Any, ...]] = {
    "hadm_id": (*ADMISSIONS, 99),
    "stay_id": (*STAYS, 98),
    "poe_id": ("a", "b", "c", "d", "e", "nowhere"),
    "discontinued_by_poe_id": ("a", "b", "c", "nowhere"),
    "pharmacy_id": (31, 32, 33, 34, 97),
    "emar_id": ("p", "q", "r", "nowhere"),
    "note_id": ("x", "y", "z", "nowhere"),
    "itemid": (50801, 50802, 220045, 220046),
    "icd_code": ("4019", "I10", "3612"),
    "icd_version": (9, 10),
    "ndc": ("00012345678", "0", "99"),
    "eventtype": ("ED", "admit", "transfer", "discharge"),
    "field_name": ("Discharge When", "Discharge Planning", "Admit category", "exam_name"),
    "anchor_year": (2149, 2150, 2151),
}
# Tables whose rows have one id each: as many rows as there are ids.
ONE_ROW_AN_ID = {
    "admissions": "hadm_id",
    "edstays": "stay_id",
    "poe": "poe_id",
    "pharmacy": "pharmacy_id",
    "emar": "emar_id",
    "discharge": "note_id",
    "radiology": "note_id",
}
IDS = {
    "hadm_id": ADMISSIONS,
    "stay_id": STAYS,
    "poe_id": POOLS["poe_id"][:-1],
    "pharmacy_id": POOLS["pharmacy_id"][:-1],
    "emar_id": POOLS["emar_id"][:-1],
    "note_id": POOLS["note_id"][:-1],
}


def moment(random: Random) -> Any:
    return T + timedelta(hours=random.choice(HOURS), seconds=random.choice(SECONDS))


def random_value(random: Random, table: str, column: Column) -> Any:
    """A value for a column; every text and number of the others is its own, so that each can be told apart."""
    if not column.required and random.random() < 0.2:
        return None
    if column.name in POOLS:
        return random.choice(POOLS[column.name])
    if column.type is ColumnType.DATETIME:
        return moment(random)
    if column.type is ColumnType.DATE:
        return day(random.choice((-80, -30, -5, -4, -3, -2, -1, 0, 1, 2, 40)))
    if column.type is ColumnType.TEXT:
        return f"{column.name} {random.randrange(10**12):012}"
    return random.randrange(10**6) * (1 if column.type is ColumnType.INTEGER else 0.25)


def random_life(seed: int, rows: int = 12) -> dict[str, list[Row]]:
    """A life with so many rows a table, of which those that have one id each have one row an id."""
    random = Random(seed)
    life: dict[str, list[Row]] = {}
    for name, table in PATIENT_TABLES.items():
        ids = IDS[ONE_ROW_AN_ID[name]] if name in ONE_ROW_AN_ID else ()
        count = len(ids) or (1 if name == "patients" else rows)
        life[name] = [
            {
                **{column.name: random_value(random, name, column) for column in table.columns},
                "subject_id": PATIENT,
                **({ONE_ROW_AN_ID[name]: ids[number]} if ids else {}),
            }
            for number in range(count)
        ]
    for stay in (*life["admissions"], *life["edstays"]):  # what is over has begun
        start, end = ("admittime", "dischtime") if "admittime" in stay else ("intime", "outtime")
        if stay[end] is not None and stay[end] < stay[start]:
            stay[start], stay[end] = stay[end], stay[start]
    return life
