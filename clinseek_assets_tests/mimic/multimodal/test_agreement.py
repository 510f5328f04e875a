"""Agreement by hand-made cases: a manifest made from the sources agrees on every point, and each change is seen."""

import dataclasses
from datetime import datetime

import pandas
import pytest

from clinseek_assets.benchmark.vocabularies import PHENOTYPES
from clinseek_assets.mimic.catalogue import CATALOGUES
from clinseek_assets.mimic.extraction import extract_table
from clinseek_assets.mimic.multimodal.agreement import Count, counts, first_disagreements
from clinseek_assets.mimic.multimodal.cxr_lists import read_images
from clinseek_assets.mimic.multimodal.dataset_files import DatasetRoots, find_cxr_lists
from clinseek_assets.mimic.multimodal.ehrxqa_agreement import ehrxqa_agreement
from clinseek_assets.mimic.multimodal.ehrxqa_questions import read_ehrxqa_questions
from clinseek_assets.mimic.multimodal.linked_studies import LinkedImage
from clinseek_assets.mimic.multimodal.medmod_agreement import MedmodSources, medmod_agreement
from clinseek_assets.mimic.multimodal.medmod_lists import find_list_files, read_list_rows
from clinseek_assets.mimic.source_files import SourceFile
from clinseek_assets_tests.mimic.multimodal.trees import (
    a_question,
    csv_of,
    image,
    lay_cxr_lists,
    lay_ehrxqa_questions,
    lay_list,
    record_of,
    upstream,
    write,
)

PATIENT, STAY, HADM = 19990001, 39990001, 29990001
INTIME = datetime(2150, 6, 1, 10)
DECOMPENSATION = a_question(
    f"medmod_decompensation_test_{STAY}_25.0", PATIENT, stay_id=STAY, prediction_time=datetime(2150, 6, 2, 11)
)
MORTALITY = a_question(f"medmod_in-hospital-mortality_test_{STAY}_0", PATIENT, row_number=2, stay_id=STAY, gold=("no",))
PHENOTYPING = a_question(
    f"medmod_phenotyping_test_{STAY}_41.25",
    PATIENT,
    row_number=3,
    stay_id=STAY,
    gold=(PHENOTYPES[0], PHENOTYPES[24]),
    prediction_time=datetime(2150, 6, 3, 3, 15),
)
RADIOLOGY = a_question(
    "medmod_radiology_test_51",
    PATIENT,
    row_number=4,
    gold=("Edema", "Support Devices"),
    prediction_time=datetime(2150, 6, 2, 8),
)
QUESTIONS = [DECOMPENSATION, MORTALITY, PHENOTYPING, RADIOLOGY]


@pytest.fixture(scope="module")
def medmod(tmp_path_factory):
    root = tmp_path_factory.mktemp("medmod")
    lay_list(root, "decompensation", [(PATIENT, 24.0, STAY, 0), (PATIENT, 25.0, f"{STAY}.0", 1), (1, 25.0, 1, 0)])
    lay_list(root, "in-hospital-mortality", [(PATIENT, 0, STAY, 0)])
    lay_list(root, "phenotyping", [(PATIENT, "41.250000", STAY, 1, *[0] * 23, 1)])
    images = [
        image("early", PATIENT, 50, "21500601", "90000"),
        image("a", PATIENT, 51, "21500602", "80000"),
        image("side", PATIENT, 51, "21500602", "80000", view="LATERAL"),
        image("late", PATIENT, 52, "21500604", "80000"),
    ]
    lists = find_cxr_lists(DatasetRoots(mimic_cxr_jpg=lay_cxr_lists(root / "jpg", images, [{"subject_id": 1}])))
    extract_table(lists.files["metadata"], {PATIENT}, root / "metadata.parquet")
    files = find_list_files(root, QUESTIONS)
    stays = {"subject_id": [PATIENT], "hadm_id": [HADM], "stay_id": [STAY], "intime": [INTIME]}
    return MedmodSources(
        lists={key: read_list_rows(source, QUESTIONS) for key, source in files.items()},
        stays=pandas.DataFrame(stays),
        images=read_images(root / "metadata.parquet"),
        positives={51: frozenset({"Edema", "Support Devices"}), 50: frozenset()},
    )


def links(questions, study=51, dicom="a"):
    return [LinkedImage(question, study, dicom) for question in questions]


def test_a_manifest_made_from_the_sources_agrees_on_every_point(medmod):
    agreement = medmod_agreement(QUESTIONS, links(QUESTIONS), medmod)
    assert list(agreement.columns) == ["row_number", "what", "agrees"]
    assert agreement["agrees"].all(), agreement[~agreement["agrees"]]
    assert counts(agreement) == {
        "in list file": Count(3, 3),
        "label": Count(3, 3),
        "subject_id": Count(3, 3),
        "stay in stays.csv": Count(3, 3),
        "hadm_id": Count(3, 3),
        "prediction_time": Count(4, 4),
        "latest AP study": Count(3, 3),
        "image in metadata": Count(4, 4),
        "study of image": Count(4, 4),
        "view AP": Count(4, 4),
        "CheXpert labels": Count(1, 1),
    }
    assert first_disagreements(agreement) == []
    assert str(counts(agreement)["label"]) == "3 of 3"


@pytest.mark.parametrize(
    ("place", "change", "study", "dicom", "what"),
    [
        (0, {"gold": ("no",)}, 51, "a", "label"),
        (1, {"gold": ("yes",)}, 51, "a", "label"),
        (2, {"gold": PHENOTYPES[:1]}, 51, "a", "label"),
        (3, {"gold": ("Edema",)}, 51, "a", "CheXpert labels"),
        (0, {"hadm_id": 1}, 51, "a", "hadm_id"),
        (1, {"prediction_time": datetime(2150, 6, 3, 10, 0, 1)}, 51, "a", "prediction_time"),
        (3, {"prediction_time": datetime(2150, 6, 2, 8, 0, 1)}, 51, "a", "prediction_time"),
        (0, {"qid": f"medmod_decompensation_test_{STAY}_26.0"}, 51, "a", "in list file"),
        (0, {}, 50, "early", "latest AP study"),
        (0, {}, 52, "late", "latest AP study"),
        (0, {}, 51, "side", "view AP"),
        (3, {}, 51, "unknown", "image in metadata"),
        (3, {}, 50, "a", "study of image"),
    ],
)
def test_each_disagreement_is_seen_on_its_point(medmod, place, change, study, dicom, what):
    question = dataclasses.replace(QUESTIONS[place], **change)
    agreement = medmod_agreement([question], links([question], study, dicom), medmod)
    assert what in set(agreement.loc[~agreement["agrees"], "what"])
    assert first_disagreements(agreement) == [question.row_number]


def test_another_patient_s_stay_and_a_stay_that_is_not_there(medmod):
    stranger = dataclasses.replace(DECOMPENSATION, subject_id=19990009, stay_id=1)
    found = counts(medmod_agreement([stranger], [], medmod))
    assert found["subject_id"] == Count(1, 0) and found["stay in stays.csv"] == Count(1, 0)
    assert "hadm_id" not in found


def test_a_row_that_links_no_image_has_no_latest_study(medmod):
    assert counts(medmod_agreement([DECOMPENSATION], [], medmod))["latest AP study"] == Count(1, 0)


def test_what_is_not_there_is_not_compared(medmod):
    bare = dataclasses.replace(medmod, lists={}, positives=None)
    found = counts(medmod_agreement(QUESTIONS, links(QUESTIONS), bare))
    assert not {"in list file", "label", "CheXpert labels"} & set(found)


def test_the_part_that_medmod_s_own_split_puts_an_image_in(medmod):
    for part, agree in (("test", 1), ("train", 0)):
        sources = dataclasses.replace(medmod, parts={"a": part})
        assert counts(medmod_agreement([RADIOLOGY], links([RADIOLOGY]), sources))["part of image"] == Count(1, agree)


def test_the_end_that_a_list_file_names_goes_before_the_hours(medmod, tmp_path):
    lay_list(tmp_path, "decompensation", [(PATIENT, 25.0, STAY, 1)], endtimes=["2150-06-02 11:30:00"])
    (key,) = files = find_list_files(tmp_path, [DECOMPENSATION])
    sources = dataclasses.replace(medmod, lists={key: read_list_rows(files[key], [DECOMPENSATION])})
    later = dataclasses.replace(DECOMPENSATION, prediction_time=datetime(2150, 6, 2, 11, 30))
    assert counts(medmod_agreement([DECOMPENSATION], [], sources))["prediction_time"] == Count(1, 0)
    assert counts(medmod_agreement([later], [], sources))["prediction_time"] == Count(1, 1)


def test_list_files_that_are_not_there_are_told(tmp_path):
    lay_list(tmp_path, "phenotyping", [(PATIENT, 41.25, STAY, *[0] * 25)])
    found = find_list_files(tmp_path, QUESTIONS)
    assert [(task, part, source is not None) for (task, part), source in found.items()] == [
        ("decompensation", "test", False),
        ("in-hospital-mortality", "test", False),
        ("phenotyping", "test", True),
    ]


EHRXQA = [
    a_question("ehrxqa_test_7", PATIENT, gold=("1",), question="<question>\nIs  it so in study 51?\n</question>"),
    a_question("ehrxqa_test_8", PATIENT, row_number=2, gold=("edema", "atelectasis"), question="What is seen?"),
]


@pytest.fixture(scope="module")
def ehrxqa(tmp_path_factory):
    root = tmp_path_factory.mktemp("ehrxqa")
    records = [upstream(7, "is it so in study 51?", [1]), upstream(8, "what is seen?", ["atelectasis", "edema"])]
    table = CATALOGUES["ehrxqa"].tables["tb_cxr"]
    path = write(root / "tb_cxr.csv", csv_of([record_of(table, subject_id=PATIENT, study_id="51", image_id="a")]))
    extract_table(SourceFile(table, path), {PATIENT}, root / "tb_cxr.parquet")
    return read_ehrxqa_questions(lay_ehrxqa_questions(root, records)), root / "tb_cxr.parquet"


def test_ehrxqa_rows_agree_with_their_records(ehrxqa):
    agreement = ehrxqa_agreement([*EHRXQA, DECOMPENSATION], ehrxqa[0], links(EHRXQA), ehrxqa[1])
    assert counts(agreement) == {
        "in test.json": Count(2, 2),
        "answer": Count(2, 2),
        "question": Count(2, 2),
        "image in tb_cxr": Count(2, 2),
    }


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"gold": ("0",)}, "answer"),
        ({"question": "<question>Is it so in study 52?</question>"}, "question"),
        ({"qid": "ehrxqa_test_9"}, "in test.json"),
        ({"qid": "ehrxqa-7"}, "in test.json"),
        ({"subject_id": 19990002}, "image in tb_cxr"),
    ],
)
def test_each_disagreement_of_ehrxqa_is_seen(ehrxqa, change, what):
    question = dataclasses.replace(EHRXQA[0], **change)
    agreement = ehrxqa_agreement([question], ehrxqa[0], links([question]), ehrxqa[1])
    assert agreement.loc[~agreement["agrees"], "what"].tolist() == [what]
