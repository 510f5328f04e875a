"""Rows of a multimodal manifest as it is released, made up."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

IMAGE = "files/p19/p19990001/s59990001/aaaaaaaa-bbbbbbbb-cccccccc-dddddddd-eeeeeeee.jpg"


def ehrxqa_row(number: int = 9001, **changes: Any) -> dict[str, Any]:
    """A yes-or-no question of EHRXQA."""
    return {
        "qid": f"ehrxqa_test_{number}",
        "source_index": number,
        "source_benchmark": "ehrxqa",
        "task": "ehrxqa_image",
        "source_split": "test",
        "subject_id": 19990001,
        "hadm_id": 29990001,
        "stay_id": None,
        "prediction_time": "2105-06-01 13:30:00",
        "question": asked("given the study 59990001, is there any evidence of cardiomegaly?"),
        "image_paths": [f"EHRXQAOriginalLinked_v1/mimic-cxr/2.0.0/{IMAGE}"],
        "report_paths": ["EHRXQAOriginalLinked_v1/mimic-cxr/2.0.0/mimic-cxr-reports/files/p19/p19990001/s59990001.txt"],
        "ground_truth": [{"name": "1", "value": 1}],
        "answer_type": "list",
        "modalities": ["cxr_table", "cxr_image"],
    } | changes


def medmod_row(task: str = "medmod_decompensation", **changes: Any) -> dict[str, Any]:
    """A question of MedMod, of the task named."""
    qids = {
        "medmod_decompensation": "medmod_decompensation_test_39990001_25.0",
        "medmod_in_hospital_mortality": "medmod_in-hospital-mortality_test_39990001_0",
        "medmod_phenotyping": "medmod_phenotyping_test_39990001_41.25",
        "medmod_radiology": "medmod_radiology_test_59990001",
    }
    return {
        "qid": qids[task],
        "source_index": None,
        "source_benchmark": "medmod",
        "task": task,
        "source_split": "test",
        "subject_id": 19990001,
        "hadm_id": 29990001,
        "stay_id": 39990001,
        "prediction_time": "2150-06-01 13:30:00",
        "question": asked("Will the patient die within the next 24 hours?"),
        "image_paths": [f"MedModOriginalLinked_v1/mimic-cxr/2.0.0/{IMAGE}"],
        "report_paths": [],
        "ground_truth": [{"name": "yes"}],
        "answer_type": "list",
        "modalities": ["ehr", "cxr_table", "cxr_image"],
    } | changes


def asked(question: str) -> str:
    """A question text with the released blocks."""
    return "\n\n".join(
        (
            "<task_instruction>\nAnswer from the linked studies. List all that apply.\n</task_instruction>",
            "<patient_info>\nCurrent time: 2105-06-01 13:30:00\n</patient_info>",
            "<cxr_info>\nLinked studies: 59990001, 59990002\n</cxr_info>",
            f"<question>\n{question}\n</question>",
        )
    )


def write_rows(path: Path, *rows: Any) -> Path:
    """A JSONL file of rows; a text stands for itself."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [row if isinstance(row, str) else json.dumps(row, separators=(",", ":")) for row in rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path
