"""The writer behind journals: whatever goes wrong while it writes, nobody waits for ever, and it goes on."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from clinseek_assets.faults import EndpointFault
from clinseek_assets.models.group_commit import GroupCommit, open_database


def file_in(folder: Path) -> Path:
    with open_database(folder / "kept.sqlite", "FULL") as database:
        database.execute("CREATE TABLE words (word TEXT)")
    return folder / "kept.sqlite"


def write(database: sqlite3.Connection, words: Sequence[str]) -> None:
    if "wrong" in words:
        raise ValueError("no word at all")
    database.executemany("INSERT INTO words VALUES (?)", [(word,) for word in words])


def written(writer: GroupCommit[str], word: str) -> None:
    asyncio.run(asyncio.wait_for(writer.written(word), 20))


def test_an_error_of_any_kind_is_told_and_the_writer_goes_on(tmp_path: Path):
    writer = GroupCommit(file_in(tmp_path), "list", write)
    with pytest.raises(EndpointFault, match=r"list .* cannot be used"):
        written(writer, "wrong")
    written(writer, "right")
    writer.close()
    assert sqlite3.connect(tmp_path / "kept.sqlite").execute("SELECT word FROM words").fetchall() == [("right",)]


def test_a_sleep_that_is_refused_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def refused(_: float) -> None:
        raise OSError(22, "Invalid argument")

    monkeypatch.setattr(time, "sleep", refused)
    writer = GroupCommit(file_in(tmp_path), "list", write)
    written(writer, "kept")
    writer.close()
