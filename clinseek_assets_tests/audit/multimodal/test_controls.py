"""The controls of the multimodal audit: every plant is caught, a blind audit does not pass, no rule can be loosened."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from clinseek_assets.audit import plants as controls
from clinseek_assets.audit.comparison import Difference, ServedByRecord, difference
from clinseek_assets.audit.life import Row
from clinseek_assets.audit.multimodal.plants import PLANTINGS, run_controls
from clinseek_assets.audit.plants import UNLIMITED, Plant
from clinseek_assets.mimic.catalogue import CATALOGUES
from clinseek_assets.mimic.visibility.moments import Always
from clinseek_assets.mimic.visibility.policies import POLICIES
from clinseek_assets.records.pinned import strict_views
from clinseek_assets.records.pinned.pin import Pin
from clinseek_assets.records.pinned.record import PinnedRecord
from clinseek_assets.timeline.rows import rows_from_database
from clinseek_assets_tests.audit.loosening import rules_loosened
from clinseek_assets_tests.records.pinned.dataset_lives import (
    DATASETS,
    GROUP_OF,
    NAMES,
    random_dataset_life,
    write_dataset_reference,
)
from clinseek_assets_tests.records.pinned.lives import PATIENT, T, write_database

LIVES = 40


@pytest.fixture(scope="module")
def references(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("references")
    return {dataset: write_dataset_reference(folder / f"{dataset}.db", dataset) for dataset in DATASETS}


@pytest.fixture
def rules(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """The engine's rules, to be loosened; its views are made anew before and afterwards."""
    strict_views._templates.cache_clear()
    yield monkeypatch
    monkeypatch.undo()
    strict_views._templates.cache_clear()


@pytest.mark.parametrize("dataset", DATASETS)
def test_every_plant_is_hidden_and_caught(references, dataset):
    found = run_controls(dataset, references[dataset])
    assert (found.shown, found.missed) == ((), ())
    assert found.planted == len(PLANTINGS[dataset].plants)


@pytest.mark.parametrize("dataset", DATASETS)
def test_there_is_a_plant_for_every_table_every_later_value_and_every_outcome(dataset):
    planting = PLANTINGS[dataset]
    rules = POLICIES[dataset].rules
    assert {plant.table for plant in planting.plants if plant.column is None} == {*rules} - {"patients"}
    later = {(table, name) for table, rule in rules.items() for one in rule.settled for name in one.columns}
    never = {(table, name) for table, columns in planting.never_read.items() for name in columns}
    assert {(plant.table, plant.column) for plant in planting.plants if plant.column} == later | never
    assert not any(name in CATALOGUES[dataset].tables[table].column_names for table, name in never)


def test_outcomes_and_dates_of_death_are_among_what_is_planted():
    assert Plant("patients", "dod") in PLANTINGS["ehrxqa"].plants
    outcomes = {plant.column for plant in PLANTINGS["medmod"].plants if plant.table == "stays"}
    assert {"dod", "deathtime", "mortality", "mortality_inhospital", "los", "outtime", "dischtime"} <= outcomes


@pytest.mark.parametrize("dataset", DATASETS)
def test_an_audit_that_sees_nothing_misses_all(references, dataset, monkeypatch):
    monkeypatch.setattr(controls, "difference", lambda *arguments: Difference())
    assert len(run_controls(dataset, references[dataset]).missed) == len(PLANTINGS[dataset].plants)


TABLES = [(dataset, table) for dataset in DATASETS for table in POLICIES[dataset].rules if table != "patients"]


@pytest.mark.parametrize(("dataset", "table"), TABLES)
def test_a_rule_for_rows_that_is_taken_away_is_noticed(rules, references, dataset, table):
    of_dataset = POLICIES[dataset].rules
    rules.setitem(of_dataset, table, replace(of_dataset[table], row=Always()))
    assert table in run_controls(dataset, references[dataset]).shown


SETTLED = [
    (dataset, table, place)
    for dataset in DATASETS
    for table, rule in POLICIES[dataset].rules.items()
    for place in range(len(rule.settled))
]


@pytest.mark.parametrize(("dataset", "table", "place"), SETTLED)
def test_a_rule_for_a_value_that_is_taken_away_is_noticed(rules, references, dataset, table, place):
    rule = POLICIES[dataset].rules[table]
    loosened = replace(rule.settled[place], known=Always())
    others = (rule.settled[:place], rule.settled[place + 1 :])
    rules.setitem(POLICIES[dataset].rules, table, replace(rule, settled=(*others[0], loosened, *others[1])))
    assert run_controls(dataset, references[dataset]).shown == (table,)


# --------------------------------------------------------------------------------- every part of every rule matters
CASES = [
    pytest.param(dataset, rule, id=f"{dataset}-{table}-{number}")
    for dataset in DATASETS
    for table in POLICIES[dataset].rules
    for number, rule in enumerate(rules_loosened(POLICIES[dataset].rules[table]))
]


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[tuple[Path, dict[str, list[Row]]]]]:
    """Dataset -> random lives, each in a folder of its own with its rows."""
    found: dict[str, list[tuple[Path, dict[str, list[Row]]]]] = {}
    for dataset in DATASETS:
        for seed in range(1000, 1000 + LIVES):
            folder = tmp_path_factory.mktemp(f"{dataset}{seed}")
            path = write_database(folder, random_dataset_life(dataset, seed), dataset=dataset)
            found.setdefault(dataset, []).append((folder, rows_from_database(path, CATALOGUES[dataset])))
    return found


def test_there_are_as_many_loosened_rules_as_there_are_parts():
    assert len(CASES) > 40
    assert {(case.values[0], case.values[1].table) for case in CASES} == {*TABLES}


@pytest.mark.slow
@pytest.mark.parametrize(("dataset", "rule"), CASES)
def test_a_part_that_is_loosened_is_noticed(rules, lived, references, dataset, rule):
    rules.setitem(POLICIES[dataset].rules, rule.table, rule)
    pin = Pin(PATIENT, 2, T, GROUP_OF[dataset], dataset)
    oracle = PLANTINGS[dataset].oracle
    names = {"a title", *NAMES.values()}

    def is_flagged(folder: Path, rows: dict[str, list[Row]]) -> bool:
        with PinnedRecord(pin, "strict", databases=folder, reference=references[dataset], limits=UNLIMITED) as record:
            found = difference(ServedByRecord(record), oracle.visible(rows, pin), oracle.columns(rows), names)
        return rule.table in found.tables

    assert any(is_flagged(folder, rows) for folder, rows in lived[dataset])
