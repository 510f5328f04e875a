"""Models, questions and contexts that the tests of this folder share."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd

from clinseek_assets.benchmark.questions import Question
from clinseek_assets.benchmark.subtasks import SUBTASKS, YES_NO
from clinseek_assets.models.budget import Caps
from clinseek_assets.models.keeping import Keeping
from clinseek_assets.models.registry import Model
from clinseek_assets.storage import fingerprint

NOW = datetime(2150, 1, 2, 3, 4, 6)
CONTEXT = """## Patient Demographics [None]
- Anchor_Age: 71
- Gender: F



## Services [2150-01-02 03:04:05]
- Curr_Service: MED"""


def chat_model(url: str, **changes: Any) -> Model:
    """An enabled model at that URL, with little patience."""
    entry: dict[str, Any] = {
        "name": "a model",
        "dialect": "openai_chat",
        "enabled": True,
        "base_url": url,
        "model_id": "served-model",
        "patience": {"attempt_seconds": 5.0, "total_seconds": 20.0, "attempts": 3},
    }
    return Model.model_validate({**entry, **changes})


def baseline(name: str) -> Model:
    return Model(name=name, dialect="baseline", model_id=name, enabled=True)


def keeping_in(folder: Path, caps: Caps = Caps()) -> Keeping:  # noqa: B008
    """All that a run keeps, in one folder."""
    return Keeping(folder / "journal.sqlite", folder / "ledger.sqlite", folder / "leases", caps)


def question(qid: str = "q1", task: str = "Inpatient_Mortality", row_number: int = 1, **changes: Any) -> Question:
    subtask = SUBTASKS[task]
    fields: dict[str, Any] = {
        "qid": qid,
        "row_number": row_number,
        "subject_id": 10,
        "hadm_id": None,
        "prediction_time": NOW,
        "latest_event_time": None,
        "task": task,
        "task_type": subtask.task_type,
        "label": "yes",
        "gold": ("yes",),
        "answer_is_list": subtask.answer_is_list,
        "candidates": YES_NO,
        "instruction": "Will it happen?",
    }
    return Question(**{**fields, **changes})


def contexts_of(questions: Sequence[Question], context: str | None = CONTEXT) -> pd.DataFrame:
    sha = None if context is None else fingerprint.of_text(context)
    return pd.DataFrame(
        {"qid": [asked.qid for asked in questions], "context": context, "context_sha256": sha}, dtype=object
    )
