"""Rows of results: what scoring needs to know of one, and how a row of the published form is brought to it.

A published row belongs to a question by its `qid`, else `query_id`, else `<task>_<subject_id>[_<hadm_id>]` where that
names one question of the manifest.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from clinseek_assets.benchmark.questions import Question
from clinseek_assets.models.outcomes import Outcome
from clinseek_assets.scoring.finish_call import (
    NO_CALL,
    NOT_A_LIST,
    UNREADABLE,
    Extraction,
    name_and_arguments,
    tool_calls,
)
from clinseek_assets.scoring.multimodal.finish_call import BAD_ARGUMENTS, NO_FINISH_CALL, NO_RESPONSE

Extract = Callable[[Sequence[Any]], Extraction]
_OUTCOME_OF_SOURCE = {
    UNREADABLE: Outcome.UNPARSABLE,
    NOT_A_LIST: Outcome.UNPARSABLE,
    NO_CALL: Outcome.OUT_OF_ROUNDS,
    BAD_ARGUMENTS: Outcome.UNPARSABLE,
    NO_RESPONSE: Outcome.UNPARSABLE,
    NO_FINISH_CALL: Outcome.OUT_OF_ROUNDS,
}


@dataclass(frozen=True, slots=True)
class ResultRow:
    """One row of results: whose it is, what it answers and how it came to that.

    Attributes:
        model: the row's `model`, else the file's name where several files are read, else "".
        qid: the question's id in the manifest.
        run_index: which run of that question; 1 where the row does not say.
        task: the row's own `task`, or None.
        answers: the answers, texts only.
        source: the published tag of where the answers were found; `prediction` for our own.
        outcome: how the answer ended.
        tool_calls, browser_calls, turns: calls made, calls of the browser among them, assistant messages.
    """

    model: str
    qid: str
    run_index: int
    task: str | None
    answers: tuple[str, ...]
    source: str
    outcome: Outcome
    tool_calls: int = 0
    browser_calls: int = 0
    turns: int = 0


class QuestionIds:
    """The ids by which a row may name its question."""

    def __init__(self, questions: Sequence[Question]) -> None:
        self.known = {question.qid for question in questions}
        rebuilt = [
            (_rebuilt(question.task, question.subject_id, question.hadm_id), question.qid) for question in questions
        ]
        times = Counter(name for name, _ in rebuilt)
        self._rebuilt = {name: qid for name, qid in rebuilt if times[name] == 1}
        self._ambiguous = {name for name, count in times.items() if count > 1}

    def qid_of(self, row: dict[str, Any], report: Callable[[str], None]) -> str | None:
        """The id that a row names, or None with its fault."""
        named = row.get("qid")
        if named is None:
            named = row.get("query_id")
        if isinstance(named, int) and not isinstance(named, bool):
            return str(named)
        if isinstance(named, str):
            return named
        if named is not None:
            report("`qid` is neither a text nor a number")
        elif row.get("task") is None or row.get("subject_id") is None:
            report("no `qid`")
        else:
            rebuilt = _rebuilt(row["task"], row["subject_id"], row.get("hadm_id"))
            if rebuilt not in self._ambiguous:
                return self._rebuilt.get(rebuilt, rebuilt)
            report("no `qid`, and several questions of the manifest have the row's task, patient and admission")
        return None


def _rebuilt(task: Any, subject_id: Any, hadm_id: Any) -> str:
    return f"{task}_{subject_id}" if hadm_id is None else f"{task}_{subject_id}_{hadm_id}"


def result_row(
    row: dict[str, Any],
    model: str,
    ids: QuestionIds,
    extract: Extract,
    report: Callable[[str], None],
) -> ResultRow | None:
    """A row of the published form.

    Args:
        row: the JSON object; its `messages` are the exchange (null or none for a call that failed).
        model: the name of the model where the row has none.
        ids: the questions' ids.
        extract: finds the answers in the exchange.
        report: is given each kind of fault.

    Returns:
        The row, whether its question is known or not; None where a fault was reported.
    """
    qid = ids.qid_of(row, report)
    messages = row.get("messages")
    if messages is not None and not isinstance(messages, list):
        report("`messages` is neither a list nor null")
        return None
    if qid is None:
        return None
    messages = messages or []
    extraction = extract(messages)
    run_index = row.get("run_index")
    calls = [name_and_arguments(call)[0] for message in messages for call in tool_calls(message)]
    return ResultRow(
        model=_name(row.get("model")) or model,
        qid=qid,
        run_index=run_index if isinstance(run_index, int) else 1,
        task=_name(row.get("task")),
        answers=extraction.answers,
        source=extraction.source,
        outcome=_outcome(row, messages, extraction),
        tool_calls=len(calls),
        browser_calls=sum(name.startswith("browser") for name in calls),
        turns=sum(isinstance(message, dict) and message.get("role") == "assistant" for message in messages),
    )


def _name(value: Any) -> str | None:
    """A text that tables and files are to show: halves of surrogate pairs, which no file can hold, become «?»."""
    return value.encode("utf-8", errors="replace").decode("utf-8") if isinstance(value, str) else None


def _outcome(row: dict[str, Any], messages: Sequence[Any], extraction: Extraction) -> Outcome:
    """How a published row ended. The published curated driver closes failed calls with an empty `finish` of its own
    making and says `error` in `status`, so that only a row with answers is believed against its status."""
    if not messages or (row.get("status") == "error" and not extraction.answers):
        return Outcome.ENDPOINT_FAILED
    if extraction.source.startswith("fallback"):
        return Outcome.SALVAGED
    return _OUTCOME_OF_SOURCE.get(extraction.source, Outcome.FINISHED)
