"""The schemas of `image_links` and `report_links`, by which asset checks prove what was stored."""

from __future__ import annotations

import pandas
import pandera.pandas as pandera

from clinseek_assets.benchmark.groups import EHRXQA, GROUPS, MEDMOD
from clinseek_assets.imaging.troubles import OK, STATUSES

_QUESTION_TYPES = {
    "qid": "str",
    "row_number": "int64",
    "subject_id": "int64",
    "subtask": "str",
    "dataset": "str",
    "position": "int64",
    "released_path": "str",
}
IMAGE_TYPES = {
    **_QUESTION_TYPES,
    "path": "str",
    "status": "str",
    "study_id": "Int64",
    "dicom_id": "str",
    "study_time": "datetime64[us]",
    "width": "Int64",
    "height": "Int64",
    "mode": "str",
    "bytes": "Int64",
    "sha256": "str",
}
REPORT_TYPES = {
    **_QUESTION_TYPES,
    "where": "str",
    "status": "str",
    "study_id": "Int64",
    "bytes": "Int64",
    "sha256": "str",
}


def _whole_where_ok(frame: pandas.DataFrame, columns: list[str]) -> pandas.Series:
    return frame[columns].notna().all(axis="columns") | frame["status"].ne(OK)


def _image_is_described(frame: pandas.DataFrame) -> pandas.Series:
    """A usable image has a file, its ids, its size, its mode and its hash."""
    columns = ["path", "study_id", "dicom_id", "width", "height", "mode", "bytes", "sha256"]
    return _whole_where_ok(frame, columns)


def _report_is_described(frame: pandas.DataFrame) -> pandas.Series:
    """A usable report has a place, its study, its size and its hash."""
    return _whole_where_ok(frame, ["where", "study_id", "bytes", "sha256"])


def _positions_count_from_one(frame: pandas.DataFrame) -> pandas.Series:
    """A question's links are numbered in the release's order, none left out."""
    return frame["position"].eq(frame.groupby("qid").cumcount() + 1)


_QUESTION = {
    "qid": pandera.Column(str),
    "row_number": pandera.Column("int64", pandera.Check.ge(1)),
    "subject_id": pandera.Column("int64"),
    "subtask": pandera.Column(str, pandera.Check.isin(list(GROUPS))),
    "dataset": pandera.Column(str, pandera.Check.isin([EHRXQA, MEDMOD])),
    "position": pandera.Column("int64", pandera.Check.ge(1)),
    "released_path": pandera.Column(str),
}
_STATUS = pandera.Column(str, pandera.Check.isin(STATUSES))
_COUNT = pandera.Column("Int64", pandera.Check.ge(0), nullable=True)
_PIXELS = pandera.Column("Int64", pandera.Check.ge(1), nullable=True)
_SHA256 = pandera.Column(str, pandera.Check.str_matches(r"^[0-9a-f]{64}$"), nullable=True)
_IN_ORDER = pandera.Check(_positions_count_from_one, name="positions_count_from_one")

IMAGE_LINKS = pandera.DataFrameSchema(
    {
        **_QUESTION,
        "path": pandera.Column(str, nullable=True),
        "status": _STATUS,
        "study_id": pandera.Column("Int64", nullable=True),
        "dicom_id": pandera.Column(str, nullable=True),
        "study_time": pandera.Column("datetime64[us]", nullable=True),
        "width": _PIXELS,
        "height": _PIXELS,
        "mode": pandera.Column(str, nullable=True),
        "bytes": _COUNT,
        "sha256": _SHA256,
    },
    checks=[_IN_ORDER, pandera.Check(_image_is_described, name="a_usable_image_is_described")],
    unique=["qid", "position"],
    strict=True,
    ordered=True,
    name="image_links",
)
REPORT_LINKS = pandera.DataFrameSchema(
    {
        **_QUESTION,
        "where": pandera.Column(str, nullable=True),
        "status": _STATUS,
        "study_id": pandera.Column("Int64", nullable=True),
        "bytes": _COUNT,
        "sha256": _SHA256,
    },
    checks=[_IN_ORDER, pandera.Check(_report_is_described, name="a_usable_report_is_described")],
    unique=["qid", "position"],
    strict=True,
    ordered=True,
    name="report_links",
)
