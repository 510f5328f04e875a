"""Multimodal questions as a frame and back: the form in which the manifest is stored and checked."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

import pandas
import pandera.pandas as pandera

from clinseek_assets.benchmark.groups import EHRXQA, GROUPS, MEDMOD, TASKS
from clinseek_assets.benchmark.multimodal.manifest_file import SPLIT
from clinseek_assets.benchmark.questions import Question

# Column -> dtype of the frame; None leaves lists as Python objects.
_FRAME_TYPES: dict[str, str | None] = {
    "qid": "str",
    "row_number": "int64",
    "dataset": "str",
    "subject_id": "int64",
    "hadm_id": "Int64",
    "stay_id": "Int64",
    "prediction_time": "datetime64[us]",
    "task": "str",
    "task_type": "str",
    "label_json": "str",
    "gold": None,
    "question": "str",
    "input": "str",
    "image_paths": None,
    "report_paths": None,
    "extra_json": "str",
}
_LISTS = ("gold", "image_paths", "report_paths")


def multimodal_frame(questions: Iterable[Question]) -> pandas.DataFrame:
    """The questions as a frame of the schema `MULTIMODAL_MANIFEST`, one row each, in their order."""
    rows = [_frame_row(question) for question in questions]
    frame = pandas.DataFrame(rows, columns=list(_FRAME_TYPES))
    return frame.astype({name: dtype for name, dtype in _FRAME_TYPES.items() if dtype})


def _frame_row(question: Question) -> dict[str, Any]:
    return {
        **{name: getattr(question, name) for name in _FRAME_TYPES if not name.endswith("_json")},
        **{name: list(getattr(question, name)) for name in _LISTS},
        "label_json": json.dumps(question.label, ensure_ascii=False),
        "extra_json": json.dumps(question.extra, ensure_ascii=False),
    }


def questions_from_multimodal_frame(frame: pandas.DataFrame) -> list[Question]:
    """The questions of a frame made by `multimodal_frame`, also after a way through Parquet."""
    return [
        Question(
            qid=row["qid"],
            row_number=int(row["row_number"]),
            subject_id=int(row["subject_id"]),
            hadm_id=_number(row["hadm_id"]),
            stay_id=_number(row["stay_id"]),
            prediction_time=row["prediction_time"].to_pydatetime(),
            latest_event_time=None,
            task=row["task"],
            task_type=row["task_type"],
            label=json.loads(row["label_json"]),
            gold=tuple(row["gold"]),
            answer_is_list=len(row["gold"]) > 1,
            candidates=None,
            question=row["question"],
            input=row["input"] if isinstance(row["input"], str) else None,
            split=SPLIT,
            dataset=row["dataset"],
            image_paths=tuple(row["image_paths"]),
            report_paths=tuple(row["report_paths"]),
            extra=json.loads(row["extra_json"]),
        )
        for row in frame.to_dict("records")
    ]


def _number(value: Any) -> int | None:
    return None if pandas.isna(value) else int(value)


def _texts(value: Sequence[Any]) -> bool:
    return all(isinstance(item, str) and bool(item.strip()) for item in value)


def _some_texts(value: Sequence[Any]) -> bool:
    return len(value) > 0 and _texts(value)


def _task_of_dataset(frame: pandas.DataFrame) -> pandas.Series:
    return frame["task_type"].map({name: task.dataset for name, task in TASKS.items()}) == frame["dataset"]


_ID = pandera.Check.ge(0)
_PATHS = pandera.Column(object, pandera.Check(_texts, element_wise=True))

MULTIMODAL_MANIFEST = pandera.DataFrameSchema(
    {
        "qid": pandera.Column(str, pandera.Check.str_length(min_value=1), unique=True),
        "row_number": pandera.Column("int64", pandera.Check.ge(1), unique=True),
        "dataset": pandera.Column(str, pandera.Check.isin([EHRXQA, MEDMOD])),
        "subject_id": pandera.Column("int64", _ID),
        "hadm_id": pandera.Column("Int64", _ID, nullable=True),
        "stay_id": pandera.Column("Int64", _ID, nullable=True),
        "prediction_time": pandera.Column("datetime64[us]"),
        "task": pandera.Column(str, pandera.Check.isin(list(GROUPS))),
        "task_type": pandera.Column(str, pandera.Check.isin(list(TASKS))),
        "label_json": pandera.Column(str),
        "gold": pandera.Column(object, pandera.Check(_some_texts, element_wise=True)),
        "question": pandera.Column(str, pandera.Check.str_length(min_value=1)),
        "input": pandera.Column(str, nullable=True),
        "image_paths": _PATHS,
        "report_paths": _PATHS,
        "extra_json": pandera.Column(str),
    },
    checks=[pandera.Check(_task_of_dataset, name="task_type_is_one_of_the_dataset")],
    strict=True,
    ordered=True,
    name="multimodal_manifest",
)
