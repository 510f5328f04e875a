"""What doctor finds of the multimodal sources, with a manifest to hold them against and without."""

import zipfile

import pytest

from clinseek_assets.locations.input import BROKEN, MISSING, PARTIAL, PRESENT
from clinseek_assets.locations.multimodal_inputs import Asked, examine_multimodal
from clinseek_assets.locations.settings import load_settings
from clinseek_assets.mimic.catalogue import CATALOGUES
from clinseek_assets_tests.mimic.multimodal.trees import (
    a_question,
    chexpert,
    csv_of,
    event,
    image,
    lay_cxr_lists,
    lay_ehrxqa_questions,
    lay_list,
    lay_subject,
    record_of,
    stay,
    upstream,
    write,
)

PATIENT, OTHER, STAY = 19990001, 19990002, 39990001
QUESTIONS = [
    a_question("ehrxqa_test_7", PATIENT),
    a_question(f"medmod_decompensation_test_{STAY}_25.0", OTHER, stay_id=STAY),
]


@pytest.fixture
def project(tmp_path, monkeypatch):
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def roots(tmp_path):
    """All four sources, whole for these questions."""
    jpg, cxr, ehrxqa, medmod = (tmp_path / name for name in ("mimic-cxr-jpg", "mimic-cxr", "ehrxqa", "medmod"))
    images = [image("a", PATIENT, 51), image("b", OTHER, 52)]
    lay_cxr_lists(jpg / "2.1.0", images, [chexpert(PATIENT, 51)])
    (jpg / "2.1.0" / "files").mkdir()
    (cxr / "2.1.0").mkdir(parents=True)
    with zipfile.ZipFile(cxr / "2.1.0" / "mimic-cxr-reports.zip", "w") as archive:
        archive.writestr(f"files/p19/p{PATIENT}/s51.txt", "FINAL REPORT")
    for table in CATALOGUES["ehrxqa"].tables.values():
        write(ehrxqa / "ehrxqa" / "database" / "gold" / f"{table.name}.csv", csv_of([record_of(table)]))
    lay_ehrxqa_questions(ehrxqa, [upstream(7, "is it so?", [1])])
    lay_subject(medmod, OTHER, [stay(OTHER, 1, STAY)], [event(OTHER, 1, STAY)])
    lay_list(medmod, "decompensation", [(OTHER, 25.0, STAY, 1)])
    return {
        "MIMIC_CXR_JPG_ROOT": jpg / "2.1.0",
        "MIMIC_CXR_ROOT": cxr / "2.1.0",
        "EHRXQA_ROOT": ehrxqa,
        "MEDMOD_ROOT": medmod,
    }


def found(project, roots, asked=None):
    settings = load_settings({key: str(value) for key, value in roots.items()}, project)
    return {each.name: each for each in examine_multimodal(settings, asked)}


def test_without_a_manifest_a_dataset_is_looked_at_by_itself(project, roots):
    lay_list(roots["MEDMOD_ROOT"], "phenotyping", [(OTHER, 25.0, STAY, *[1] * 25)])
    inputs = found(project, roots)
    told = {name: (each.state, each.found, each.expected) for name, each in inputs.items()}
    assert told == {
        "ClinSeek-Bench, multimodal manifest": (MISSING, 0, 1),
        "MIMIC-CXR": (PRESENT, 1, 1),
        "MIMIC-CXR-JPG": (PRESENT, 4, 4),
        "EHRXQA": (PRESENT, 19, 19),
        "MedMod": (PARTIAL, 3, 4),
    }
    assert inputs["MedMod"].lacking == ("in-hospital-mortality/*_listfile.csv",)
    assert inputs["MIMIC-CXR-JPG"].version == inputs["MIMIC-CXR"].version == "2.1.0"
    assert inputs["MedMod"].version == "1.0 or older"
    assert not any(each.faults for each in inputs.values())


def test_with_a_manifest_a_dataset_is_held_against_what_is_asked(project, roots):
    inputs = found(project, roots, Asked(QUESTIONS, images=(5, 7), reports=(3, 3)))
    assert (inputs["MIMIC-CXR"].state, inputs["MIMIC-CXR"].found) == (PRESENT, 3)
    jpg = inputs["MIMIC-CXR-JPG"]
    assert (jpg.state, jpg.found, jpg.expected, jpg.lacking) == (PARTIAL, 8, 10, ("2 of 7 linked X-rays",))
    assert (inputs["MedMod"].state, inputs["MedMod"].found) == (PRESENT, 3)


def test_patients_who_are_not_in_the_list_of_images_are_a_reason_and_not_named(project, roots):
    more = [*QUESTIONS, a_question("ehrxqa_test_8", 19995555)]
    jpg = found(project, roots, Asked(more, (7, 7), (3, 3)))["MIMIC-CXR-JPG"]
    assert jpg.state == BROKEN
    (fault,) = jpg.faults
    assert "no image of 1 of the 3 patients" in fault and "19995555" not in fault


def test_patients_without_a_folder_are_counted(project, roots):
    more = [*QUESTIONS, a_question("medmod_phenotyping_test_1_41.25", 19995555, stay_id=1)]
    medmod = found(project, roots, Asked(more, (7, 7), (3, 3)))["MedMod"]
    assert medmod.state == PARTIAL
    assert medmod.lacking == (
        "events.csv of 1 of 2 patients",
        "stays.csv of 1 of 2 patients",
        "phenotyping/test_listfile.csv",
    )


@pytest.mark.parametrize(
    ("setting", "name", "told"),
    [
        ("MIMIC_CXR_ROOT", "MIMIC-CXR", "neither mimic-cxr-reports.zip nor"),
        ("MIMIC_CXR_JPG_ROOT", "MIMIC-CXR-JPG", "neither X-rays nor their lists"),
        ("EHRXQA_ROOT", "EHRXQA", "neither database/gold/tb_cxr.csv nor"),
        ("MEDMOD_ROOT", "MedMod", "neither data_full/root/ nor"),
    ],
)
def test_a_named_folder_with_nothing_of_a_dataset_is_broken(project, tmp_path, setting, name, told):
    (tmp_path / "empty").mkdir()
    each = found(project, {setting: tmp_path / "empty"})[name]
    assert each.state == BROKEN and told in each.faults[0] and each.costs


@pytest.mark.parametrize(
    ("place", "content", "name", "told"),
    [
        ("MIMIC_CXR_JPG_ROOT/mimic-cxr-2.0.0-chexpert.csv.gz", b"", "MIMIC-CXR-JPG", "no header"),
        ("MIMIC_CXR_ROOT/mimic-cxr-reports.zip", b"PK", "MIMIC-CXR", "not a whole zip"),
        ("EHRXQA_ROOT/ehrxqa/database/gold/cost.csv", b"row_id,subject_id\n", "EHRXQA", "lacks the column hadm_id"),
        ("MEDMOD_ROOT/mml-ssl-full/decompensation/test_listfile.csv", b"stay\n", "MedMod", "lacks the column"),
    ],
)
def test_a_damaged_file_is_named(project, roots, place, content, name, told):
    setting, _, inside = place.partition("/")
    (roots[setting] / inside).write_bytes(content)
    each = found(project, roots, Asked(QUESTIONS, (7, 7), (3, 3)))[name]
    assert each.state == BROKEN and told in each.faults[0]


def test_a_build_without_optional_columns_is_well(project, roots):
    table = CATALOGUES["ehrxqa"].tables["tb_cxr"]
    needed = [name for name in table.column_names if name not in table.optional]
    write(roots["EHRXQA_ROOT"] / "ehrxqa/database/gold/tb_cxr.csv", ",".join(needed) + "\n")
    assert found(project, roots)["EHRXQA"].state == PRESENT


def test_lists_in_the_other_root_are_found_as_users_of_the_published_scripts_have_them(project, roots):
    for path in roots["MIMIC_CXR_JPG_ROOT"].glob("*.csv.gz"):
        path.rename(roots["MIMIC_CXR_ROOT"] / path.name)
    assert found(project, roots)["MIMIC-CXR-JPG"].state == PRESENT
