"""Hashes that are remembered: true after every change, read once, and begun anew where the memory is damaged."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from clinseek_assets.storage import known_hashes
from clinseek_assets.storage.fingerprint import of_bytes
from clinseek_assets.storage.known_hashes import KnownHashes


@pytest.fixture
def reads(monkeypatch) -> list[Path]:
    """The files that are read, one after the other."""
    found: list[Path] = []
    of_file = known_hashes.of_file
    monkeypatch.setattr(known_hashes, "of_file", lambda path: (found.append(path), of_file(path))[1])
    return found


@pytest.fixture
def hashes(tmp_path) -> KnownHashes:
    return KnownHashes(tmp_path / "memory" / "hashes.sqlite", tmp_path)


def test_a_file_is_read_once_until_it_changes(hashes, tmp_path, reads):
    path = tmp_path / "a"
    path.write_bytes(b"one")
    assert hashes.unread([path]) == 3
    assert [hashes.of([path])[path] for _ in range(2)] == [of_bytes(b"one")] * 2
    assert (reads, hashes.unread([path])) == ([path], 0)
    path.write_bytes(b"other")
    assert hashes.of([path, tmp_path / "not there"]) == {path: of_bytes(b"other")}
    assert reads == [path, path]


@pytest.mark.parametrize("damage", [lambda content: b"no database at all" * 300, lambda content: content[:5_000]])
def test_a_damaged_memory_is_begun_anew(hashes, tmp_path, reads, damage):
    paths = [tmp_path / f"a file with a long name {number:04}" for number in range(200)]
    for path in paths:
        path.write_bytes(path.name.encode())
    expected = hashes.of(paths)
    memory = tmp_path / "memory" / "hashes.sqlite"
    memory.write_bytes(damage(memory.read_bytes()))
    assert hashes.unread(paths) > 0
    assert hashes.of(paths) == expected
    assert len(reads) == 2 * len(paths)
    hashes.of(paths)
    assert len(reads) == 2 * len(paths)


def test_a_memory_that_cannot_be_used_is_no_damage(hashes, tmp_path):
    (tmp_path / "memory" / "hashes.sqlite").mkdir(parents=True)
    with pytest.raises(sqlite3.OperationalError):
        hashes.of([tmp_path / "a"])
    assert (tmp_path / "memory" / "hashes.sqlite").is_dir()
