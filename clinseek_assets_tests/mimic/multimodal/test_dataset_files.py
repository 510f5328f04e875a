"""Files are found where PhysioNet and the datasets' own scripts put them, and nowhere else."""

import os

import pytest

from clinseek_assets.mimic.catalogue import CATALOGUES
from clinseek_assets.mimic.multimodal.dataset_files import (
    DatasetRoots,
    find_cxr_lists,
    find_ehr_split,
    find_ehrxqa_questions,
    find_ehrxqa_tables,
    find_medmod_list,
    find_medmod_subjects,
)
from clinseek_assets.mimic.multimodal.medmod_lists import LIST_FILES
from clinseek_assets_tests.mimic.multimodal.trees import write


@pytest.mark.parametrize("ending", [".csv", ".csv.gz"])
@pytest.mark.parametrize("place", ["", "2.0.0", "2.1.0", "mimic-cxr-jpg/2.1.0"])
@pytest.mark.parametrize("version", ["2.0.0", "2.1.0"])
def test_lists_are_found_plain_or_compressed_in_both_versions(tmp_path, ending, place, version):
    for name in ("metadata", "chexpert", "split"):
        write(tmp_path / place / f"mimic-cxr-{version}-{name}{ending}", "x\n")
    write(tmp_path / place / "mimic-cxr-2.0.0-negbio.csv.gz", "x\n")
    for roots in (DatasetRoots(mimic_cxr_jpg=tmp_path), DatasetRoots(mimic_cxr=tmp_path)):
        found = find_cxr_lists(roots)
        assert set(found.files) == {"metadata", "chexpert", "split"}
        assert not found.missing and not found.notices


def test_the_root_of_the_images_comes_first_and_the_benchmark_s_version(tmp_path):
    jpg, cxr = tmp_path / "jpg", tmp_path / "cxr"
    write(cxr / "mimic-cxr-2.0.0-metadata.csv", "x\n")
    write(cxr / "mimic-cxr-2.0.0-chexpert.csv", "x\n")
    write(jpg / "mimic-cxr-2.0.0-metadata.csv.gz", "x\n")
    write(jpg / "mimic-cxr-2.1.0-metadata.csv.gz", "x\n")
    found = find_cxr_lists(DatasetRoots(mimic_cxr=cxr, mimic_cxr_jpg=jpg))
    assert found.files["metadata"].path == jpg / "mimic-cxr-2.0.0-metadata.csv.gz"
    assert found.files["chexpert"].path.parent == cxr
    assert "2.1.0-metadata.csv.gz beside it is left alone" in found.notices[0]
    assert str(jpg) in found.missing["split"] and "split.csv.gz" in found.missing["split"]
    assert "MIMIC_CXR_JPG_ROOT" in find_cxr_lists(DatasetRoots()).missing["metadata"]


@pytest.mark.parametrize("base", ["ehrxqa", "", "1.0.0/ehrxqa"])
@pytest.mark.parametrize("gold", ["database/gold", "database/mimic_iv_cxr/test"])
def test_ehrxqa_s_tables_come_of_one_folder_and_answers_are_not_among_them(tmp_path, base, gold):
    for name in ("tb_cxr", "patients", "tb_cxr_plus", "._tb_cxr"):
        write(tmp_path / base / gold / f"{name}.csv", "x\n")
    write(tmp_path / base / "database" / "silver" / "cost.csv", "x\n")
    found = find_ehrxqa_tables(tmp_path)
    assert set(found.files) == {"tb_cxr", "patients"}
    assert set(found.missing) == set(CATALOGUES["ehrxqa"].tables) - {"tb_cxr", "patients"}
    assert "cost.csv.gz" in found.missing["cost"]
    assert "EHRXQA_ROOT" in find_ehrxqa_tables(None).missing["tb_cxr"]
    assert "tb_cxr.csv" in find_ehrxqa_tables(tmp_path / "elsewhere").missing["cost"]


def test_ehrxqa_s_questions_are_those_with_answers(tmp_path):
    write(tmp_path / "dataset" / "_test.json", "[]")
    assert find_ehrxqa_questions(tmp_path) is None
    wanted = write(tmp_path / "dataset" / "mimic_iv_cxr" / "test.json", "[]")
    assert find_ehrxqa_questions(tmp_path) == wanted
    assert find_ehrxqa_questions(None) is None


def test_medmod_s_list_files_go_by_task_and_part(tmp_path):
    table = LIST_FILES["decompensation"]
    assert find_medmod_list(tmp_path, table, "decompensation", "test") is None
    last = write(tmp_path / "data_full" / "decompensation" / "test" / "listfile.csv", "x\n")
    assert find_medmod_list(tmp_path, table, "decompensation", "test").path == last
    second = write(tmp_path / "data_full" / "decompensation" / "test_listfile.csv", "x\n")
    assert find_medmod_list(tmp_path, table, "decompensation", "test").path == second
    first = write(tmp_path / "mml-ssl-full" / "decompensation" / "test_listfile.csv.gz", "x\n")
    assert find_medmod_list(tmp_path, table, "decompensation", "test").path == first
    between = write(tmp_path / "mml-ssl-full" / "decompensation" / "validate_listfile.csv", "x\n")
    for part in ("val", "valid", "validate", "validation"):
        assert find_medmod_list(tmp_path, table, "decompensation", part).path == between
    assert find_medmod_list(None, table, "decompensation", "test") is None


def test_medmod_s_patients_and_its_split_of_images(tmp_path):
    assert find_medmod_subjects(tmp_path) is None
    (tmp_path / "data_full" / "root" / "train").mkdir(parents=True)
    assert find_medmod_subjects(tmp_path) == tmp_path / "data_full" / "root"
    assert find_medmod_subjects(tmp_path / "data_full") == tmp_path / "data_full" / "root"
    roots = DatasetRoots(medmod=tmp_path, mimic_cxr=tmp_path / "cxr")
    assert find_ehr_split(roots) is None
    beside = write(tmp_path / "cxr" / "mimic-cxr-ehr-split.csv", "x\n")
    assert find_ehr_split(roots).path == beside
    own = write(tmp_path / "mimic-cxr-ehr-split.csv.gz", "x\n")
    assert find_ehr_split(roots).path == own


def test_of_plain_and_compressed_the_newer_is_read(tmp_path):
    for place, ending in enumerate((".csv.gz", ".csv")):
        path = write(tmp_path / f"mimic-cxr-2.0.0-metadata{ending}", "x\n")
        os.utime(path, (1_000_000_000 + place, 1_000_000_000 + place))
    found = find_cxr_lists(DatasetRoots(mimic_cxr_jpg=tmp_path))
    assert found.files["metadata"].path.suffix == ".csv"
    assert "lies there twice" in found.notices[0]
