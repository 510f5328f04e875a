"""Thousands of statements, legal ones and attacks, over random lives.

A legal one must answer exactly as on a database that holds nothing but what an independent oracle finds visible. An
attack may fail or be answered, but then with nothing that is hidden; no file is opened, nothing is written, the clock
and the memory limit hold, and no message names what lies behind the views.
"""

from __future__ import annotations

import hashlib
import re
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from random import Random
from time import thread_time
from typing import Any

import apsw
import pytest

from clinseek_assets.audit.naive_strict import visible
from clinseek_assets.mimic.catalogue import PATIENT_TABLES
from clinseek_assets.records.pinned.answers import Refusal, Rows
from clinseek_assets.records.pinned.limits import Limits
from clinseek_assets.records.pinned.pin import Pin
from clinseek_assets.records.pinned.record import PinnedRecord
from clinseek_assets.timeline.rows import rows_from_database
from clinseek_assets_tests.records.pinned.conftest import REFERENCE
from clinseek_assets_tests.records.pinned.lives import PATIENT, T, text_of, write_database
from clinseek_assets_tests.records.pinned.random_lives import random_life
from clinseek_assets_tests.records.pinned.sql_grammar import Grammar

SEED = 20_000
MEMORY = 48 << 20
LATENESS = 0.25
LEGAL_SHARE = 0.65
SUBTASKS = ("Inpatient_Mortality", "inputevents", "prescriptions", "next_event", "diagnoses_icd", "transfers")
# Words of the schema behind the views, and of SQLite's own messages. A message may repeat what a statement says.
BEHIND = re.compile(r"__pin|\bsrc\b|\bref\b|sqlite_|authoriz|prohibited|\bd_\w+|patient_\d|\.db\b|/tmp", re.IGNORECASE)


class Watched(apsw.VFS):
    """The file system as SQLite sees it, with a note of every file that it opens."""

    def __init__(self) -> None:
        self.opened: list[Any] = []
        super().__init__("watched", "", makedefault=True)

    def xOpen(self, name: Any, flags: list[int]) -> apsw.VFSFile:  # noqa: N802
        self.opened.append(name)
        return super().xOpen(name, flags)


@pytest.fixture
def watched() -> Iterator[Watched]:
    before = next(vfs["zName"] for vfs in [apsw.vfs_details()[0]])
    file_system = Watched()
    yield file_system
    file_system.unregister()
    apsw.set_default_vfs(before)


class Case:
    """A life, its record, and a database that is physically cut to what the oracle sees."""

    def __init__(self, folder: Path, reference: Path, seed: int, seconds: float = 1.0) -> None:
        path = write_database(folder, random_life(seed))
        pin = Pin(PATIENT, (2, None, 1)[seed % 3], T, SUBTASKS[seed % len(SUBTASKS)])
        limits = Limits(rows=None, bytes=None, seconds=seconds, memory=MEMORY)
        self.folder = folder
        self.record = PinnedRecord(pin, "strict", databases=folder, reference=reference, limits=limits)
        source = rows_from_database(path)
        seen = visible(source, pin)
        self.cut = cut_database(self.record.tables, seen)
        self.hidden = texts_of(source) - texts_of(seen)
        self.files = {path: digest(path), reference: digest(reference)}

    def values(self, table: str, column: str) -> list[str]:
        """Some of a column's values as literals of SQL."""
        rows = self.cut.execute(f'SELECT DISTINCT "{column}" FROM "{table}" ORDER BY 1 LIMIT 3').fetchall()
        return [repr(value) if value is not None else "NULL" for (value,) in rows]

    def close(self) -> None:
        self.record.close()
        self.cut.close()
        assert {path: digest(path) for path in self.files} == self.files


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def texts_of(rows: Mapping[str, Sequence[Mapping[str, Any]]]) -> set[str]:
    """The texts that are one row's own: their twelve digits."""
    cells = (value for of_table in rows.values() for row in of_table for value in row.values())
    return {match[0] for cell in cells if isinstance(cell, str) and (match := re.search(r"\d{12}", cell))}


def cut_database(tables: Mapping[str, Sequence[str]], seen: Mapping[str, Sequence[Mapping[str, Any]]]) -> Any:
    """A database that holds these rows only, in plain typed tables, with labels written out."""
    database = apsw.Connection(":memory:")
    for table, columns in tables.items():
        types = {column.name: column.type.sqlite for column in PATIENT_TABLES[table].columns}
        typed = ", ".join(f'"{column}" {types.get(column, "TEXT")}' for column in columns)
        database.execute(f'CREATE TEMP TABLE "{table}" ({typed})')
        values = [
            tuple(text_of(row.get(column)) if column in types else label(table, column, row) for column in columns)
            for row in sorted(seen.get(table, ()), key=lambda row: row["source_row"])
        ]
        database.executemany(f'INSERT INTO "{table}" VALUES ({", ".join("?" * len(columns))})', values)
    return database


def label(table: str, column: str, row: Mapping[str, Any]) -> str | None:
    """What a label column says of a row, looked up in the test's own dictionaries."""
    if column == "label":
        dictionary = REFERENCE["d_labitems" if table == "labevents" else "d_items"]
        return next((name for item, name, *_ in dictionary if item == row["itemid"]), None)
    if column == "long_description":
        return next((long for code, _, long, _ in REFERENCE["d_hcpcs"] if code == row["hcpcs_cd"]), None)
    if column == "atc_name":
        return "second in the alphabet" if row["ndc"] == "00012345678" else None
    kind = "procedures" if table == "procedures_icd" else "diagnoses"
    dictionary, place = (f"d_icd_{kind}", 2) if column == "long_title" else (f"d_ccs_{kind}", 4)
    code = (row["icd_code"], row["icd_version"])
    return next((entry[place] for entry in REFERENCE[dictionary] if entry[:2] == code), None)


def sorted_cells(rows: Sequence[Sequence[Any]]) -> list[tuple[str, ...]]:
    """Rows without their order, and sums of fractions without that of their terms."""
    return sorted(tuple(f"{cell:.9g}" if isinstance(cell, float) else repr(cell) for cell in row) for row in rows)


def attempt(record: PinnedRecord, statement: str) -> tuple[Rows | Refusal, float]:
    """The answer or refusal, and the processor time that it took: the machine may have other things to do."""
    started = thread_time()
    try:
        answer: Rows | Refusal = record.query(statement)
    except Refusal as refusal:
        answer = refusal
    return answer, thread_time() - started


def check_attack(case: Case, statement: str, answer: Rows | Refusal) -> None:
    if isinstance(answer, Refusal):
        told = {match[0].casefold() for match in BEHIND.finditer(str(answer))}
        assert all(word in statement.casefold() for word in told), statement
        return
    text = repr(answer.rows)
    assert not [secret for secret in case.hidden if secret in text], statement
    assert "CREATE " not in text and "__pin" not in text, statement


def run(folder: Path, reference: Path, watched: Watched, statements: int, lives: int, seconds: float) -> int:
    """Put the statements to records of several lives; returns how many were legal."""
    random = Random(SEED)
    legal = 0
    for life in range(lives):
        case = Case(folder, reference, life, seconds)
        grammar = Grammar(case.record.tables, case.values, random)
        before, used = set(folder.iterdir()), apsw.memory_used()
        watched.opened.clear()
        apsw.memory_high_water(True)
        for _ in range(statements // lives):
            if random.random() < LEGAL_SHARE:
                legal += 1
                statement = grammar.legal()
                answer, taken = attempt(case.record, statement)
                assert isinstance(answer, Rows), (statement, str(answer))
                expected = case.cut.execute(statement).fetchall()
                assert sorted_cells(answer.rows) == sorted_cells(expected), statement
            else:
                statement = grammar.bomb() if random.random() < 0.04 else grammar.attack()
                answer, taken = attempt(case.record, statement)
                check_attack(case, statement, answer)
            assert taken < seconds + LATENESS, statement
        assert apsw.memory_high_water() < used + MEMORY + (8 << 20)  # the cut database is in the same process
        assert watched.opened == [] and set(folder.iterdir()) == before
        case.close()
    return legal


def test_some_statements(tmp_path: Path, reference: Path, watched: Watched):
    assert run(tmp_path, reference, watched, 1500, lives=6, seconds=0.1) >= 900


@pytest.mark.slow
def test_20_000_statements(tmp_path: Path, reference: Path, watched: Watched):
    assert run(tmp_path, reference, watched, 20_000, lives=48, seconds=0.5) >= 12_000


def test_the_control_is_caught(tmp_path: Path, reference: Path):
    """The same comparison finds a record that sees too much: that of the same patient a day later."""
    case = Case(tmp_path, reference, 0)
    later = Pin(PATIENT, case.record.pin.hadm_id, T.replace(day=T.day + 1), case.record.pin.subtask)
    with PinnedRecord(later, "strict", databases=tmp_path, reference=reference) as record:
        differing = [
            table
            for table in record.tables
            if sorted_cells(record.query(f"SELECT * FROM {table}").rows)
            != sorted_cells(case.cut.execute(f"SELECT * FROM {table}").fetchall())
        ]
    case.close()
    assert len(differing) > 15


def test_a_record_that_reads_the_table_itself_would_be_caught(tmp_path: Path, reference: Path):
    """The secrets of hidden rows are there to be found."""
    case = Case(tmp_path, reference, 1)
    with closing(sqlite3.connect(tmp_path / f"patient_{PATIENT}.db")) as source:
        text = repr([source.execute(f"SELECT * FROM {table}").fetchall() for table in PATIENT_TABLES])
    assert len(case.hidden) > 50 and all(secret in text for secret in case.hidden)
    case.close()
