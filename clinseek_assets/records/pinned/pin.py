"""A pin: whose record is seen, at which moment, for which question."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from clinseek_assets.benchmark.questions import Question

Policy = Literal["strict", "compat"]


@dataclass(frozen=True)
class Pin:
    """What a record is cut at.

    Attributes:
        subject_id: the patient.
        hadm_id: the question's own admission, or None.
        prediction_time: the moment; what is known is what came before it.
        subtask: the subtask's or group's name, by which the target embargo goes.
        dataset: whose record it is: the kind of record (`kinds.KINDS`).
    """

    subject_id: int
    hadm_id: int | None
    prediction_time: datetime
    subtask: str
    dataset: str = "mimic_iv"

    @classmethod
    def of(cls, question: Question) -> Pin:
        """The pin of a question."""
        return cls(question.subject_id, question.hadm_id, question.prediction_time, question.task, question.dataset)
