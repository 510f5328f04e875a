"""The engine's rules are loosened in their smallest parts, one at a time: on random lives the audit notices each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from clinseek_assets.audit import naive_strict
from clinseek_assets.audit.comparison import ServedByRecord, difference
from clinseek_assets.audit.life import Row
from clinseek_assets.audit.plants import UNLIMITED
from clinseek_assets.mimic.visibility.rules import RULES
from clinseek_assets.records.pinned import strict_views
from clinseek_assets.records.pinned.pin import Pin
from clinseek_assets.records.pinned.record import PinnedRecord
from clinseek_assets.timeline.rows import rows_from_database
from clinseek_assets_tests.audit.loosening import rules_loosened
from clinseek_assets_tests.records.pinned.lives import PATIENT, T, write_database, write_reference
from clinseek_assets_tests.records.pinned.random_lives import random_life

LIVES = 40


CASES = [
    pytest.param(rule, id=f"{table}-{number}")
    for table in RULES
    for number, rule in enumerate(rules_loosened(RULES[table]))
]


@dataclass(frozen=True)
class Lived:
    """A random life in a folder of its own, with what the oracle shows of it."""

    folder: Path
    expected: dict[str, list[Row]]
    columns: dict[str, tuple[str, ...]]


@pytest.fixture(scope="module")
def reference(tmp_path_factory) -> Path:
    return write_reference(tmp_path_factory.mktemp("reference") / "reference.db")


PIN = Pin(PATIENT, 2, T, "Inpatient_Mortality")


@pytest.fixture(scope="module")
def lived(tmp_path_factory) -> list[Lived]:
    found = []
    for seed in range(1000, 1000 + LIVES):
        folder = tmp_path_factory.mktemp(f"life{seed}")
        rows = rows_from_database(write_database(folder, random_life(seed)))
        found.append(Lived(folder, naive_strict.visible(rows, PIN), naive_strict.columns(rows)))
    return found


@pytest.fixture
def rules(monkeypatch) -> Iterator[pytest.MonkeyPatch]:
    """The engine's rules, to be loosened; its views are made anew before and afterwards."""
    strict_views._templates.cache_clear()
    yield monkeypatch
    monkeypatch.undo()
    strict_views._templates.cache_clear()


def flagged(life: Lived, reference: Path) -> frozenset[str]:
    """The tables in which the record of a life differs from the oracle."""
    with PinnedRecord(PIN, "strict", databases=life.folder, reference=reference, limits=UNLIMITED) as record:
        return difference(ServedByRecord(record), life.expected, life.columns, ()).tables


def test_there_are_as_many_loosened_rules_as_there_are_parts():
    assert len(CASES) > 100
    assert {case.values[0].table for case in CASES} == {*RULES}


@pytest.mark.slow
@pytest.mark.parametrize("rule", CASES)
def test_a_part_that_is_loosened_is_noticed(rules, lived, reference, rule):
    rules.setitem(RULES, rule.table, rule)
    assert any(rule.table in flagged(life, reference) for life in lived)
