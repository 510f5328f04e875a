"""Multimodal questions, answers and a judge by a table, made for tests."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from clinseek_assets.benchmark.multimodal.grouping import group_of
from clinseek_assets.benchmark.multimodal.manifest_file import gold_names
from clinseek_assets.benchmark.questions import Question
from clinseek_assets.models.judges.cases import Case
from clinseek_assets.models.outcomes import Outcome
from clinseek_assets.scoring.rules import Given, RowScore, Rule

ASKS = {
    "ehrxqa_image": "Does the study 59990001 show any sign of edema?",
    "medmod_radiology": "Which findings does the study show? One a line.",
    "medmod_phenotyping": "Which phenotype groups does the patient have? One a line.",
    "medmod_decompensation": "Will the patient die within the next 24 hours? yes or no.",
    "medmod_in_hospital_mortality": "Will the patient die during this ICU stay? yes or no.",
}


def question(
    label: Any, task: str = "ehrxqa_image", asks: str | None = None, qid: str = "q", **further: Any
) -> Question:
    text = (
        "<task_instruction>\nUse the study.\n</task_instruction>\n\n"
        "<patient_info>\nSubject: 19990001, at 2150-06-01\n</patient_info>\n\n"
        f"<question>\n{asks or ASKS[task]}\n</question>"
    )
    gold = gold_names(label)
    made: dict[str, Any] = {
        "qid": qid,
        "row_number": 1,
        "subject_id": 19990001,
        "hadm_id": None,
        "prediction_time": datetime(2150, 6, 1, 13, 30),
        "latest_event_time": None,
        "task": group_of(task, text),
        "task_type": task,
        "label": label,
        "gold": gold,
        "answer_is_list": len(gold) > 1,
        "candidates": None,
        "question": text,
        "split": "multimodal",
        "dataset": task.split("_")[0],
    }
    return Question(**{**made, **further})


def score(rule: Rule, asked: Question, *names: str, outcome: Outcome = Outcome.FINISHED) -> RowScore:
    (made,) = rule.scores([Given(asked, tuple(names), outcome)])
    return made


class TableJudge:
    """A judge that knows some answers by a table, and remembers what it was asked."""

    identity = "table"

    def __init__(self, verdicts: Mapping[str, bool | None] | None = None) -> None:
        self._verdicts = verdicts or {}
        self.asked: list[Case] = []

    def verdicts(self, cases: Sequence[Case]) -> list[bool | None]:
        self.asked += cases
        return [self._verdicts.get(case.answer) for case in cases]


def released_row(qid: str, label: Any, task: str = "ehrxqa_image", asks: str | None = None) -> dict[str, Any]:
    """A row of the released manifest."""
    source = task.split("_")[0]
    prefix = {"ehrxqa": "EHRXQAOriginalLinked_v1", "medmod": "MedModOriginalLinked_v1"}[source]
    study = f"{prefix}/mimic-cxr/2.0.0/files/p19/p19990001/s59990001/aaaaaaaa-bbbbbbbb-cccccccc-dddddddd-eeeeeeee.jpg"
    return {
        "qid": qid,
        "source_index": 0,
        "source_benchmark": source,
        "task": task,
        "source_split": "test",
        "subject_id": 19990001,
        "hadm_id": None,
        "stay_id": None,
        "prediction_time": "2150-06-01 13:30:00",
        "question": question(label, task, asks).question,
        "image_paths": [study],
        "report_paths": [],
        "ground_truth": label,
        "answer_type": "list",
        "modalities": ["cxr_table", "cxr_image"],
    }


def write_lines(path: Path, rows: Sequence[Any]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path
