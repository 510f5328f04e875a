"""What the extracted lists of MIMIC-CXR-JPG say: when and how an image was taken, and what CheXpert found.

Source of the rules: MedMod's own preprocessing. StudyDate is yyyymmdd; of StudyTime the integer part counts, padded to
six digits (hhmmss). A label that is uncertain (-1) or not mentioned (empty) counts as absent.
"""

from __future__ import annotations

from pathlib import Path

import pandas

from clinseek_assets.benchmark.vocabularies import CHEXPERT_LABELS

FRONTAL = "AP"


def read_images(metadata: Path) -> pandas.DataFrame:
    """The images of the extracted metadata list.

    Args:
        metadata: the Parquet file of `mimic_cxr/metadata`.

    Returns:
        A row an image, by `dicom_id` as index: subject_id, study_id, view (text or NA), studydatetime (NaT where the
        list has no time that can be).
    """
    columns = ["dicom_id", "subject_id", "study_id", "ViewPosition", "StudyDate", "StudyTime"]
    frame = pandas.read_parquet(metadata, columns=columns)
    images = frame.rename(columns={"ViewPosition": "view"}).set_index("dicom_id")
    images["studydatetime"] = study_times(images["StudyDate"], images["StudyTime"])
    return images[["subject_id", "study_id", "view", "studydatetime"]]


def study_times(dates: pandas.Series, times: pandas.Series) -> pandas.Series:
    """StudyDate (yyyymmdd) and StudyTime (hhmmss.fff) as time stamps; NaT where one is missing or cannot be."""
    known = dates.notna() & times.notna()
    written = dates[known].astype("int64").astype("str") + times[known].astype("int64").astype("str").str.zfill(6)
    read = pandas.to_datetime(written, format="%Y%m%d%H%M%S", errors="coerce")
    return read.reindex(dates.index).astype("datetime64[us]")


def positives_by_study(chexpert: Path) -> dict[int, frozenset[str]]:
    """The labels that CheXpert found in each study's report.

    Args:
        chexpert: the Parquet file of `mimic_cxr/chexpert`.

    Returns:
        study_id -> labels; a study without any label is in it, with none.
    """
    frame = pandas.read_parquet(chexpert, columns=["study_id", *CHEXPERT_LABELS]).set_index("study_id")
    found = frame.eq(1.0)
    return {
        int(study): frozenset(label for label, positive in zip(CHEXPERT_LABELS, row, strict=True) if positive)
        for study, row in zip(found.index, found.to_numpy(), strict=True)
    }
