"""`clinseek doctor` as a user meets it: the table, the JSON, and the exit code that follows from what is named."""

import json
import os
import stat
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from clinseek_assets_tests.locations.folders import lay_root
from clinseek_assets_tests.mimic.multimodal.bundle import lay_bundle, lay_release, rows

CLINSEEK = Path(sys.executable).with_name("clinseek")
NOT_OURS = ("CLINSEEK_", "MIMIC_", "PHYSIONET_ROOT", "EHR", "MEDMOD_ROOT")


def doctor(folder, *options, **environ):
    """Run the command in an empty folder with only these settings."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith(NOT_OURS)}
    named = {"CLINSEEK_HOME": folder / "home", **environ}
    return subprocess.run(
        [CLINSEEK, "doctor", *options],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        env=clean | {key: str(value) for key, value in named.items()},
    )


def test_a_newcomer_without_data_is_told_what_there_is_to_get(tmp_path):
    ran = doctor(tmp_path)
    assert ran.returncode == 0, ran.stderr
    for word in ("make demo", "https://physionet.org/content/mimiciv/", "CLINSEEK_RELEASE_ROOT", "PHYSIONET_ROOT"):
        assert word in ran.stdout


def test_what_is_named_and_usable_ends_with_0(tmp_path):
    root = lay_root(tmp_path / "data", "hosp", "icu")
    ran = doctor(tmp_path, "--json", MIMIC_IV_ROOT=root)
    assert ran.returncode == 0, ran.stderr
    report = json.loads(ran.stdout)
    assert report["ok"] is True
    states = {found["name"]: found["state"] for found in report["inputs"]}
    assert states["MIMIC-IV: hosp"] == "present"
    assert states["MIMIC-IV-ED: ed"] == "missing"
    assert report["settings"]["origins"]["MIMIC_IV_ROOT"] == "environment"
    assert report["home"]["writable"] is True
    assert report["home"]["synthetic"] is False
    assert report["software"]["python"].startswith("3.")


def test_all_that_is_broken_is_told_at_once_with_exit_1(tmp_path):
    root = lay_root(tmp_path / "data", "hosp")
    (root / "hosp" / "omr.csv.gz").write_bytes(b"broken")
    ran = doctor(tmp_path, MIMIC_IV_ROOT=root, EHRXQA_ROOT=tmp_path / "nowhere")
    assert ran.returncode == 1
    assert "omr.csv.gz" in ran.stderr
    assert "EHRXQA_ROOT names" in ran.stderr
    assert "Traceback" not in ran.stderr
    assert "MIMIC-IV: hosp" in ran.stdout


def test_json_has_the_reasons_too(tmp_path):
    ran = doctor(tmp_path, "--json", MEDMOD_ROOT=tmp_path / "nowhere")
    report = json.loads(ran.stdout)
    assert (ran.returncode, report["ok"]) == (1, False)
    assert "MEDMOD_ROOT" in report["reasons"][0]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_home_that_cannot_be_written_to_is_a_reason(tmp_path):
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o500)
    ran = doctor(tmp_path, CLINSEEK_HOME=locked)
    assert ran.returncode == 1
    assert "cannot be written to" in ran.stderr


def test_the_class_of_the_data_is_told_with_its_reason(tmp_path, tiny_release):
    named = {"CLINSEEK_RELEASE_ROOT": tiny_release / "release", "MIMIC_IV_ROOT": tiny_release / "sources" / "mimic_iv"}
    assert json.loads(doctor(tmp_path, "--json", **named).stdout)["data_class"]["data_class"] == "open"

    root = lay_root(tmp_path / "data", "hosp")
    found = json.loads(doctor(tmp_path, "--json", MIMIC_IV_ROOT=root).stdout)["data_class"]
    assert found["data_class"] == "credentialed" and "ClinSeek-Bench_text.json is not there" in found["reason"]
    assert "credentialed" in doctor(tmp_path, MIMIC_IV_ROOT=root).stdout
    assert json.loads(doctor(tmp_path, "--json").stdout)["data_class"] is None


def test_the_list_of_what_is_to_be_fetched_needs_the_manifest_alone(tmp_path):
    release = lay_release(tmp_path / "alone", rows())
    ran = doctor(tmp_path, "--fetch-list", "needed.txt", CLINSEEK_RELEASE_ROOT=release)
    assert ran.returncode == 0, ran.stderr
    assert "9 paths" in ran.stdout
    written = tmp_path / "needed.txt"
    assert stat.S_IMODE(written.stat().st_mode) == 0o600
    assert written.read_text().splitlines() == [
        *(f"mimic-cxr-jpg/2.0.0/mimic-cxr-2.0.0-{name}.csv.gz" for name in ("metadata", "chexpert", "split")),
        "mimic-cxr-jpg/2.0.0/files/p19/p19990001/s51/aaaa-51.jpg",
        "mimic-cxr-jpg/2.0.0/files/p19/p19990001/s52/bbbb-52.jpg",
        "mimic-cxr-jpg/2.0.0/files/p19/p19990002/s61/cccc-61.jpg",
        "mimic-cxr-jpg/2.0.0/files/p19/p19990002/s62/dddd-62.jpg",
        "mimic-cxr/2.0.0/files/p19/p19990001/s51.txt",
        "mimic-cxr/2.0.0/files/p19/p19990001/s52.txt",
    ]


def test_what_the_list_names_laid_out_as_a_download_leaves_it_is_all_that_is_needed(tmp_path):
    named = lay_bundle(tmp_path / "bundle")
    jpg, archive = Path(named["MIMIC_CXR_JPG_ROOT"]), Path(named["MIMIC_CXR_ROOT"]) / "mimic-cxr-reports.zip"
    release = {"CLINSEEK_RELEASE_ROOT": named["CLINSEEK_RELEASE_ROOT"]}
    assert doctor(tmp_path, "--fetch-list", "needed.txt", **release).returncode == 0
    with zipfile.ZipFile(archive) as reports:
        for line in (tmp_path / "needed.txt").read_text().splitlines():
            dataset, version, inside = line.split("/", 2)
            path = tmp_path / "physionet.org" / "files" / dataset / version / inside
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes((jpg / inside).read_bytes() if dataset == "mimic-cxr-jpg" else reports.read(inside))
    found = inputs_of(doctor(tmp_path, "--json", **release, PHYSIONET_ROOT=tmp_path / "physionet.org"))
    assert {name: found[name]["state"] for name in ("MIMIC-CXR", "MIMIC-CXR-JPG")} == {
        "MIMIC-CXR": "present",
        "MIMIC-CXR-JPG": "present",
    }
    assert (found["MIMIC-CXR"]["found"], found["MIMIC-CXR-JPG"]["found"]) == (2, 7)


def test_without_a_manifest_nobody_knows_what_to_fetch(tmp_path):
    ran = doctor(tmp_path, "--fetch-list", "needed.txt")
    assert ran.returncode == 1
    assert "CLINSEEK_RELEASE_ROOT" in ran.stderr and "Traceback" not in ran.stderr
    assert not (tmp_path / "needed.txt").exists()


def test_linked_files_are_counted_as_they_are(tmp_path):
    named = lay_bundle(tmp_path / "bundle")
    next((Path(named["MIMIC_CXR_JPG_ROOT"]) / "files").rglob("*.jpg")).unlink()
    found = inputs_of(doctor(tmp_path, "--json", **named))
    jpg = found["MIMIC-CXR-JPG"]
    assert (jpg["state"], jpg["found"], jpg["expected"], jpg["lacking"]) == (
        "partial",
        6,
        7,
        ["1 of 4 linked X-rays"],
    )
    assert [found[name]["state"] for name in ("MIMIC-CXR", "EHRXQA", "MedMod")] == ["present"] * 3


def test_a_damaged_manifest_is_a_reason(tmp_path):
    release = lay_release(tmp_path / "alone", [*rows(), {"qid": "ehrxqa_test_9"}])
    ran = doctor(tmp_path, CLINSEEK_RELEASE_ROOT=release)
    assert ran.returncode == 1 and "cannot be taken as a multimodal manifest" in ran.stderr
    ran = doctor(tmp_path, "--fetch-list", "needed.txt", CLINSEEK_RELEASE_ROOT=release)
    assert ran.returncode == 1 and not (tmp_path / "needed.txt").exists()


def inputs_of(ran):
    return {each["name"]: each for each in json.loads(ran.stdout)["inputs"]}
