"""Data is credentialed unless every file of it proves otherwise."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from pathlib import Path

import pytest

from clinseek_assets.locations import data_class
from clinseek_assets.locations.data_class import classify, vouch_if_open, voucher_file
from clinseek_assets.mimic.open_demo import open_demo_digests
from clinseek_assets.storage.vouchers import read_voucher

DEMO = os.environ.get("MIMIC_DEMO_ROOT")
# In the demo's own list of hashes, which one of its users will look these three up in.
IN_THE_DEMO = {
    "hosp/patients.csv.gz": "59dcc6cd8450ddf03ad32cc7d76e41caa4c9633541715987f590c74835cf6fae",
    "icu/chartevents.csv.gz": "90f096ad3db847ed1aaec073f8d86053c51fea7b616d3b046410e030f083d560",
    "icu/procedureevents.csv.gz": "37454f286dc1eee6cef666b4fdf91452eb8bea6bfc3cf98d4ad179ebb4a741fa",
}


@pytest.fixture
def demo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Three files that pass for files of the demo."""
    files = [tmp_path / f"{name}.csv.gz" for name in ("patients", "admissions", "omr")]
    for file in files:
        file.write_bytes(file.name.encode() * 3)
    digests = frozenset(hashlib.sha256(file.read_bytes()).hexdigest() for file in files)
    monkeypatch.setattr(data_class, "open_demo_digests", lambda: digests)
    return files


def test_the_demo_s_files_are_known_by_their_published_hashes() -> None:
    assert len(open_demo_digests()) == 32  # 31 tables, and the list of patients
    assert set(IN_THE_DEMO.values()) <= open_demo_digests()


@pytest.mark.skipif(DEMO is None, reason="MIMIC_DEMO_ROOT is not set")
def test_the_demo_s_own_tables_are_open() -> None:
    tables = [Path(str(DEMO)) / "hosp" / f"{name}.csv.gz" for name in ("patients", "admissions", "labevents")]
    assert classify(tables).data_class == "open"


def test_all_files_of_the_demo_are_open_and_no_file_is_not(demo: list[Path]) -> None:
    assert classify(demo).data_class == "open"
    assert classify([]).data_class == "credentialed"


def test_one_changed_byte_makes_all_of_it_credentialed(demo: list[Path]) -> None:
    assert classify(demo).data_class == "open"
    content = bytearray(demo[1].read_bytes())
    content[0] ^= 1
    demo[1].write_bytes(bytes(content))
    standing = classify(demo)
    assert standing.data_class == "credentialed"
    assert str(demo[1]) in standing.reason and str(demo[0]) not in standing.reason


def test_a_mix_is_of_the_strictest_class(demo: list[Path], tmp_path: Path) -> None:
    other = tmp_path / "elsewhere" / "patients.csv"
    other.parent.mkdir()
    other.write_text("subject_id\n1\n")
    assert classify([*demo, other]).data_class == "credentialed"
    assert classify([*demo, tmp_path / "gone.csv"]).data_class == "credentialed"


def test_what_is_made_from_open_files_is_vouched_for_until_it_changes(demo: list[Path], tmp_path: Path) -> None:
    made = tmp_path / "bench" / "questions.json"
    made.parent.mkdir()
    made.write_text("[1]")
    assert classify([made]).data_class == "credentialed"
    voucher = vouch_if_open(made, {file.name: file for file in demo}, {"seed": 1})
    assert voucher == voucher_file(made)
    assert classify([made, *demo]).data_class == "open"
    assert set(json.loads(voucher.read_text())["inputs"]) == {file.name for file in demo}
    made.write_text("[2]")
    assert classify([made, *demo]).data_class == "credentialed"


def test_a_credentialed_input_gets_no_voucher_and_takes_an_earlier_one_away(demo: list[Path], tmp_path: Path) -> None:
    made = tmp_path / "questions.json"
    made.write_text("[1]")
    assert vouch_if_open(made, {file.name: file for file in demo}, {})
    demo[0].write_bytes(b"other patients")
    assert vouch_if_open(made, {file.name: file for file in demo}, {}) is None
    assert not voucher_file(made).exists()
    assert classify([made]).data_class == "credentialed"


@pytest.mark.parametrize("change", ["files", "inputs", "purpose", "signature"])
def test_a_voucher_that_was_changed_vouches_for_nothing(demo: list[Path], tmp_path: Path, change: str) -> None:
    made, other = tmp_path / "questions.json", tmp_path / "other.json"
    made.write_text("[1]")
    other.write_text("[2]")
    voucher = vouch_if_open(made, {file.name: file for file in demo}, {})
    assert voucher is not None
    content = json.loads(voucher.read_text())
    content[change] = {"files": {**content["files"], "x": "0"}, "inputs": {}}.get(change, "another")
    voucher.write_text(json.dumps(content))
    assert classify([made]).data_class == "credentialed"


def test_a_voucher_of_one_purpose_does_not_pass_for_another(demo: list[Path], tmp_path: Path) -> None:
    made = tmp_path / "questions.json"
    made.write_text("[1]")
    voucher = vouch_if_open(made, {file.name: file for file in demo}, {})
    assert voucher is not None
    assert read_voucher(voucher, data_class.SYNTHETIC_PURPOSE) is None
    shutil.move(voucher, tmp_path / "SYNTHETIC.json")
    assert classify([made]).data_class == "credentialed"


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"purpose": "x", "files": []}', "\ufeff{"])
def test_what_is_no_voucher_is_none(tmp_path: Path, content: str) -> None:
    (tmp_path / "v.json").write_text(content)
    assert read_voucher(tmp_path / "v.json", "x") is None
