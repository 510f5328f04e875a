"""One question as the page shows it: its texts, its contexts and pictures, and everything that was answered to it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas

from clinseek_assets.benchmark.questions import Question
from clinseek_assets.browse.cells import ARMS
from clinseek_assets.browse.pictures import ShownPictures, pictures_of
from clinseek_assets.models.agent.exchange import CallSaid, Step
from clinseek_assets.resources.home import Home
from clinseek_assets.resources.told_answers import Told, told_answers

CONTEXT_ARMS = ("curated", "curated_strict")
FIGURES = (
    *("outcome", "answer_rule", "rounds", "tool_calls", "forced", "error_kind", "prompt_tokens", "completion_tokens"),
    *("seconds", "dollars"),
)


@dataclass(frozen=True)
class CallShown:
    """A call of a tool with the step that answers it; None where no answer is kept."""

    name: str
    arguments: str
    repaired: bool
    reply: Step | None


@dataclass(frozen=True)
class StepShown:
    """A step, its calls with their results; a result that belongs to no call stands for itself."""

    step: Step
    calls: Sequence[CallShown]


@dataclass(frozen=True)
class OneQuestion:
    """What the page of a question shows.

    Attributes:
        question: the question.
        told: all answers of the models that were asked for.
        contexts: arm -> the context that it gives; arms without one are left out.
        pictures: the linked images.
    """

    question: Question
    told: Sequence[Told]
    contexts: Mapping[str, str]
    pictures: ShownPictures

    @property
    def picture_names(self) -> Mapping[str, str]:
        """Hash of a picture that was shown -> name of its copy."""
        return {each.sha256: each.name for each in self.pictures.pictures if each.sha256 and each.name}


def look_at(home: Home, question: Question, models: Sequence[str]) -> OneQuestion:
    """Read all that is kept of a question.

    Args:
        home: whose files are read.
        question: the question.
        models: whose answers are wanted.

    Raises:
        EndpointFault: a journal is damaged.
    """
    return OneQuestion(
        question,
        list(told_answers(home, question, models, ARMS, None)),
        {arm: text for arm in CONTEXT_ARMS if (text := _context(home, question, arm))},
        pictures_of(home.layout, question),
    )


def answer_of(told: Told) -> list[str]:
    """The names that were answered; empty where there is no answer."""
    answer = (told.prediction or {}).get("answer")
    return [] if answer is None else [str(name) for name in answer]


def figures_of(told: Told) -> dict[str, str]:
    """What is known of how an answer came about, without what is empty."""
    found = {name: _known(told, name) for name in FIGURES}
    return {
        name.replace("_", " "): f"{value:.3f}" if isinstance(value, float) else str(value)
        for name, value in found.items()
        if value is not None
    }


def last_text_of(told: Told) -> str:
    """The last text that the model wrote; "" where none is kept."""
    return _known(told, "response_text") or ""


def _known(told: Told, column: str) -> Any:
    """A cell of the prediction; None where it is empty."""
    value = (told.prediction or {}).get(column)
    return None if value is None or pandas.isna(value) else value


def steps_shown(steps: Sequence[Step]) -> list[StepShown]:
    """The steps, each result of a tool moved to the call that it answers."""
    replies = {step.call_id: step for step in steps if step.role == "tool" and step.call_id}
    called = {call.id for step in steps for call in step.calls}
    return [
        StepShown(step, [_call(call, replies.get(call.id)) for call in step.calls])
        for step in steps
        if not (step.role == "tool" and step.call_id in called)
    ]


def _call(call: CallSaid, reply: Step | None) -> CallShown:
    return CallShown(call.name, _indented(call.arguments), call.repaired, reply)


def _indented(arguments: str) -> str:
    """Arguments a line each; as the model wrote them where they are no JSON."""
    try:
        return json.dumps(json.loads(arguments), ensure_ascii=False, indent=1)
    except ValueError:
        return arguments


def _context(home: Home, question: Question, arm: str) -> str | None:
    path = home.layout.contexts(question.split, arm, question.task)
    if not path.is_file():
        return None
    found = pandas.read_parquet(path, columns=["context"], filters=[("qid", "==", question.qid)])["context"].dropna()
    return None if found.empty else str(found.iloc[0])
