"""Modules are found wherever a download, an archive or a user's own order left them."""

import os
from pathlib import Path

import pytest

from clinseek_assets.faults import SettingsFault
from clinseek_assets.locations.physionet import (
    MIMIC_CXR_JPG,
    MIMIC_IV,
    choices_made,
    find_modules,
    find_release,
    is_open_demo,
    version_in_path,
)
from clinseek_assets_tests.locations.folders import lay_module, lay_root


def test_a_merged_root_has_a_folder_a_module(tmp_path):
    lay_root(tmp_path, "hosp", "icu", "ed", "note")
    assert find_modules(tmp_path) == {name: tmp_path / name for name in ("ed", "hosp", "icu", "note")}


def test_a_module_s_own_folder_is_a_root_too(tmp_path):
    folder = lay_module(tmp_path / "anything", "note")
    assert find_modules(folder) == {"note": folder}


def test_flat_all_tables_lie_in_one_folder(tmp_path):
    lay_module(tmp_path, "hosp")
    lay_module(tmp_path, "icu")
    assert find_modules(tmp_path) == {"hosp": tmp_path, "icu": tmp_path}


def test_a_version_folder_below_a_dataset_s_root(tmp_path):
    note = lay_module(tmp_path / "2.2" / "note", "note")
    assert find_modules(tmp_path) == {"note": note}


@pytest.mark.parametrize("above", ["", "files", "physionet.org/files"])
def test_a_recursive_download_with_and_without_the_folders_above(tmp_path, above):
    files = tmp_path / above
    expected = {
        "ed": lay_module(files / "mimic-iv-ed/2.2/ed", "ed"),
        "hosp": lay_module(files / "mimiciv/3.1/hosp", "hosp"),
        "icu": lay_module(files / "mimiciv/3.1/icu", "icu"),
        "note": lay_module(files / "mimic-iv-note/2.2/note", "note"),
    }
    assert find_modules(tmp_path) == expected
    assert choices_made(tmp_path, expected) == []


def test_unpacked_archives_beside_each_other(tmp_path):
    hosp = lay_module(tmp_path / "mimic-iv-3.1" / "hosp", "hosp")
    name = "mimic-iv-note-deidentified-free-text-clinical-notes-2.2"
    note = lay_module(tmp_path / name / "note", "note")
    assert find_modules(tmp_path) == {"hosp": hosp, "note": note}


def test_of_several_versions_the_benchmark_s_own_is_taken_and_told(tmp_path):
    files = tmp_path / "files" / "mimiciv"
    for version in ("2.2", "3.1", "4.0"):
        lay_module(files / version / "hosp", "hosp")
    found = find_modules(tmp_path)
    assert found == {"hosp": files / "3.1" / "hosp"}
    [notice] = choices_made(tmp_path, found)
    assert "version 3.1 is used" in notice
    assert "4.0" in notice
    assert "2.2" in notice


def test_modules_of_one_dataset_are_never_of_two_versions(tmp_path):
    lay_module(tmp_path / "mimiciv/3.1/hosp", "hosp")
    lay_module(tmp_path / "mimiciv/2.2/icu", "icu")
    assert find_modules(tmp_path) == {"hosp": tmp_path / "mimiciv/3.1/hosp"}


def test_the_demo_stands_in_only_where_the_full_data_is_not(tmp_path):
    demo = lay_root(tmp_path / "mimic-iv-demo/2.2", "hosp", "icu")
    (demo / "demo_subject_id.csv").write_text("subject_id\n")
    assert find_modules(tmp_path) == {"hosp": demo / "hosp", "icu": demo / "icu"}
    assert is_open_demo(demo / "hosp")
    full = lay_root(tmp_path / "mimiciv/3.1", "hosp")
    assert find_modules(tmp_path) == {"hosp": full / "hosp"}
    assert not is_open_demo(full / "hosp")


def test_an_unknown_version_is_taken_and_told(tmp_path):
    lay_module(tmp_path / "mimiciv/9.7/hosp", "hosp")
    release = find_release(tmp_path, MIMIC_IV)
    assert release is not None
    assert release.version == "9.7"
    assert "not one that this project knows" in release.notices[0]


def test_a_dataset_without_modules_is_found_by_its_version_folder(tmp_path):
    (tmp_path / "files/mimic-cxr-jpg/2.1.0").mkdir(parents=True)
    (tmp_path / "files/mimic-cxr-jpg/2.0.0").mkdir()
    release = find_release(tmp_path, MIMIC_CXR_JPG)
    assert release is not None
    assert release.folder.name == "2.0.0"


def test_an_empty_folder_of_the_right_name_is_no_module(tmp_path):
    (tmp_path / "hosp").mkdir()
    with pytest.raises(SettingsFault, match="No table of MIMIC-IV"):
        find_modules(tmp_path)


@pytest.mark.parametrize("make", [Path.touch, lambda path: None], ids=["a file", "nothing"])
def test_a_root_that_is_no_folder_is_refused_by_name(tmp_path, make):
    root = tmp_path / "data"
    make(root)
    with pytest.raises(SettingsFault, match=str(root)):
        find_modules(root)


@pytest.mark.parametrize(
    ("path", "version"),
    [
        ("files/mimiciv/3.1/hosp", "3.1"),
        ("mimic-iv-clinical-database-demo-2.2/icu", "2.2"),
        ("mimic-cxr-jpg/2.0.0", "2.0.0"),
        ("data/mimic_iv/hosp", None),
        ("backup-1.2/hosp", None),
    ],
)
def test_the_version_that_a_path_tells(path, version):
    assert version_in_path(Path(path)) == version


def test_the_real_demo_is_recognised():
    root = os.environ.get("MIMIC_DEMO_ROOT")
    if not root:
        pytest.skip("MIMIC_DEMO_ROOT is not set")
    found = find_modules(Path(root))
    assert sorted(found) == ["hosp", "icu"]
    assert is_open_demo(found["hosp"])
