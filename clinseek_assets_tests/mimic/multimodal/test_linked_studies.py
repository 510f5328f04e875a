"""`medmod/tb_cxr` by hand-made cases: times by MedMod's rule, and what falls back is counted."""

from datetime import datetime

import pandas
import pyarrow.parquet as pq
import pytest

from clinseek_assets.mimic.catalogue import CATALOGUES
from clinseek_assets.mimic.extraction import extract_table
from clinseek_assets.mimic.multimodal.cxr_lists import positives_by_study, read_images, study_times
from clinseek_assets.mimic.multimodal.dataset_files import DatasetRoots, find_cxr_lists
from clinseek_assets.mimic.multimodal.linked_studies import LinkedImage, linked_studies, write_linked_studies
from clinseek_assets_tests.mimic.multimodal.trees import a_question, chexpert, image, lay_cxr_lists

PATIENT, OTHER = 19990001, 19990002
LATER = datetime(2150, 6, 3, 10)


def lists(folder, images, labels=()):
    labels = labels or [chexpert(1, 51)]
    found = find_cxr_lists(DatasetRoots(mimic_cxr_jpg=lay_cxr_lists(folder / "jpg", images, list(labels))))
    for name, source in found.files.items():
        extract_table(source, {PATIENT, OTHER}, folder / f"{name}.parquet")
    return folder


def linked(qid, subject, study, dicom, **more):
    return LinkedImage(a_question(qid, subject, **more), study, dicom)


@pytest.mark.parametrize(
    ("date", "time", "told"),
    [
        (21500601.0, 133000.25, "2150-06-01 13:30:00"),
        (21500601.0, 93000.999, "2150-06-01 09:30:00"),
        (21500601.0, 5.0, "2150-06-01 00:00:05"),
        (21500601.0, 0.0, "2150-06-01 00:00:00"),
        (21500601.0, None, None),
        (None, 5.0, None),
        (21501301.0, 5.0, None),
        (21500601.0, 246000.0, None),
    ],
)
def test_the_time_of_a_study(date, time, told):
    (found,) = study_times(pandas.Series([date], dtype="float"), pandas.Series([time], dtype="float"))
    assert found == pandas.Timestamp(told) if told else pandas.isna(found)


def test_times_and_views_come_from_the_list_and_fall_back_counted(tmp_path):
    rows = [
        image("a", PATIENT, 51, "21500602", "10.5"),
        image("b", PATIENT, 52, "", "", view="PA"),
        image("c", PATIENT, 53, "21500601", view=""),
    ]
    images = read_images(lists(tmp_path, rows) / "metadata.parquet")
    made = linked_studies(
        [
            linked("medmod_decompensation_test_39_25.0", PATIENT, 51, "a", stay_id=39, prediction_time=LATER),
            linked("medmod_phenotyping_test_39_41.25", PATIENT, 51, "a", stay_id=39, row_number=2),
            linked("medmod_radiology_train_51", PATIENT, 51, "a", stay_id=None, row_number=3, hadm_id=None),
            linked("medmod_phenotyping_test_39_41.25", PATIENT, 52, "b", stay_id=39, prediction_time=LATER),
            linked("medmod_phenotyping_test_39_41.25", PATIENT, 53, "c", stay_id=39),
            linked("medmod_phenotyping_test_38_41.25", OTHER, 54, "d", stay_id=38, prediction_time=LATER),
        ],
        images,
    )
    assert (made.without_time, made.without_view) == (2, 2)
    write_linked_studies(made, tmp_path / "tb_cxr.parquet")
    table = pq.read_table(tmp_path / "tb_cxr.parquet")
    assert table.column_names == [*CATALOGUES["medmod"].tables["tb_cxr"].column_names, "source_row"]
    keys = ("source_row", "subject_id", "study_id", "studydatetime", "split", "viewposition", "hadm_id", "stay_id")
    assert [tuple(row[key] for key in keys) for row in table.to_pylist()] == [
        (1, PATIENT, 53, datetime(2150, 6, 1, 13, 30), "test", "AP", 29990001, 39),
        (2, PATIENT, 51, datetime(2150, 6, 2, 0, 0, 10), "test", "AP", 29990001, 39),
        (3, PATIENT, 51, datetime(2150, 6, 2, 0, 0, 10), "train", "AP", None, None),
        (4, PATIENT, 52, LATER, "test", "PA", 29990001, 39),
        (5, OTHER, 54, LATER, "test", "AP", 29990001, 38),
    ]
    assert table["image_path"].to_pylist()[0] == f"mimic-cxr/2.0.0/files/p19/p{PATIENT}/s53/c.jpg"


def test_no_linked_image_makes_an_empty_table(tmp_path):
    made = linked_studies([], read_images(lists(tmp_path, [image("a", PATIENT, 51)]) / "metadata.parquet"))
    write_linked_studies(made, tmp_path / "tb_cxr.parquet")
    assert pq.read_table(tmp_path / "tb_cxr.parquet").num_rows == 0


def test_uncertain_and_unmentioned_labels_count_as_absent(tmp_path):
    labels = [chexpert(PATIENT, 51, Edema=1.0, Pneumonia=-1.0, Fracture=0.0), chexpert(OTHER, 52)]
    positives = positives_by_study(lists(tmp_path, [image("a", PATIENT, 51)], labels) / "chexpert.parquet")
    assert positives == {51: {"Edema"}, 52: frozenset()}
