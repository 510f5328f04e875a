"""What a seeking baseline looks up is what a strict context shows, and the earlier events of the kind beside it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
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
from clinseek_assets_tests.models.baselines.a_life import LIFE, Life
from clinseek_assets_tests.records.pinned.lives import OWN, PATIENT, T, at, write_database


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
