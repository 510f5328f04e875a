"""What a seeking baseline looks up is what a strict context shows, and the earlier events of the kind beside it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from clinseek_assets.benchmark.subtasks import SUBTASKS
from clinseek_assets.contexts.display import DISPLAY
from clinseek_assets.contexts.strict import Published, Records, render_strict
from clinseek_assets.contexts.timeline_text import NO_VALUE, Block, read_timeline
from clinseek_assets.models.baselines.lookups import LOOK_BACK, Found, blocks_of, columns_of, found_in, statements
from clinseek_assets.records.pinned.pin import Pin, Policy
from clinseek_assets.records.pinned.record import PinnedRecord
from clinseek_assets.timeline.dictionaries import Dictionaries
from clinseek_assets.timeline.windows import Beginning
from clinseek_assets_tests.records.pinned.lives import OWN, PAST, PATIENT, T, at, day, write_database, write_reference

Life = Mapping[str, Sequence[Mapping[str, Any]]]
DICTIONARIES = {
    "d_labitems": [(50801, "Gradient", "Blood", "Blood Gas")],
    "d_items": [(220045, "Heart Rate", "HR", "chartevents", "Vitals", "bpm", "Numeric", None, None)],
    "d_icd_diagnoses": [("4019", 9, "Hypertension NOS")],
    "d_ccs_diagnoses": [("4019", 9, "Hypertension NOS", "98", "Essential hypertension")],
    "d_atc_prescriptions": [("00012345678", "Aspirin", "B01AC06", "ANTITHROMBOTICS")],
}
STAY = {"stay_id": 7, "hadm_id": OWN}
LIFE: Life = {
    "patients": [{"gender": "F", "anchor_age": 52, "anchor_year": 2150}],
    "admissions": [
        {"hadm_id": PAST, "admittime": at(-2000), "dischtime": at(-1900), "admission_type": "EW EMER."},
        {"hadm_id": OWN, "admittime": at(-20), "admission_type": "URGENT", "admission_location": "ER"},
    ],
    "diagnoses_icd": [{"hadm_id": PAST, "seq_num": 1, "icd_code": "4019", "icd_version": 9}],
    "discharge": [
        {"note_id": "a", "hadm_id": PAST, "charttime": at(-1912), "storetime": at(-1800), "note_type": "DS",
         "text": "Old\nnote"},
    ],
    "edstays": [{**STAY, "intime": at(-23), "outtime": at(-19), "gender": "F", "race": "WHITE"}],
    "triage": [{"stay_id": 7, "acuity": 2, "temperature": 98.6, "chiefcomplaint": "Chest | pain"}],
    "medrecon": [{"stay_id": 7, "charttime": at(-22), "name": "Aspirin", "ndc": "12345678"}],
    "labevents": [
        {"labevent_id": 1, "hadm_id": OWN, "itemid": 50801, "charttime": at(-10), "storetime": at(-9), "valuenum": 7.5},
        {"labevent_id": 2, "hadm_id": OWN, "itemid": 50801, "charttime": at(-9), "storetime": at(1), "valuenum": 9.5},
        {"labevent_id": 3, "hadm_id": PAST, "itemid": 50801, "charttime": at(-1950), "storetime": at(-1949)},
    ],
    "omr": [{"chartdate": day(-1), "seq_num": 1, "result_name": "Weight (Lbs)", "result_value": "150"}],
    "poe": [{"poe_id": "p", "hadm_id": OWN, "ordertime": at(-5), "order_type": "Lab"}],
    "chartevents": [
        {**STAY, "itemid": 220045, "charttime": at(-8), "storetime": at(-8), "value": "90", "valuenum": 90.0},
        {**STAY, "itemid": 220045, "charttime": at(-4), "storetime": at(-4), "value": "95", "valuenum": 95.0},
    ],
    "icustays": [{**STAY, "intime": at(-9)}],
    "radiology": [{"note_id": "r", "hadm_id": OWN, "charttime": at(-7), "storetime": at(-6), "text": "clear lungs"}],
    "radiology_detail": [
        {"note_id": "r", "field_name": "exam_name", "field_value": name, "field_ordinal": place}
        for place, name in enumerate(("CHEST", "ABDOMEN"), 1)
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_reference(tmp_path_factory.mktemp("reference") / "reference.db", DICTIONARIES)


def looked_up(folder: Path, reference: Path, life: Life, task: str, policy: Policy = "strict") -> list[Block]:
    """What a seeker of a question about this life finds, without the tools between."""
    write_database(folder, life)
    found: list[Found] = []
    with PinnedRecord(Pin(PATIENT, OWN, T, task), policy, databases=folder, reference=reference) as record:
        for statement in statements(task, set(record.tables), T):
            answer = record.query(statement)
            texts = [[None if value is None else str(value) for value in row] for row in answer.rows]
            found += found_in(dict(zip(answer.columns, row, strict=True)) for row in texts)
    return blocks_of(found)


def values(blocks: Sequence[Block]) -> Counter[tuple[str, str, str]]:
    """Every value that is looked up, with its table and title; an exam's name counts once a report."""
    return Counter(
        (block.table, title, value)
        for block in blocks
        for title in (column.title() for column in columns_of(block.table))
        for value in block.values(title)
        if value not in NO_VALUE
    )


def test_what_is_found_is_what_a_strict_context_shows(tmp_path: Path, reference: Path) -> None:
    blocks = looked_up(tmp_path, reference, LIFE, "LengthOfStay_3day")
    shown = Published(Pin(PATIENT, OWN, T, "LengthOfStay_3day"), "", Beginning(T - LOOK_BACK, "edstays"))
    context = render_strict(Records(tmp_path, reference, Dictionaries.load(reference)), shown)
    expected = read_timeline(context)
    assert [(block.table, block.start, len(block.rows)) for block in blocks if block.table != "icustays"] == [
        (block.table, block.start, 2 if block.table == "radiology" else len(block.rows))  # a row an exam
        for block in expected
        if block.table != "icustays"  # a heading without rows
    ]
    assert values(blocks) == values(expected)
    assert [block.table for block in blocks[:3]] == ["patients", "discharge", "admissions"]


def test_earlier_events_of_the_kind_are_looked_up_beyond_the_last_day(tmp_path: Path, reference: Path) -> None:
    def starts(task: str, table: str) -> list[Any]:
        return [block.start for block in looked_up(tmp_path, reference, LIFE, task) if block.table == table]

    assert starts("labevents", "labevents") == [at(-1950), at(-10)]
    assert starts("poe", "labevents") == [at(-10)]
    assert starts("diagnoses_ccs", "diagnoses_icd") == [at(-2000)]
    assert starts("poe", "diagnoses_icd") == []


def test_codes_are_found_with_their_names(tmp_path: Path, reference: Path) -> None:
    blocks = looked_up(tmp_path, reference, LIFE, "diagnoses_icd")
    (codes,) = [block for block in blocks if block.table == "diagnoses_icd"]
    assert codes.rows == ({"Title": "Hypertension NOS", "Ccs Type": "Essential hypertension"},)


@pytest.mark.parametrize("policy", ["strict", "compat"])
@pytest.mark.parametrize("task", SUBTASKS)
def test_no_subtask_asks_for_what_a_record_refuses(tmp_path: Path, reference: Path, policy: Policy, task: str) -> None:
    for life in (LIFE, {"patients": LIFE["patients"]}, {**LIFE, "radiology_detail": [], "edstays": []}):
        blocks = looked_up(tmp_path, reference, life, task, policy)
        assert blocks[0].table == "patients"
        assert list(blocks[0].values("Anchor_Age")) == ["52"]


def test_a_table_that_is_not_there_is_not_asked_for() -> None:
    assert len(statements("poe", {"patients"}, T)) == 1
    assert "triage" not in " ".join(statements("poe", {"patients", "triage", "poe"}, T))


@pytest.mark.parametrize("table", DISPLAY)
def test_every_displayed_table_can_be_looked_up(table: str) -> None:
    assert set(columns_of(table)) <= set(DISPLAY[table].columns)
