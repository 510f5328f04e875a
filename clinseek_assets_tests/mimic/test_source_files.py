import os

from clinseek_assets.mimic.catalogue import TABLES
from clinseek_assets.mimic.source_files import find_source_files


def test_a_table_is_found_plain_or_compressed_and_strays_are_not(tmp_path):
    for name in ("patients.csv", "admissions.csv.gz", "._patients.csv", "patients copy.csv", "notes.csv", "omr.txt"):
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "poe.csv").mkdir()
    inventory = find_source_files({"hosp": tmp_path})
    assert {name: source.path.name for name, source in inventory.files.items()} == {
        "admissions": "admissions.csv.gz",
        "patients": "patients.csv",
    }
    assert inventory.notices == []
    assert set(inventory.missing) == set(TABLES) - {"admissions", "patients"}


def test_of_plain_and_compressed_the_newer_is_read_and_it_says_so(tmp_path):
    for newer, older in (("omr.csv", "omr.csv.gz"), ("omr.csv.gz", "omr.csv")):
        (tmp_path / newer).write_bytes(b"new")
        (tmp_path / older).write_bytes(b"old")
        os.utime(tmp_path / newer, (2_000_000_000, 2_000_000_000))
        os.utime(tmp_path / older, (1_000_000_000, 1_000_000_000))
        inventory = find_source_files({"hosp": tmp_path})
        assert inventory.files["omr"].path.name == newer
        (notice,) = inventory.notices
        assert f"the newer, {newer}, is read" in notice
        assert "2033-05-18" in notice and "2001-09-09" in notice


def test_what_is_missing_has_its_reason(tmp_path):
    (tmp_path / "icu").mkdir()
    inventory = find_source_files({"icu": tmp_path / "icu", "note": tmp_path / "nowhere"})
    assert inventory.files == {}
    assert "There is no chartevents.csv or chartevents.csv.gz in" in inventory.missing["chartevents"]
    assert "does not exist" in inventory.missing["discharge"]
    assert "module ed is not known" in inventory.missing["triage"]


def test_a_replaced_file_has_another_fingerprint(tmp_path):
    path = tmp_path / "omr.csv"
    path.write_text("one\n")
    source = find_source_files({"hosp": tmp_path}).files["omr"]
    before = source.fingerprint()
    assert source.fingerprint() == before
    path.write_text("another\n")
    assert source.fingerprint() != before
