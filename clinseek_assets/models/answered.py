"""What comes of a question in any arm, and the one frame of predictions that all arms give."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import pandas as pd
from pandas.api.types import pandas_dtype

from clinseek_assets.benchmark.questions import Question
from clinseek_assets.models.outcomes import Outcome

COLUMNS = {
    "qid": "str",
    "row_number": "int64",
    "subject_id": "int64",
    "subtask": "str",
    "task_type": "str",
    "model": "str",
    "arm": "str",
    "run_index": "int64",
    "outcome": "str",
    "answer": "object",
    "answer_rule": "str",
    "response_text": "str",
    "context_sha256": "str",
    "record_sha256": "str",
    "identity": "str",
    "rounds": "Int64",
    "tool_calls": "Int64",
    "browser_calls": "Int64",
    "forced": "str",
    "repaired": "Int64",
    "notices": "Int64",
    "prompt_tokens": "Int64",
    "completion_tokens": "Int64",
    "cached_tokens": "Int64",
    "dollars": "float64",
    "seconds": "float64",
    "error_kind": "str",
}
DTYPES: dict[str, Any] = {name: pandas_dtype(dtype) for name, dtype in COLUMNS.items()}


@dataclass(frozen=True)
class Answered:
    """What came of one question in one run; the fields are those of a prediction.

    Attributes:
        outcome: how it ended.
        answer: names, empty unless the outcome is an answer.
        answer_rule: what the answer was read from: `finish`, a rule of `curated_answer`, or `baseline`.
        response_text: the last text that the model wrote.
        context_sha256: of the context that was shown, in the curated arms.
        record_sha256: of the patient's database, in the seeking arms.
        identity: the hash of all that shaped the answer; None where there is none.
        rounds: calls of the model.
        tool_calls, browser_calls: calls of tools, the browser's among them and alone.
        forced: why the last turn had to be an answer (`rounds`, `browsing`, `window`, `seconds`), or None.
        repaired: calls that were read out of text, or whose arguments had to be mended.
        notices: results, or parts of a context, that were taken out or cut for the model's window.
        prompt_tokens, completion_tokens, cached_tokens: over all rounds, as the endpoint counts them; None where it
            does not say.
        dollars: by the registry's prices; None where it has none.
        seconds: of the calls that were answered.
        error_kind: why there is no answer, where the endpoint failed.
    """

    outcome: Outcome
    answer: tuple[str, ...] = ()
    answer_rule: str | None = None
    response_text: str | None = None
    context_sha256: str | None = None
    record_sha256: str | None = None
    identity: str | None = None
    rounds: int | None = None
    tool_calls: int | None = None
    browser_calls: int | None = None
    forced: str | None = None
    repaired: int | None = None
    notices: int | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cached_tokens: int | None = None
    dollars: float | None = None
    seconds: float | None = None
    error_kind: str | None = None

    @classmethod
    def of_failure(cls, error_kind: str) -> Answered:
        """What comes of a question whose call failed, or was not allowed to be made."""
        over = error_kind == Outcome.OVER_BUDGET
        return cls(Outcome.OVER_BUDGET if over else Outcome.ENDPOINT_FAILED, error_kind=error_kind)

    def as_json(self) -> dict[str, Any]:
        """The fields as JSON has them."""
        return {**vars(self), "outcome": str(self.outcome), "answer": list(self.answer)}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Answered:
        """What `as_json` wrote.

        Raises:
            ValueError: it is not what `as_json` writes.
        """
        if value.keys() != FIELDS:
            raise ValueError("other fields than a prediction has")
        return cls(**{**value, "outcome": Outcome(value["outcome"]), "answer": tuple(value["answer"])})


FIELDS = frozenset(field.name for field in fields(Answered))
Runs = Mapping[tuple[str, int], Answered]
"""(qid, run_index) -> what came of it."""


def predictions_frame(
    model: str, arm: str, questions: Sequence[Question], run_indices: Iterable[int], answered: Runs
) -> pd.DataFrame:
    """The predictions of one model in one arm: a row a question and run, in the order of the questions.

    Args:
        model, arm: their names.
        questions: all that were to be asked.
        run_indices: the runs, 1-based.
        answered: what came of those that were asked; the others are `not_run`.
    """
    runs = list(run_indices)
    asked = [(question, run) for question in questions for run in runs]
    not_run = Answered(Outcome.NOT_RUN)
    came = [answered.get((question.qid, run), not_run) for question, run in asked]
    # Column by column: a dictionary a row takes most of a second where tens of thousands of rows are kept.
    columns: dict[str, Sequence[Any]] = {
        "qid": [question.qid for question, _ in asked],
        "row_number": [question.row_number for question, _ in asked],
        "subject_id": [question.subject_id for question, _ in asked],
        "subtask": [question.task for question, _ in asked],
        "task_type": [question.task_type for question, _ in asked],
        "model": [model] * len(asked),
        "arm": [arm] * len(asked),
        "run_index": [run for _, run in asked],
        **{name: [getattr(each, name) for each in came] for name in FIELDS},
        "outcome": [str(each.outcome) for each in came],
        "answer": [list(each.answer) for each in came],
    }
    # Each column has its type from the start: for a few rows, converting a frame takes longer than making it.
    return pd.DataFrame({name: pd.array(columns[name], dtype=of_column) for name, of_column in DTYPES.items()})
