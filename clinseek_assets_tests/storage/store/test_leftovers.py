"""What no entry names is found when it has lain long enough, and goes; what anybody needs stays."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from clinseek_assets.storage.receipts import Receipt
from clinseek_assets.storage.store.leftovers import leftovers, remove_leftovers
from clinseek_assets.storage.store.objects import Objects
from clinseek_assets.storage.store.published import Published
from clinseek_assets_tests.services.buckets import serving_bucket

DAY = 86_400.0
DAYS = 7.0


@pytest.fixture(params=["folder", "bucket"])
def objects(request, tmp_path) -> Iterator[Objects]:
    if request.param == "folder":
        yield Objects(f"file://{tmp_path / 'the store'}")
    else:
        with serving_bucket() as url:
            yield Objects(f"{url}/{tmp_path.name}")


def home_of(objects: Objects, folder: Path) -> Published:
    """A home over the store, as a process that has just started sees it."""
    return Published(objects, folder, folder / "store")


def publish(published: Published, folder: Path, name: str, text: str) -> None:
    path = folder / f"{name}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    published.publish(name, None, Receipt("inputs", text), [path])


def later(monkeypatch, days: float) -> None:
    """Let some days pass."""
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + days * DAY)


def bring(objects: Objects, folder: Path, name: str) -> str:
    home_of(objects, folder).bring([(name, None)])
    return (folder / f"{name}.parquet").read_text()


def test_only_what_was_replaced_and_has_lain_goes(objects, tmp_path, monkeypatch):
    a = home_of(objects, tmp_path / "a")
    publish(a, tmp_path / "a", "x", "old content")
    publish(a, tmp_path / "a", "x", "new")
    publish(a, tmp_path / "a", "y", "another")
    assert leftovers(a, DAYS) == {}, "what is young stays"
    later(monkeypatch, DAYS + 1)
    found = leftovers(a, DAYS)
    assert list(found.values()) == [len("old content")]
    told: list[tuple[int, int]] = []
    assert remove_leftovers(a, list(found), lambda *moved: told.append(moved)) == 1
    assert told == [(1, 1)]
    assert leftovers(a, DAYS) == {}
    assert [bring(objects, tmp_path / "b", name) for name in "xy"] == ["new", "another"]


def test_what_a_killed_machine_left_goes(objects, tmp_path, monkeypatch):
    a = home_of(objects, tmp_path / "a")
    with monkeypatch.context() as killed:
        killed.setattr(Objects, "write", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            publish(a, tmp_path / "a", "x", "no entry came")
    if objects.folder:
        half = objects.folder / "objects" / "ab" / ".unfinished-1-ab"
        half.parent.mkdir(parents=True)
        half.write_text("half")
    later(monkeypatch, DAYS + 1)
    found = leftovers(a, DAYS)
    assert sorted(found.values()) == ([4, 13] if objects.folder else [13])
    assert remove_leftovers(a, list(found), lambda *_: None) == len(found)
    assert objects.facts("objects") == {}


def test_what_is_named_again_between_the_look_and_the_removal_stays(objects, tmp_path, monkeypatch):
    a, b = (home_of(objects, tmp_path / name) for name in "ab")
    publish(a, tmp_path / "a", "x", "one")
    publish(a, tmp_path / "a", "x", "two")
    later(monkeypatch, DAYS + 1)
    found = leftovers(b, DAYS)
    publish(a, tmp_path / "a", "x", "one")
    assert len(found) == 1
    assert remove_leftovers(b, list(found), lambda *_: None) == 0
    assert bring(objects, tmp_path / "c", "x") == "one"


def test_old_content_that_nobody_names_is_sent_anew(objects, tmp_path, monkeypatch):
    a = home_of(objects, tmp_path / "a")
    publish(a, tmp_path / "a", "x", "one")
    publish(a, tmp_path / "a", "x", "two")
    sent: list[str] = []
    upload = Objects.upload
    monkeypatch.setattr(Objects, "upload", lambda self, path, name: (sent.append(name), upload(self, path, name)))
    publish(a, tmp_path / "a", "x", "one")
    assert sent == [], "it is young: a second home that makes the same sends nothing"
    publish(a, tmp_path / "a", "x", "two")
    later(monkeypatch, DAYS)
    publish(a, tmp_path / "a", "x", "two")
    assert sent == [], "its own entry names it"
    publish(a, tmp_path / "a", "x", "one")
    assert len(sent) == 1


def test_no_younger_than_what_may_still_be_named_is_ever_found(tmp_path):
    objects = Objects(f"file://{tmp_path / 'the store'}")
    a = home_of(objects, tmp_path / "a")
    publish(a, tmp_path / "a", "x", "one")
    publish(a, tmp_path / "a", "x", "two")
    for path in (tmp_path / "the store" / "objects").rglob("*"):
        os.utime(path, (time.time() - 0.9 * DAY,) * 2)
    assert leftovers(a, 0.0) == {}


def test_an_object_of_unknown_age_is_left_alone(tmp_path, monkeypatch):
    objects = Objects(f"file://{tmp_path / 'the store'}")
    a = home_of(objects, tmp_path / "a")
    publish(a, tmp_path / "a", "x", "one")
    publish(a, tmp_path / "a", "x", "two")
    monkeypatch.setattr("clinseek_assets.storage.store.objects.TIMES", ("no file system says so",))
    later(monkeypatch, DAYS + 1)
    assert leftovers(a, DAYS) == {}
