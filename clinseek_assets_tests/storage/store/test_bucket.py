"""A bucket does what a folder does: the same artifacts and rows over an S3 service."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from clinseek_assets.faults import StoreFault
from clinseek_assets.storage.receipts import Receipt, ReceiptBook
from clinseek_assets.storage.store.objects import Objects
from clinseek_assets.storage.store.published import Published
from clinseek_assets.storage.store.rows import RowStore
from clinseek_assets.storage.store.shared_artifacts import SharedArtifacts
from clinseek_assets_tests.services.buckets import serving_bucket
from clinseek_assets_tests.storage.store.test_rows import INSERTS, SCHEMA

RECEIPT = Receipt("inputs", "content", facts={"rows": 2})


@pytest.fixture(scope="module")
def bucket() -> Iterator[str]:
    with serving_bucket() as url:
        yield url


@pytest.fixture
def machine(tmp_path, bucket, request):
    """A home of that name over one place in the bucket, as a process that has just started sees it."""

    def started(name: str) -> SharedArtifacts:
        home = tmp_path / name
        published = Published(Objects(f"{bucket}/{request.node.name}"), home, home / "store")
        return SharedArtifacts(ReceiptBook(home / "receipts"), published)

    return started


def test_artifacts_go_through_a_bucket(machine, tmp_path):
    a, b = machine("a"), machine("b")
    for number in range(40):
        path = tmp_path / "a" / "databases" / f"patient_{number}.db"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bytes([number]) * 5_000)
    a.record("databases", "a key|with a bar", RECEIPT, tmp_path / "a" / "databases")
    assert b.receipts.read("databases", "a key|with a bar") == RECEIPT
    b.bring([("databases", "a key|with a bar")])
    for number in range(40):
        name = f"databases/patient_{number}.db"
        assert (tmp_path / "b" / name).read_bytes() == (tmp_path / "a" / name).read_bytes()
    path.write_bytes(b"changed")
    a.record("databases", "a key|with a bar", Receipt("inputs", "other"), tmp_path / "a" / "databases")
    b.look(now=True)
    b.bring([("databases", "a key|with a bar")])
    assert (tmp_path / "b" / "databases" / path.name).read_bytes() == b"changed"
    a.forget("databases", "a key|with a bar")
    assert machine("c").receipts.read("databases", "a key|with a bar") is None


def test_a_missing_object_of_a_bucket_is_named(machine, tmp_path):
    a, b = machine("a"), machine("b")
    path = tmp_path / "a" / "x.parquet"
    path.parent.mkdir(parents=True)
    path.write_text("x")
    a.record("x", None, RECEIPT, path)
    (name,) = a.published.objects.listing("objects")
    a.published.objects.remove(name)
    with pytest.raises(StoreFault, match="is missing") as caught:
        b.bring([("x", None)])
    assert name in str(caught.value)


def test_rows_go_through_a_bucket(tmp_path, bucket):
    objects = Objects(f"{bucket}/rows of a test")
    found = {}
    for home in ("a", "b", "a"):
        path = tmp_path / home / "calls.sqlite"
        path.parent.mkdir(exist_ok=True)
        with closing(sqlite3.connect(path, isolation_level=None)) as database:
            if home not in found:
                database.executescript(SCHEMA)
            rows = RowStore(objects, tmp_path / home).of(path, INSERTS)
            rows.take(database)
            database.execute("INSERT OR IGNORE INTO kept VALUES (?, ?)", (home, b"\x00" + home.encode()))
            rows.give(database)
            found[home] = dict(database.execute("SELECT * FROM kept"))
    assert found["a"] == found["b"] == {"a": b"\x00a", "b": b"\x00b"}


def test_a_bucket_that_is_not_there_is_a_clear_fault_without_the_secret(bucket):
    with pytest.raises(StoreFault, match="s3://nowhere-at-all/x cannot be used") as caught:
        Objects("s3://nowhere-at-all/x").write("name", b"x")
    assert "a secret" not in str(caught.value)
