"""A journal that is only read: closed, live, missing, old, damaged."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from clinseek_assets.faults import EndpointFault
from clinseek_assets.models.completions import Completion
from clinseek_assets.models.journal import Journal
from clinseek_assets.models.journal_reading import reading


def keep(journal: Journal, qid: str, run: int, said: str) -> None:
    journal.put_exchange(qid, run, [{"role": "user", "text": said}])
    journal.put_identity(qid, run, {"parts": {}, "answered": said})
    asyncio.run(
        journal.record(f"key {qid} {run}", Completion("", "", None, False, None, None, 0.0))
    )  # waits until all of it is written


def test_a_closed_journal_is_read_and_nothing_is_made_beside_it(tmp_path: Path):
    path = tmp_path / "of a model" / "journal.sqlite"
    with Journal(path) as journal:
        keep(journal, "q", 1, "one")
        keep(journal, "q", 3, "three")
    before = path.stat().st_mtime_ns, sorted(path.parent.iterdir())
    with reading(path) as kept:
        assert kept.runs_of("q") == [1, 3] and kept.places() == {("q", 1), ("q", 3)}
        assert kept.exchange("q", 3) == [{"role": "user", "text": "three"}] and kept.exchange("q", 2) is None
        assert kept.identity("q", 1) == {"parts": {}, "answered": "one"}
        assert dict(kept.identities()).keys() == kept.places()
        assert (path.stat().st_mtime_ns, sorted(path.parent.iterdir())) == before
    assert (path.stat().st_mtime_ns, sorted(path.parent.iterdir())) == before


def test_a_journal_that_is_being_written_is_read_without_holding_it_up(tmp_path: Path):
    path = tmp_path / "journal.sqlite"
    with Journal(path) as journal:
        keep(journal, "q", 1, "one")
        with reading(path) as kept:
            assert kept.places() == {("q", 1)}
            keep(journal, "q", 2, "two")
            assert kept.places() == {("q", 1), ("q", 2)}


def test_nothing_is_written_through_it(tmp_path: Path):
    path = tmp_path / "journal.sqlite"
    with Journal(path) as journal:
        keep(journal, "q", 1, "one")
        with reading(path) as kept, pytest.raises(sqlite3.OperationalError, match="readonly"):
            kept._db.execute("DELETE FROM exchanges")


def test_where_there_is_no_journal_there_is_nothing_and_none_is_made(tmp_path: Path):
    with reading(tmp_path / "journal.sqlite") as kept:
        assert kept.places() == set() and kept.runs_of("q") == [] and kept.exchange("q", 1) is None
    assert list(tmp_path.iterdir()) == []


def test_one_from_before_exchanges_were_kept_is_empty_and_stays_as_it_is(tmp_path: Path):
    path = tmp_path / "journal.sqlite"
    with closing(sqlite3.connect(path)) as old:
        old.execute("CREATE TABLE completions (call_key TEXT)")
        old.execute("PRAGMA user_version = 1")
        old.commit()
    content = path.read_bytes()
    with reading(path) as kept:
        assert kept.places() == set()
    assert path.read_bytes() == content


def test_a_file_that_is_no_journal_is_said(tmp_path: Path):
    path = tmp_path / "journal.sqlite"
    path.write_bytes(b"a secret that is no database " * 100)
    with pytest.raises(EndpointFault, match="cannot be used") as told, reading(path):
        pass
    assert "secret" not in str(told.value)
