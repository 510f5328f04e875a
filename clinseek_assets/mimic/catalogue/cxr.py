"""The lists of MIMIC-CXR-JPG that are read: metadata, CheXpert labels, split. Labels never reach a database."""

from __future__ import annotations

from clinseek_assets.benchmark.vocabularies import CHEXPERT_LABELS
from clinseek_assets.mimic.tables import Column, ColumnType, Table, columns

TABLES = (
    Table(
        "mimic_cxr",
        "metadata",
        "One row an image: its study, view, size and time.",
        columns("""
            dicom_id     text!    the image
            subject_id   integer! the patient
            study_id     integer! the study
            ViewPosition text     the view: AP, PA, LATERAL, ...
            Rows         integer  height in pixels
            Columns      integer  width in pixels
            StudyDate    integer  day of the study, yyyymmdd
            StudyTime    real     time of the study, hhmmss.fff
        """),
        key=("dicom_id",),
    ),
    Table(
        "mimic_cxr",
        "chexpert",
        "One row a study: 14 labels found in its report by CheXpert (1 positive, 0 negative, -1 uncertain).",
        (
            *columns("""
                subject_id integer! the patient
                study_id   integer! the study
            """),
            *(Column(label, ColumnType.REAL, False, "1, 0, -1 or nothing") for label in CHEXPERT_LABELS),
        ),
        key=("study_id",),
    ),
    Table(
        "mimic_cxr",
        "split",
        "One row an image: the recommended part, train, validate or test.",
        columns("""
            dicom_id   text!    the image
            study_id   integer! the study
            subject_id integer! the patient
            split      text     train, validate or test
        """),
        key=("dicom_id",),
    ),
)
