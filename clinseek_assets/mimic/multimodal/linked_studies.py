"""`medmod/tb_cxr`: the chest X-rays that MedMod's questions link, which MedMod itself has no table of.

Times and views come from the metadata list of MIMIC-CXR-JPG; where the list has none, the published rule takes the
question's own moment and the view AP, and that is counted. Paths follow from ids alone, whatever is on this disk.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pandas
import pyarrow as pa
import pyarrow.parquet as pq

from clinseek_assets.benchmark.multimodal.qids import parse_qid
from clinseek_assets.benchmark.questions import Question
from clinseek_assets.mimic.catalogue import CATALOGUES
from clinseek_assets.mimic.cell_types import SOURCE_ROW, parquet_schema
from clinseek_assets.mimic.multimodal.cxr_lists import FRONTAL
from clinseek_assets.mimic.multimodal.study_paths import image_path
from clinseek_assets.storage.atomic import whole_file

TABLE = CATALOGUES["medmod"].tables["tb_cxr"]
KEY = ["subject_id", "study_id", "image_id", "stay_id"]


@dataclass(frozen=True)
class LinkedImage:
    """An X-ray that a question links: the path that the release has was read and belongs to the question's patient."""

    question: Question
    study_id: int
    dicom_id: str


@dataclass(frozen=True)
class LinkedStudies:
    """The table, and what was filled in by the published fall-back.

    Attributes:
        rows: the catalogue's columns; one row an image and stay, by patient, time, study, image and stay.
        without_time, without_view: how many rows have the question's moment, or AP, since the list has nothing.
    """

    rows: pandas.DataFrame
    without_time: int
    without_view: int


def linked_studies(linked: Iterable[LinkedImage], images: pandas.DataFrame) -> LinkedStudies:
    """Make `medmod/tb_cxr`.

    Args:
        linked: the images that MedMod's questions link, in the manifest's order; where two questions link one image in
            one stay, the first counts.
        images: the metadata list, as `cxr_lists.read_images` gives it.
    """
    rows = pandas.DataFrame([_row(image) for image in linked], columns=[*TABLE.column_names])
    rows = rows.astype({"hadm_id": "Int64", "stay_id": "Int64", "studydatetime": "datetime64[us]"})
    rows = rows.drop_duplicates(subset=KEY, ignore_index=True)
    listed = images.reindex(rows["image_id"])
    times, views = listed["studydatetime"].to_numpy(), listed["view"].to_numpy()
    without_time, without_view = pandas.isna(times), pandas.isna(views)
    rows["studydatetime"] = rows["studydatetime"].where(without_time, pandas.Series(times))
    rows["viewposition"] = pandas.Series(views, dtype="object").where(~without_view, FRONTAL)
    order = ["subject_id", "studydatetime", "study_id", "image_id", "stay_id"]
    return LinkedStudies(rows.sort_values(order, ignore_index=True), int(without_time.sum()), int(without_view.sum()))


def _row(image: LinkedImage) -> dict[str, object]:
    question, parts = image.question, parse_qid(image.question.qid)
    return {
        "subject_id": question.subject_id,
        "study_id": image.study_id,
        "studydatetime": question.prediction_time,
        "split": parts.split if parts else None,
        "image_id": image.dicom_id,
        "image_path": image_path(question.subject_id, image.study_id, image.dicom_id),
        "hadm_id": question.hadm_id,
        "stay_id": question.stay_id,
    }


def write_linked_studies(studies: LinkedStudies, destination: Path) -> None:
    """Write the table as an extracted one: the catalogue's columns, then `source_row` from 1."""
    rows = studies.rows.assign(**{SOURCE_ROW: range(1, len(studies.rows) + 1)})
    table = pa.Table.from_pandas(rows, schema=parquet_schema(TABLE), preserve_index=False)
    with whole_file(destination) as finished:
        pq.write_table(table, finished)
