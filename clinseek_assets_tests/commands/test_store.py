"""`clinseek store` and what `clinseek doctor` says of a store, as a user calls them."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import boto3
import pytest
from click.testing import CliRunner

from clinseek_assets.campaign.analysis_plan import fix_plan, fixed_plan
from clinseek_assets.cli import clinseek
from clinseek_assets.locations.settings import load_settings
from clinseek_assets.models.journal import Journal
from clinseek_assets.resources.home import Home
from clinseek_assets.resources.runs import ask_for_runs, wanted_runs
from clinseek_assets.storage.receipts import Receipt
from clinseek_assets.storage.store.objects import Objects
from clinseek_assets.storage.store.rows import RowStore
from clinseek_assets.storage.store.standing import standing_of_store
from clinseek_assets_tests.services.buckets import BUCKET, serving_bucket


@pytest.fixture
def shared(tmp_path, monkeypatch) -> Path:
    """The store of a machine whose home is empty."""
    (tmp_path / "models.yaml").write_text("models: []\n")
    monkeypatch.setenv("CLINSEEK_HOME", str(tmp_path / "b"))
    monkeypatch.setenv("CLINSEEK_MODELS", str(tmp_path / "models.yaml"))
    monkeypatch.setenv("CLINSEEK_STORE", str(tmp_path / "store"))
    return tmp_path / "store"


def call(*arguments: str):
    return CliRunner().invoke(clinseek, list(arguments), standalone_mode=True)


def filled(store: Path, home: Path) -> None:
    """A machine that made one artifact and kept one exchange."""
    from clinseek_assets.storage.receipts import ReceiptBook
    from clinseek_assets.storage.store.published import Published
    from clinseek_assets.storage.store.shared_artifacts import SharedArtifacts

    objects = Objects(f"file://{store}")
    made = SharedArtifacts(ReceiptBook(home / "assets" / "receipts"), Published(objects, home, home / "store"))
    path = home / "assets" / "marts" / "text_leaderboard.parquet"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"a table")
    made.record("text_leaderboard", None, Receipt("inputs", "content"), path)
    with Journal(home / "assets" / "predictions" / "journal.sqlite", RowStore(objects, home)) as journal:
        journal.put_exchange("a hash", 1, ["said"])


def test_what_others_made_is_pulled(shared, tmp_path):
    filled(shared, tmp_path / "a")
    done = call("store", "pull")
    assert done.exit_code == 0, done.output
    home = tmp_path / "b" / "assets"
    assert (home / "marts" / "text_leaderboard.parquet").read_bytes() == b"a table"
    with Journal(home / "predictions" / "journal.sqlite") as journal:
        assert journal.exchange("a hash", 1) == ["said"]
    assert call("store", "pull", "nothing_of_the_kind").exit_code == 2


def test_a_home_that_worked_alone_gives_its_plan_and_what_it_was_asked_for(shared, tmp_path, monkeypatch):
    models = "models:\n  - {name: one, dialect: baseline, model_id: always_yes, enabled: true}\n"
    (tmp_path / "models.yaml").write_text(models)
    monkeypatch.delenv("CLINSEEK_STORE")
    alone = Home.of(load_settings())
    fixed = fix_plan(alone)
    ask_for_runs(alone, "text", "seeking", "one", 3)
    monkeypatch.setenv("CLINSEEK_STORE", str(shared))
    done = call("store", "push")
    assert done.exit_code == 0, done.output
    monkeypatch.setenv("CLINSEEK_HOME", str(tmp_path / "other"))
    other = Home.of(load_settings())
    assert fixed_plan(other) == fixed
    assert [wanted_runs(other, "text", arm, "one") for arm in ("seeking", "curated")] == [3, 1]


def test_the_status_counts_what_lies_there(shared, tmp_path):
    filled(shared, tmp_path / "a")
    done = call("store", "status", "--json")
    assert done.exit_code == 0, done.output
    found = json.loads(done.output)
    assert (found["usable"], found["private"]) == (True, "yes")
    assert (found["artifacts"], found["bytes"]) == ({"text_leaderboard": 1}, 7)


def test_what_is_left_over_is_counted_first_and_taken_away_when_asked(shared, tmp_path):
    filled(shared, tmp_path / "a")
    for kind, days in (("named by nobody", 8), ("young", 1)):
        path = shared / "objects" / "ab" / kind
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"x" * 1_500)
        os.utime(path, (time.time() - days * 86_400,) * 2)
    done = call("store", "clean")
    assert done.exit_code == 0, done.output
    assert "1 objects, 1.5 kB" in done.output
    assert "--remove" in done.output
    assert json.loads(call("store", "clean", "--json").output) == {"objects": 1, "bytes": 1_500, "removed": 0}
    assert "Removed 1" in call("store", "clean", "--remove").output
    assert json.loads(call("store", "clean", "--json").output)["objects"] == 0
    assert (shared / "objects" / "ab" / "young").exists()
    assert call("store", "pull").exit_code == 0
    assert call("store", "clean", "--older-than", "0.5").exit_code == 2


def test_without_a_store_the_mend_is_told(shared, monkeypatch):
    monkeypatch.delenv("CLINSEEK_STORE")
    done = call("store", "status")
    assert done.exit_code == 1
    assert "CLINSEEK_STORE" in str(done.exception)


def test_a_store_that_cannot_be_written_is_told(shared):
    shared.write_text("a file, no folder")
    done = call("store", "status")
    assert done.exit_code == 1
    assert "not usable" in done.output


def test_a_folder_that_others_may_enter_is_not_private(tmp_path):
    objects = Objects(f"file://{tmp_path / 'store'}")
    assert standing_of_store(objects).private == "yes"
    (tmp_path / "store").chmod(0o755)
    assert standing_of_store(objects).private == "no"


def test_a_bucket_that_lets_everybody_in_is_not_private():
    with serving_bucket() as url:
        assert standing_of_store(Objects(url)).private == "yes"
        boto3.client("s3").put_bucket_acl(Bucket=BUCKET, ACL="public-read")
        standing = standing_of_store(Objects(url))
        assert (standing.usable, standing.private) == (True, "no")
        assert BUCKET in standing.reason
