"""Questions as a frame and back: the form in which the manifest is stored and checked (`manifest_schema`)."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import pandas

from clinseek_assets.benchmark.questions import Question

# Column -> dtype of the frame; None leaves lists as Python objects.
_FRAME_TYPES: dict[str, str | None] = {
    "qid": "str",
    "row_number": "int64",
    "subject_id": "int64",
    "hadm_id": "Int64",
    "prediction_time": "datetime64[us]",
    "latest_event_time": "datetime64[us]",
    "task": "str",
    "task_type": "str",
    "label_json": "str",
    "gold": None,
    "answer_is_list": "bool",
    "candidates": None,
    "instruction": "str",
    "input": "str",
    "question": "str",
    "source_file": "str",
    "source_idx": "Int64",
    "decided": "boolean",
    "extra_json": "str",
}


def manifest_frame(questions: Iterable[Question]) -> pandas.DataFrame:
    """The questions as a frame of the schema `manifest_schema.TEXT_MANIFEST`, one row each, in their order.

    `label_json` and `extra_json` are JSON texts; `gold` and `candidates` lists of texts (`candidates` None where there
    are none); times have microseconds, without zone.
    """
    rows = [_frame_row(question) for question in questions]
    frame = pandas.DataFrame(rows, columns=list(_FRAME_TYPES))
    return frame.astype({name: dtype for name, dtype in _FRAME_TYPES.items() if dtype})


def _frame_row(question: Question) -> dict[str, Any]:
    return {
        **{name: getattr(question, name) for name in _FRAME_TYPES if not name.endswith("_json")},
        "gold": list(question.gold),
        "candidates": None if question.candidates is None else list(question.candidates),
        "label_json": json.dumps(question.label, ensure_ascii=False),
        "extra_json": json.dumps(question.extra),
    }


def questions_from_frame(frame: pandas.DataFrame) -> list[Question]:
    """The questions of a frame made by `manifest_frame`, also after a way through Parquet."""

    def present(value: Any) -> Any:
        return None if value is None or value is pandas.NaT or value is pandas.NA or value != value else value

    return [
        Question(
            qid=row["qid"],
            row_number=int(row["row_number"]),
            subject_id=int(row["subject_id"]),
            hadm_id=None if present(row["hadm_id"]) is None else int(row["hadm_id"]),
            prediction_time=row["prediction_time"].to_pydatetime(),
            latest_event_time=(
                None if present(row["latest_event_time"]) is None else row["latest_event_time"].to_pydatetime()
            ),
            task=row["task"],
            task_type=row["task_type"],
            label=json.loads(row["label_json"]),
            gold=tuple(row["gold"]),
            answer_is_list=bool(row["answer_is_list"]),
            candidates=None if _is_missing_list(row["candidates"]) else tuple(row["candidates"]),
            instruction=present(row["instruction"]),
            input=present(row["input"]),
            question=present(row["question"]),
            source_file=present(row["source_file"]),
            source_idx=None if present(row["source_idx"]) is None else int(row["source_idx"]),
            decided=None if present(row["decided"]) is None else bool(row["decided"]),
            extra=json.loads(row["extra_json"]),
        )
        for row in frame.to_dict("records")
    ]


def _is_missing_list(value: Any) -> bool:
    return value is None or isinstance(value, float)
