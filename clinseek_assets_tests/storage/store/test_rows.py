"""Files of rows over several homes: nothing is lost, nothing is taken twice, and a kill leaves nothing behind."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from clinseek_assets.faults import StoreFault
from clinseek_assets.storage.store import rows
from clinseek_assets.storage.store.objects import Objects
from clinseek_assets.storage.store.rows import RowStore, SharedRows

INSERTS = {
    "kept": "INSERT OR IGNORE INTO kept (key, value)",
    "latest": "INSERT OR REPLACE INTO latest (key, value)",
}
SCHEMA = """
CREATE TABLE kept (key TEXT PRIMARY KEY, value BLOB);
CREATE TABLE latest (key TEXT PRIMARY KEY, value TEXT);
"""
File = tuple[sqlite3.Connection, SharedRows]


@pytest.fixture
def store(tmp_path) -> Objects:
    return Objects(f"file://{tmp_path / 'store'}")


@pytest.fixture
def opened(tmp_path, store) -> Iterator[Callable[[str], File]]:
    """The file of a home of that name, as a process that has just started sees it."""
    connections = []

    def open_one(home: str) -> File:
        path = tmp_path / home / "assets" / "calls.sqlite"
        new = not path.exists()
        path.parent.mkdir(parents=True, exist_ok=True)
        database = sqlite3.connect(path, isolation_level=None)
        if new:
            database.executescript(SCHEMA)
        connections.append(database)
        return database, RowStore(store, tmp_path / home).of(path, INSERTS)

    yield open_one
    for connection in connections:
        connection.close()


def add(database: sqlite3.Connection, key: str, value: str | bytes, table: str = "kept") -> None:
    database.execute(f"{INSERTS[table]} VALUES (?, ?)", (key, value))


def read(database: sqlite3.Connection, table: str = "kept") -> dict[str, str | bytes]:
    return dict(database.execute(f"SELECT key, value FROM {table}"))


def segments(store: Objects) -> list[str]:
    return sorted(store.listing("rows"))


def test_what_one_home_adds_another_takes_over(opened, store):
    (a, of_a), (b, of_b) = opened("a"), opened("b")
    add(a, "one", b"\x00\xff")
    add(a, "two", "text")
    of_a.give(a)
    add(b, "own", "mine")
    assert of_b.take(b) == 1
    assert read(b) == {"one": b"\x00\xff", "two": "text", "own": "mine"}
    assert of_a.take(a) == 1
    assert read(a) == read(b)
    assert (of_a.take(a), of_b.take(b)) == (0, 0)
    of_a.give(a)
    of_b.give(b)
    assert len(segments(store)) == 2, "what was taken over is not given again"


def test_what_a_killed_process_did_not_give_is_given_by_the_next(opened):
    a, _ = opened("a")
    add(a, "paid for", "1")  # killed here
    again, of_a = opened("a")
    of_a.take(again)
    b, of_b = opened("b")
    of_b.take(b)
    assert read(b) == {"paid for": "1"}


def test_a_kill_between_the_segment_and_the_mark_does_no_harm(opened, monkeypatch):
    a, of_a = opened("a")
    add(a, "one", "1")
    monkeypatch.setattr(SharedRows, "_mark", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        of_a.give(a)
    monkeypatch.undo()
    again, of_a = opened("a")
    of_a.take(again)
    b, of_b = opened("b")
    of_b.take(b)
    assert read(b) == read(again) == {"one": "1"}


def test_the_first_row_stays_or_the_latest_as_the_table_has_it(opened):
    (a, of_a), (b, of_b) = opened("a"), opened("b")
    for value in ("first", "second"):
        add(a, "key", value)
        add(a, "key", value, "latest")
        of_a.give(a)
    of_b.take(b)
    assert (read(b), read(b, "latest")) == ({"key": "first"}, {"key": "second"})
    add(b, "key", "third", "latest")
    of_b.give(b)
    of_a.take(a)
    assert read(a, "latest") == {"key": "third"}


def test_many_small_segments_become_few(opened, store, tmp_path):
    a, of_a = opened("a")
    for number in range(3 * rows.MERGED_FROM + 1):
        add(a, str(number), "x" * number)
        of_a.give(a)
    assert len(segments(store)) == 4
    b, of_b = opened("b")
    of_b.take(b)
    assert read(b) == read(a)
    assert of_a.take(a) == 0


def test_segments_that_are_put_together_while_another_reads_them_are_found(opened, monkeypatch):
    (a, of_a), (b, of_b) = opened("a"), opened("b")
    for number in range(rows.MERGED_FROM - 1):
        add(a, str(number), "x")
        of_a.give(a)
    listing = Objects.listing

    def then_merged(self: Objects, prefix: str) -> dict[str, str]:
        listed = listing(self, prefix)
        monkeypatch.setattr(Objects, "listing", listing)
        add(a, "last", "x")
        of_a.give(a)
        return listed

    monkeypatch.setattr(Objects, "listing", then_merged)
    of_b.take(b)
    assert read(b) == read(a)


def test_a_store_that_is_down_loses_nothing(opened, monkeypatch):
    (a, of_a), (b, of_b) = opened("a"), opened("b")
    add(a, "one", "1")
    with monkeypatch.context() as down:
        down.setattr(Objects, "write", lambda *_: (_ for _ in ()).throw(StoreFault("The store is down.")))
        with pytest.raises(StoreFault):
            of_a.give(a)
        with pytest.raises(StoreFault):
            of_a.take(a)
    of_a.give(a)
    of_b.take(b)
    assert read(b) == {"one": "1"}


def test_a_changed_segment_is_named_and_nothing_of_it_is_taken(opened, store, tmp_path):
    (a, of_a), (b, of_b) = opened("a"), opened("b")
    add(a, "one", "1")
    of_a.give(a)
    (segment,) = segments(store)
    store.write(segment, b"something else")
    with pytest.raises(StoreFault, match="its hash differs") as caught:
        of_b.take(b)
    assert segment in str(caught.value)
    assert read(b) == {}


def test_a_home_that_worked_alone_gives_all_that_it_has(tmp_path, opened):
    a, of_a = opened("a")
    for number in range(100):
        add(a, str(number), "x")
    of_a.give(a)
    other = Objects(f"file://{tmp_path / 'another store'}")
    path = tmp_path / "a" / "assets" / "calls.sqlite"
    RowStore(other, tmp_path / "a").of(path, INSERTS).take(a)
    (tmp_path / "b" / "assets").mkdir(parents=True)
    with closing(sqlite3.connect(tmp_path / "b" / "assets" / "calls.sqlite", isolation_level=None)) as b:
        b.executescript(SCHEMA)
        RowStore(other, tmp_path / "b").of(tmp_path / "b" / "assets" / "calls.sqlite", INSERTS).take(b)
        assert read(b) == read(a)
