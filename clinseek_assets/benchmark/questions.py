"""The shape of a question, as every layer passes it on."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Question:
    """One row of a manifest, read and checked.

    Attributes:
        qid: unique id of the question.
        row_number: 1-based place in the manifest, by which logs and metadata name it (a qid stays on the terminal).
        subject_id, hadm_id: the patient, and the admission where the release names one.
        prediction_time: the moment of the question; what is known is what came before it.
        latest_event_time: the latest time stamp in the curated context, or None.
        task, task_type: in the text split the subtask's name and `risk_prediction` or `decision_making`; in the
            multimodal split the group's name (`groups.GROUPS`) and the released task.
        label: the gold as the manifest has it (text, list of texts, or list of objects): what `compat` scores.
        gold: its answers as plain names (objects by `name`, or by `atc_name` where any object has one).
        answer_is_list: whether the manifest's label is a list; the answer-format sentence depends on it.
        candidates: the names to choose from, or None.
        instruction, input, question: the released texts, each None where the manifest has none.
        source_file, source_idx: where EHR-Bench has the question, or None.
        decided: whether the label-defining event lies before the moment; None where it is not known.
        split: `text` or `multimodal`.
        dataset: whose record is asked about: `mimic_iv`, `ehrxqa` or `medmod`.
        stay_id: the ICU stay where the release names one.
        image_paths, report_paths: the linked X-rays and their reports, as the release writes the paths.
    """

    qid: str
    row_number: int
    subject_id: int
    hadm_id: int | None
    prediction_time: datetime
    latest_event_time: datetime | None
    task: str
    task_type: str
    label: Any
    gold: tuple[str, ...]
    answer_is_list: bool
    candidates: tuple[str, ...] | None
    instruction: str | None = None
    input: str | None = None
    question: str | None = None
    source_file: str | None = None
    source_idx: int | None = None
    decided: bool | None = None
    split: str = "text"
    dataset: str = "mimic_iv"
    stay_id: int | None = None
    image_paths: tuple[str, ...] = ()
    report_paths: tuple[str, ...] = ()
    extra: dict[str, Any] = field(default_factory=dict)
