"""Versions are told by folder names, by files that only one version has, and by a column; and what does not match."""

import gzip

import pytest

from clinseek_assets.locations.dataset_versions import DatasetVersions, mismatches, versions_of
from clinseek_assets.locations.settings import load_settings
from clinseek_assets_tests.mimic.multimodal.trees import STAY_COLUMNS


@pytest.fixture
def project(tmp_path, monkeypatch):
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def found(project, **roots):
    return versions_of(load_settings({key: str(value) for key, value in roots.items()}, project))


def test_the_folder_s_name_tells(project, tmp_path):
    for folder in ("mimic-cxr/2.1.0", "mimic-cxr-jpg-2.0.0", "ehrxqa/1.0.0"):
        (tmp_path / folder).mkdir(parents=True)
    versions = found(
        project,
        MIMIC_CXR_ROOT=tmp_path / "mimic-cxr/2.1.0",
        MIMIC_CXR_JPG_ROOT=tmp_path / "mimic-cxr-jpg-2.0.0",
        EHRXQA_ROOT=tmp_path / "ehrxqa/1.0.0",
    )
    assert versions == DatasetVersions("2.1.0", "2.0.0", "1.0.0", None)
    (told,) = mismatches(versions)
    assert "MIMIC-CXR is of version 2.1.0 and MIMIC-CXR-JPG of version 2.0.0" in told


def test_else_a_file_that_only_the_newer_version_has(project, tmp_path):
    for name, file in (("a", "cxr-provider-list.csv.gz"), ("b", "mimic-cxr-2.1.0-test-set-labeled.csv"), ("c", "x")):
        (tmp_path / name).mkdir()
        (tmp_path / name / file).touch()
    versions = found(project, MIMIC_CXR_ROOT=tmp_path / "a", MIMIC_CXR_JPG_ROOT=tmp_path / "b")
    assert (versions.mimic_cxr, versions.mimic_cxr_jpg) == ("2.1.0", "2.1.0")
    assert not mismatches(versions)
    assert found(project, MIMIC_CXR_ROOT=tmp_path / "c").mimic_cxr == "unknown"
    assert not mismatches(found(project, MIMIC_CXR_ROOT=tmp_path / "c", MIMIC_CXR_JPG_ROOT=tmp_path / "b"))


@pytest.mark.parametrize(
    ("header", "told", "fits"),
    [
        (STAY_COLUMNS, "1.0 or older", True),
        ([name if name != "ethnicity" else "race" for name in STAY_COLUMNS], "2.0 or newer", False),
        (["subject_id"], "unknown", True),
    ],
)
@pytest.mark.parametrize("place", ["all_stays.csv", "train/19990001/stays.csv", "test/19990001/stays.csv.gz"])
def test_medmod_s_stays_tell_what_they_were_built_from(project, tmp_path, header, told, fits, place):
    path = tmp_path / "medmod" / "data_full" / "root" / place
    path.parent.mkdir(parents=True)
    (path.parents[0] if place.startswith("all") else path.parents[1]).joinpath("test").mkdir(exist_ok=True)
    line = (",".join(header) + "\n").encode()
    path.write_bytes(gzip.compress(line) if path.suffix == ".gz" else line)
    versions = found(project, MEDMOD_ROOT=tmp_path / "medmod")
    assert versions.medmod == told
    assert bool(mismatches(versions)) is not fits


def test_synthetic_sources_do_not_go_with_others(project, tmp_path):
    for folder in ("made/mimic_cxr_jpg", "made/medmod", "ehrxqa/1.0.0"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "made" / "SYNTHETIC.json").write_text("{}")
    made = {"MIMIC_CXR_JPG_ROOT": tmp_path / "made" / "mimic_cxr_jpg", "MEDMOD_ROOT": tmp_path / "made" / "medmod"}
    alone = found(project, **made)
    assert alone.told() == {"MIMIC-CXR-JPG": "synthetic", "MedMod": "synthetic"}
    assert not mismatches(alone)
    (told,) = mismatches(found(project, **made, EHRXQA_ROOT=tmp_path / "ehrxqa" / "1.0.0"))
    assert told == "MIMIC-CXR-JPG, MedMod: synthetic, but EHRXQA not: no patient would match."


def test_an_unknown_version_is_told():
    (told,) = mismatches(DatasetVersions(mimic_cxr_jpg="3.0.0"))
    assert "version 3.0.0 is not one that this project knows" in told
    assert DatasetVersions(ehrxqa="1.0.0", medmod="1.0 or older").told() == {
        "EHRXQA": "1.0.0, of MIMIC-IV 2.2",
        "MedMod": "of MIMIC-IV 1.0 or older",
    }
