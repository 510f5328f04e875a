"""The schema of the manifest's frame, by which an asset check proves what was stored."""

from __future__ import annotations

from typing import Any

import pandas
import pandera.pandas as pandera

from clinseek_assets.benchmark.subtasks import SUBTASKS


def _texts(value: Any) -> bool:
    """Whether a cell holds at least one text (a list, or an array after Parquet)."""
    return len(value) > 0 and all(isinstance(item, str) for item in value)


def _no_blank_text(value: Any) -> bool:
    return all(item.strip() for item in value)


def _type_of_task(frame: pandas.DataFrame) -> pandas.Series:
    return frame["task"].map({name: subtask.task_type for name, subtask in SUBTASKS.items()}) == frame["task_type"]


def _not_before_latest_event(frame: pandas.DataFrame) -> pandas.Series:
    return frame["latest_event_time"].isna() | (frame["prediction_time"] >= frame["latest_event_time"])


_ID = pandera.Check.ge(0)

TEXT_MANIFEST = pandera.DataFrameSchema(
    {
        "qid": pandera.Column(str, pandera.Check.str_length(min_value=1), unique=True),
        "row_number": pandera.Column("int64", pandera.Check.ge(1), unique=True),
        "subject_id": pandera.Column("int64", _ID),
        "hadm_id": pandera.Column("Int64", _ID, nullable=True),
        "prediction_time": pandera.Column("datetime64[us]"),
        "latest_event_time": pandera.Column("datetime64[us]", nullable=True),
        "task": pandera.Column(str, pandera.Check.isin(list(SUBTASKS))),
        "task_type": pandera.Column(str),
        "label_json": pandera.Column(str),
        "gold": pandera.Column(
            object, [pandera.Check(_texts, element_wise=True), pandera.Check(_no_blank_text, element_wise=True)]
        ),
        "answer_is_list": pandera.Column("bool"),
        "candidates": pandera.Column(object, pandera.Check(_texts, element_wise=True), nullable=True),
        "instruction": pandera.Column(str, nullable=True),
        "input": pandera.Column(str, nullable=True),
        "question": pandera.Column(str, nullable=True),
        "source_file": pandera.Column(str, nullable=True),
        "source_idx": pandera.Column("Int64", nullable=True),
        "decided": pandera.Column("boolean", nullable=True),
        "extra_json": pandera.Column(str),
    },
    checks=[
        pandera.Check(_type_of_task, name="task_type_is_that_of_the_task"),
        pandera.Check(_not_before_latest_event, name="prediction_time_is_not_before_latest_event_time"),
    ],
    strict=True,
    ordered=True,
    name="text_manifest",
)
