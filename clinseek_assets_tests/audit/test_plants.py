"""The control: 33 future rows, a date of death, each value that is settled later; a blind audit does not pass."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from clinseek_assets.audit import naive_strict, plants
from clinseek_assets.audit.comparison import Difference, ServedByRecord, difference
from clinseek_assets.audit.plants import (
    MOMENT,
    NEVER_SHOWN,
    NEXT,
    PIN,
    PLANTS,
    SETTLED_LATER,
    Plant,
    planted_life,
    run_controls,
    write_database,
)
from clinseek_assets.mimic.catalogue import PATIENT_TABLES
from clinseek_assets.mimic.tables import ColumnType
from clinseek_assets.mimic.visibility.moments import Always
from clinseek_assets.mimic.visibility.rules import RULES, Settled
from clinseek_assets.records.pinned import strict_views
from clinseek_assets.records.pinned.pin import Pin
from clinseek_assets.records.pinned.record import PinnedRecord
from clinseek_assets.timeline.rows import PatientRows
from clinseek_assets_tests.records.pinned.lives import write_reference

SECOND = timedelta(seconds=1)
JUST_NOW = MOMENT - SECOND / 2
# Tables whose rows are known so long after their event that the last second hides nothing.
KNOWN_LONG_AFTER = {"diagnosis", "omr", "procedures_icd", "hcpcsevents", "discharge"}
EMBARGOED = [name for name, rule in RULES.items() if rule.order is not None and name not in KNOWN_LONG_AFTER]


@pytest.fixture(scope="module")
def reference(tmp_path_factory) -> Path:
    return write_reference(tmp_path_factory.mktemp("reference") / "reference.db")


@pytest.fixture(scope="module")
def planted(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("planted")
    write_database(folder, plants.with_derived_columns(planted_life()))
    return folder


@pytest.fixture
def rules(monkeypatch) -> Iterator[pytest.MonkeyPatch]:
    """The engine's rules, to be loosened one at a time; its views are made anew before and afterwards."""
    strict_views._templates.cache_clear()
    yield monkeypatch
    monkeypatch.undo()
    strict_views._templates.cache_clear()


def flagged(folder: Path, reference: Path, source: PatientRows | None = None, pin: Pin = PIN) -> frozenset[str]:
    """The tables in which the record of the made-up patient differs from the oracle."""
    source = source or planted_life()
    expected, columns = naive_strict.visible(source, pin), naive_strict.columns(source)
    with PinnedRecord(pin, "strict", databases=folder, reference=reference, limits=plants.UNLIMITED) as record:
        return difference(ServedByRecord(record), expected, columns, ()).tables


def test_every_plant_is_hidden_and_caught(tmp_path, reference):
    controls = run_controls(tmp_path, reference)
    assert (controls.shown, controls.missed) == ((), ())
    assert controls.planted == len(PLANTS)


def test_there_is_a_plant_for_every_table_every_later_value_and_every_column_that_is_never_shown():
    assert {plant.table for plant in PLANTS if plant.column is None} == {*PATIENT_TABLES} - {"patients"}
    assert Plant("patients", "dod") in PLANTS
    later = {(rule.table, name) for rule in RULES.values() for settled in rule.settled for name in settled.columns}
    never = {(rule.table, name) for rule in RULES.values() for name in rule.not_served}
    assert {(plant.table, plant.column) for plant in PLANTS if plant.column} == later | never


def test_each_planted_row_is_to_come_and_each_later_value_is_there_but_not_known():
    source = planted_life()
    shown = naive_strict.visible(source, PIN)
    assert all(1 not in [row["source_row"] for row in shown[name]] for name in PATIENT_TABLES if name != "patients")
    for table, columns in SETTLED_LATER.items():
        (row,) = shown[table]
        assert all(row[name] is None and source[table][-1][name] is not None for name in columns)


def test_an_audit_that_looks_away_is_blind(tmp_path, reference, monkeypatch):
    real = difference

    def without_labs(*arguments):
        found = real(*arguments)
        for counts in vars(found).values():
            counts.pop("labevents", None)
        return found

    monkeypatch.setattr(plants, "difference", without_labs)
    assert run_controls(tmp_path, reference).missed == ("labevents", "labevents.hadm_id")


def test_an_audit_that_sees_nothing_misses_all(tmp_path, reference, monkeypatch):
    monkeypatch.setattr(plants, "difference", lambda *arguments: Difference())
    assert len(run_controls(tmp_path, reference).missed) == len(PLANTS)


@pytest.mark.parametrize("table", [name for name in PATIENT_TABLES if name != "patients"])
def test_a_rule_for_rows_that_is_taken_away_is_noticed(rules, planted, reference, table):
    rules.setitem(RULES, table, replace(RULES[table], row=Always()))
    assert table in flagged(planted, reference)


@pytest.mark.parametrize(
    ("table", "column"), [(table, name) for table in SETTLED_LATER for name in SETTLED_LATER[table]]
)
def test_a_rule_for_a_value_that_is_taken_away_is_noticed(rules, planted, reference, table, column):
    loosened = tuple(
        part
        for settled in RULES[table].settled
        for part in (
            replace(settled, columns=tuple(name for name in settled.columns if name != column)),
            *([Settled((column,), Always(), "taken away")] if column in settled.columns else []),
        )
    )
    rules.setitem(RULES, table, replace(RULES[table], settled=loosened))
    assert flagged(planted, reference) == {table}


# The derived columns are not among the engine's own: no rule could serve them.
PUBLISHED_BUT_NEVER_SHOWN = [
    (table, name)
    for table, names in NEVER_SHOWN.items()
    for name in names
    if name in PATIENT_TABLES[table].column_names
]


@pytest.mark.parametrize(("table", "column"), PUBLISHED_BUT_NEVER_SHOWN)
def test_a_column_that_is_served_all_the_same_is_noticed(rules, planted, reference, table, column):
    rules.setitem(RULES, table, replace(RULES[table], with_row=(*RULES[table].with_row, column)))
    assert flagged(planted, reference) == {table}


def life_of_the_last_second() -> PatientRows:
    """A row in every table, all of it half a second before the moment; triage by a stay of a second earlier."""
    life = planted_life()
    for table, rows in life.items():
        moved = {
            column.name: JUST_NOW for column in PATIENT_TABLES[table].columns if column.type is ColumnType.DATETIME
        }
        life[table] = [{**row, **moved, "hadm_id": NEXT} if "hadm_id" in row else {**row, **moved} for row in rows[:1]]
    life["edstays"].append({**life["edstays"][0], "stay_id": 12, "intime": JUST_NOW - SECOND, "source_row": 2})
    life["triage"][0]["stay_id"] = 12
    return life


@pytest.mark.parametrize("table", EMBARGOED)
def test_an_embargo_that_is_lifted_is_noticed(rules, tmp_path, reference, table):
    source, pin = life_of_the_last_second(), replace(PIN, subtask="next_event")
    write_database(tmp_path, source)
    assert flagged(tmp_path, reference, source, pin) == frozenset()
    rules.setitem(RULES, table, replace(RULES[table], order=None))
    strict_views._templates.cache_clear()
    assert table in flagged(tmp_path, reference, source, pin)
