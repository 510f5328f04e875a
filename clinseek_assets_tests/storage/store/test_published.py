"""Artifacts between homes over a folder: whole or not at all, only what is needed, and clear words at damage."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from clinseek_assets.faults import StoreFault
from clinseek_assets.storage.receipts import Receipt, ReceiptBook
from clinseek_assets.storage.store.objects import Objects, open_store
from clinseek_assets.storage.store.published import Published, entry_name
from clinseek_assets.storage.store.shared_artifacts import SharedArtifacts

RECEIPT = Receipt("inputs", "content", facts={"rows": 2})
KEY = "Inpatient_Mortality|a model/of mine"
Machine = Callable[[str], SharedArtifacts]


@pytest.fixture
def machine(tmp_path) -> Machine:
    """A home of that name over one store, as a process that has just started sees it."""

    def started(name: str) -> SharedArtifacts:
        objects = Objects(f"file://{tmp_path / 'the store'}")
        home = tmp_path / name
        return SharedArtifacts(ReceiptBook(home / "receipts"), Published(objects, home, home / "store"))

    return started


def written(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def objects_in(tmp_path: Path) -> list[Path]:
    return [path for path in (tmp_path / "the store" / "objects").rglob("*") if path.is_file()]


def test_what_one_home_records_another_sees_and_brings(machine, tmp_path):
    a, b = machine("a"), machine("b")
    folder = tmp_path / "a" / "databases"
    written(folder / "patient_1.db", "one")
    written(folder / "nested" / "patient_2.db", "two")
    written(folder / ".in-use", "")
    written(folder / ".unfinished-12-patient_3.db", "half")
    a.record("databases", None, RECEIPT, folder)
    b.look(now=True)
    assert b.receipts.read("databases") == RECEIPT
    assert b.there("databases", None, tmp_path / "b" / "databases")
    assert not (tmp_path / "b" / "databases").exists(), "nothing is fetched before it is needed"
    b.bring([("databases", None)])
    assert {path.name for path in (tmp_path / "b" / "databases").rglob("*.db")} == {"patient_1.db", "patient_2.db"}
    assert (tmp_path / "b" / "databases" / "nested" / "patient_2.db").read_text() == "two"
    assert ReceiptBook(tmp_path / "b" / "receipts").read("databases") == RECEIPT


def test_a_file_brings_those_that_carry_its_name(machine, tmp_path):
    a, b = machine("a"), machine("b")
    output = written(tmp_path / "a" / "scores" / "a.parquet", "scores")
    written(tmp_path / "a" / "scores" / "a.rescored.json", "{}")
    written(tmp_path / "a" / "scores" / "ab.parquet", "others")
    a.record("scores", KEY, RECEIPT, output)
    b.bring([("scores", KEY)])
    assert {path.name for path in (tmp_path / "b" / "scores").iterdir()} == {"a.parquet", "a.rescored.json"}


def test_the_same_content_is_stored_once_and_not_sent_again(machine, tmp_path, monkeypatch):
    a = machine("a")
    sent: list[str] = []
    upload = Objects.upload
    monkeypatch.setattr(Objects, "upload", lambda self, path, name: (sent.append(name), upload(self, path, name)))
    for name in "xy":
        a.record(name, None, RECEIPT, written(tmp_path / "a" / f"{name}.parquet", "alike"))
    a.record("x", None, RECEIPT, tmp_path / "a" / "x.parquet")
    assert len(sent) == len(objects_in(tmp_path)) == 1


def test_a_kill_before_the_entry_leaves_nothing_to_be_seen(machine, tmp_path, monkeypatch):
    a, b = machine("a"), machine("b")
    output = written(tmp_path / "a" / "x.parquet", "old")
    a.record("x", None, RECEIPT, output)
    written(output, "new")
    monkeypatch.setattr(Objects, "write", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        a.record("x", None, Receipt("other", "new"), output)
    monkeypatch.undo()
    assert ReceiptBook(tmp_path / "a" / "receipts").read("x") == RECEIPT, "no home knows better than the store"
    b.bring([("x", None)])
    assert (tmp_path / "b" / "x.parquet").read_text() == "old"


def test_a_file_that_differs_here_is_fetched_and_one_that_does_not_is_left_alone(machine, tmp_path):
    a, b = machine("a"), machine("b")
    a.record("x", None, RECEIPT, written(tmp_path / "a" / "x.parquet", "right"))
    path = written(tmp_path / "b" / "x.parquet", "wrong")
    b.bring([("x", None)])
    assert path.read_text() == "right"
    before = path.stat()
    b.bring([("x", None)])
    assert path.stat().st_ino == before.st_ino
    path.unlink()
    b.bring([("x", None)])
    assert path.read_text() == "right"


def test_a_newer_version_is_seen_by_a_process_that_looks_again(machine, tmp_path):
    a, b = machine("a"), machine("b")
    output = tmp_path / "a" / "x.parquet"
    a.record("x", None, RECEIPT, written(output, "one"))
    b.bring([("x", None)])
    a.record("x", None, Receipt("inputs", "two"), written(output, "two"))
    b.look(now=True)
    b.bring([("x", None)])
    assert (tmp_path / "b" / "x.parquet").read_text() == "two"
    a.forget("x", None)
    b.look(now=True)
    assert not b.there("x", None, tmp_path / "b" / "y.parquet")


def test_a_home_that_worked_alone_owes_the_others_what_it_has(machine, tmp_path):
    output = written(tmp_path / "a" / "x.parquet", "one")
    ReceiptBook(tmp_path / "a" / "receipts").write("x", None, RECEIPT)
    a, b = machine("a"), machine("b")
    assert a.due("x", None)
    assert a.receipts.read("x") == RECEIPT
    assert b.receipts.read("x") is None
    a.record("x", None, RECEIPT, output)
    b.look(now=True)
    assert not a.due("x", None)
    assert b.receipts.read("x") == RECEIPT


def test_whatever_receipt_is_read_while_inputs_are_looked_at_is_brought(machine, tmp_path):
    a, b = machine("a"), machine("b")
    for name in "xy":
        a.record(name, KEY, RECEIPT, written(tmp_path / "a" / f"{name}.parquet", name))
    with b.inputs_brought():
        b.receipts.content("x", KEY)
        b.receipts.content("nobody made this")
    assert (tmp_path / "b" / "x.parquet").read_text() == "x"
    assert not (tmp_path / "b" / "y.parquet").exists()


@pytest.mark.parametrize(("damage", "told"), [(lambda path: path.unlink(), "is missing"),
                                              (lambda path: path.write_text("otter"), "its hash differs")])  # fmt: skip
def test_a_damaged_object_is_named_with_the_mend_and_nothing_of_it_arrives(machine, tmp_path, damage, told):
    a, b = machine("a"), machine("b")
    output = written(tmp_path / "a" / "x.parquet", "other")
    a.record("x", KEY, RECEIPT, output)
    (damaged,) = objects_in(tmp_path)
    damage(damaged)
    with pytest.raises(StoreFault, match=told) as caught:
        b.bring([("x", KEY)])
    assert damaged.name in str(caught.value)
    assert entry_name("x", KEY) in str(caught.value)
    assert not (tmp_path / "b" / "x.parquet").exists()
    # What the fault says to do helps.
    damaged.unlink(missing_ok=True)
    (tmp_path / "the store" / entry_name("x", KEY)).unlink()
    a.look(now=True)
    assert a.due("x", KEY)
    a.record("x", KEY, RECEIPT, output)
    b.look(now=True)
    b.bring([("x", KEY)])
    assert (tmp_path / "b" / "x.parquet").read_text() == "other"


def test_an_entry_that_is_none_is_named(machine, tmp_path):
    written(tmp_path / "the store" / entry_name("x", None), '{"format": 99}')
    with pytest.raises(StoreFault, match=r"index/artifacts/x\.json .* does not say what an artifact is"):
        machine("a").receipts.read("x")


def test_notes_are_shared(machine):
    a, b = machine("a"), machine("b")
    assert a.published.note("runs.json") is None
    a.published.put_note("runs.json", {"runs": 3})
    b.look(now=True)
    assert b.published.note("runs.json") == {"runs": 3}


def test_files_of_a_store_are_private(machine, tmp_path):
    machine("a").record("x", None, RECEIPT, written(tmp_path / "a" / "x.parquet", "x"))
    modes = {path.stat().st_mode & 0o077 for path in (tmp_path / "the store").rglob("*")}
    assert modes == {0}


def test_a_store_that_nothing_speaks_to_or_that_lies_in_the_home_is_refused(tmp_path):
    with pytest.raises(StoreFault, match="Nothing that is installed speaks to a store nonsense://"):
        open_store("nonsense://x", tmp_path)
    with pytest.raises(StoreFault, match="lie in each other"):
        open_store(f"file://{tmp_path}/home/store", tmp_path / "home")
    (tmp_path / "file").touch()
    with pytest.raises(StoreFault, match="cannot be used"):
        open_store(f"file://{tmp_path}/file", tmp_path / "home").write("x", b"")
