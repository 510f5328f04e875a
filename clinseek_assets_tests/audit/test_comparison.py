"""The comparison counts what should not be there and what is lacking; on random lives engine and oracle agree."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from clinseek_assets.audit.comparison import ORACLES, ServedByRecord, difference, text_of
from clinseek_assets.audit.plants import UNLIMITED
from clinseek_assets.records.pinned.pin import Pin, Policy
from clinseek_assets.records.pinned.record import PinnedRecord
from clinseek_assets.timeline.rows import rows_from_database
from clinseek_assets_tests.records.pinned.lives import PATIENT, T, write_database, write_reference
from clinseek_assets_tests.records.pinned.random_lives import random_life

COLUMNS = {"omr": ("subject_id", "result_name"), "labevents": ("itemid", "charttime")}
EXPECTED: dict[str, list[dict[str, Any]]] = {
    "omr": [{"subject_id": 1, "result_name": "Weight"}, {"subject_id": 1, "result_name": "Weight"}],
    "labevents": [{"itemid": 5, "charttime": datetime(2150, 1, 1, 2)}],
}
SHOWN: dict[str, list[tuple[Any, ...]]] = {
    "omr": [(1, "Weight"), (1, "Weight")],
    "labevents": [(5, "2150-01-01 02:00:00", "Sodium")],
}
OFFERED = {"omr": ("subject_id", "result_name"), "labevents": ("itemid", "charttime", "label")}
SUBTASKS = ("ICU_Stay_7day", "inputevents", "next_event", "diagnoses_icd", "transfers", "radiology", "poe")


@dataclass
class Shelf:
    """Rows that are served as they are written down."""

    tables: Mapping[str, tuple[str, ...]]
    shown: Mapping[str, Sequence[tuple[Any, ...]]]

    def rows(self, table: str, columns: Sequence[str]) -> Sequence[tuple[Any, ...]]:
        places = [self.tables[table].index(name) for name in columns]
        return [tuple(row[place] for place in places) for row in self.shown[table]]


def counts(shown: Mapping[str, Any] = SHOWN, offered: Mapping[str, Any] = OFFERED) -> dict[str, dict[str, int]]:
    found = difference(Shelf(offered, shown), EXPECTED, COLUMNS, {"Sodium"})
    return {kind: dict(+of_kind) for kind, of_kind in vars(found).items() if +of_kind}


def test_what_agrees_has_no_difference():
    assert counts() == {}
    assert counts({**SHOWN, "omr": list(reversed(SHOWN["omr"]))}) == {}


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ([(1, "Weight")], {"lacking": {"omr": 1}}),
        ([(1, "Weight")] * 3, {"beyond": {"omr": 1}}),
        ([(1, "Weight"), (1, "Height")], {"beyond": {"omr": 1}, "lacking": {"omr": 1}}),
        ([], {"lacking": {"omr": 2}}),
    ],
)
def test_rows_count_as_often_as_they_are_there(rows, found):
    assert counts({**SHOWN, "omr": rows}) == found


def test_columns_and_tables_count():
    more = {**OFFERED, "labevents": (*OFFERED["labevents"], "storetime")}
    assert counts({**SHOWN, "labevents": [(*SHOWN["labevents"][0], None)]}, more) == {
        "columns_beyond": {"labevents": 1}
    }
    assert counts({**SHOWN, "secret": []}, {**OFFERED, "secret": ("a", "b")}) == {"columns_beyond": {"secret": 2}}
    less = {"labevents": OFFERED["labevents"]}
    assert counts({"labevents": SHOWN["labevents"]}, less)["columns_lacking"] == {"omr": 2}


def test_beside_a_code_only_words_of_the_dictionaries_may_stand():
    told = {**SHOWN, "labevents": [(5, "2150-01-01 02:00:00", "died at home")]}
    assert counts(told) == {"columns_beyond": {"labevents": 1}}


def test_times_are_texts_as_databases_hold_them():
    assert text_of(datetime(2150, 1, 1, 2, 0, 0, 250_000)) == "2150-01-01 02:00:00.25"
    assert text_of(datetime(2150, 1, 1)) == "2150-01-01 00:00:00"
    assert text_of(date(2150, 1, 1)) == "2150-01-01"


def differences(folder: Path, seeds: range) -> Iterator[tuple[int, str, str, frozenset[str]]]:
    reference = write_reference(folder / "reference.db")
    for seed in seeds:
        rows = rows_from_database(write_database(folder, random_life(seed)))
        for subtask in SUBTASKS:
            for hadm_id in (None, 2):
                for policy in ORACLES:
                    pin = Pin(PATIENT, hadm_id, T, subtask)
                    yield seed, subtask, policy, _tables_that_differ(pin, policy, rows, folder, reference)


def _tables_that_differ(pin: Pin, policy: Policy, rows: Any, folder: Path, reference: Path) -> frozenset[str]:
    oracle = ORACLES[policy]
    with PinnedRecord(pin, policy, databases=folder, reference=reference, limits=UNLIMITED) as record:
        return difference(ServedByRecord(record), oracle.visible(rows, pin), oracle.columns(rows), ()).tables


def test_on_random_lives_engine_and_oracle_agree(tmp_path):
    for seed, subtask, policy, tables in differences(tmp_path, range(2)):
        assert not tables, (seed, subtask, policy)


@pytest.mark.slow
def test_on_many_random_lives_engine_and_oracle_agree(tmp_path):
    for seed, subtask, policy, tables in differences(tmp_path, range(100, 160)):
        assert not tables, (seed, subtask, policy)
