"""The writer behind journals: whatever goes wrong while it writes, nobody waits for ever, and it goes on."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from clinseek_assets.faults import EndpointFault
from clinseek_assets.models.group_commit import GroupCommit, open_database


def file_in(folder: Path) -> Path:
    with closing(open_database(folder / "kept.sqlite", "FULL")) as database:
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


ANOTHER = """
import random, sys, time
from contextlib import closing
from pathlib import Path
from clinseek_assets.models.group_commit import open_database, transaction
path, name, times = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
with closing(open_database(path, "NORMAL")) as first:
    for number in range(times):
        with closing(open_database(path, "NORMAL")) as second:
            for database in (first, second):
                time.sleep(random.uniform(0.0, 0.01))
                with transaction(database):
                    database.execute("INSERT INTO words VALUES (?)", (f"{name} {number}",))
        print(number, flush=True)
"""


def another(path: Path, name: str, times: int = 1) -> subprocess.Popen[str]:
    """A process that has the file open all its life, opens it beside that again and again, and writes by both."""
    command = [sys.executable, "-c", ANOTHER, str(path), name, str(times)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def words(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return [word for (word,) in database.execute("SELECT word FROM words ORDER BY rowid")]


def test_a_second_connection_gives_up_no_lock_of_the_first(tmp_path: Path):
    path = file_in(tmp_path)
    with closing(open_database(path, "NORMAL")) as first:
        open_database(path, "NORMAL").close()
        assert another(path, "other").wait(60) == 0  # it closes the file as if nobody else had it open
        assert path.with_name(f"{path.name}-wal").is_file()
        first.execute("INSERT INTO words VALUES ('ours')")
        assert words(path) == ["other 0", "other 0", "ours"]


def test_processes_that_come_and_go_and_are_killed_lose_no_row(tmp_path: Path):
    path = file_in(tmp_path)
    lives = {f"life {number}": 20 + 60 * (number % 3) for number in range(9)}
    living = []
    doomed: dict[str, int] = {}
    for number, (name, times) in enumerate(lives.items()):
        living.append(another(path, name, times))
        killed = another(path, f"doomed {number}", 1000)
        assert killed.stdout is not None
        for _ in range(3):
            doomed[f"doomed {number}"] = int(killed.stdout.readline())
        killed.kill()
    assert [process.wait(60) for process in living] == [0] * len(lives)
    kept = words(path)
    for name, times in lives.items():
        assert [word for word in kept if word.startswith(f"{name} ")] == [
            f"{name} {place}" for place in range(times) for _ in range(2)
        ]
    for name, last in doomed.items():
        assert {f"{name} {place}" for place in range(last + 1)} <= set(kept)
