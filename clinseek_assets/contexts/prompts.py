"""The curated prompt: the published `question` layout, and the trailer that asks for the answer.

A question has up to four sections in tags, in this order: `task_instruction`, `patient_info` (the current time and no
patient id), `patient_timeline` (the curated input), `candidate_answers` (a JSON list on one line, only where there are
candidates). The layout is the release's; the sentences are ours.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import datetime

from clinseek_assets.benchmark.questions import Question
from clinseek_assets.benchmark.subtasks import SUBTASKS

TIMELINE = "patient_timeline"

# A tag counts where it stands at the start of a line. The first opening tag and the last closing tag enclose the
# timeline whatever the timeline itself holds: the instruction before it is prose, and the JSON list after it cannot
# hold a line break.
_OPENING = re.compile(rf"^<{TIMELINE}>\n?", re.MULTILINE)
_CLOSING = re.compile(rf"\n?^</{TIMELINE}>", re.MULTILINE)

ANSWER_TRAILER = """

When you have decided, end your reply with your final answer in an XML block, as the very last thing:
<answer>
your answer
</answer>
Inside the block write one answer per line and nothing else: no bullets, no numbering, no markdown, no explanation.
If candidate answers are listed above, copy the ones you choose exactly as they are written there."""


def render_question(
    *,
    instruction: str,
    prediction_time: datetime,
    latest_event_time: datetime | None,
    answer_is_list: bool,
    candidates: Sequence[str] | None,
    context: str,
) -> str:
    """A question in the published curated layout: what a manifest row holds as `question`.

    Args:
        instruction: what is asked, one sentence.
        prediction_time, latest_event_time: the moment of the question and the latest time stamp of the context, if any.
        answer_is_list: whether the gold is a list; the answer-format sentence depends on it, as in the release.
        candidates: the names to choose from, or None.
        context: the curated input.
    """
    told = [
        instruction,
        "Everything needed to answer is in this message.",
        _now(prediction_time, latest_event_time),
        "Rely on the patient timeline alone. Do not assume any event after the current time, and do not ask for a "
        "database to be searched: no lookup is needed.",
        "Give one answer per line, without bullets or numbering."
        if answer_is_list
        else "Give a single answer on one line.",
    ]
    if candidates is not None:
        told.append("Choose only from the candidate answers.")
    sections = [
        _section("task_instruction", "\n".join(told)),
        _section("patient_info", f"Current time: {prediction_time}"),
        _section(TIMELINE, context),
    ]
    if candidates is not None:
        sections.append(_section("candidate_answers", json.dumps(list(candidates), ensure_ascii=False)))
    return "\n\n".join(sections)


def timeline_of_question(question: str) -> str | None:
    """The curated input back out of a question's text, or None where it has no timeline section.

    Exact for every text that `render_question` made, tags and line breaks inside the context included.
    """
    span = _timeline_span(question)
    return question[slice(*span)] if span else None


def curated_prompt(question: Question, context: str) -> str:
    """The one user message that a model gets in the curated arms: a question around this context, and the trailer.

    The released question is taken word for word where its timeline section holds this very context. Where the
    context is another one (the manifest's own `input`, or a strict rendering), it takes the section's place and the
    rest stays. A row whose question has no timeline section gets one written by `render_question`, and so does a row
    without a question; the instruction is then the row's, else the row's question, else our own sentence.

    Args:
        question: the manifest row.
        context: the curated input that the model is to see.
    """
    return _question_around(question, context) + ANSWER_TRAILER


def _question_around(question: Question, context: str) -> str:
    if question.question is not None and (span := _timeline_span(question.question)):
        start, end = span
        return question.question[:start] + context + question.question[end:]
    return render_question(
        instruction=question.instruction or question.question or SUBTASKS[question.task].instruction,
        prediction_time=question.prediction_time,
        latest_event_time=question.latest_event_time,
        answer_is_list=question.answer_is_list,
        candidates=question.candidates,
        context=context,
    )


def _timeline_span(question: str) -> tuple[int, int] | None:
    """Where the timeline's text starts and ends, without the one line break on either side that sets it off."""
    opening = _OPENING.search(question)
    if opening is None:
        return None
    closings = list(_CLOSING.finditer(question, opening.end()))
    return (opening.end(), closings[-1].start()) if closings else None


def _now(prediction_time: datetime, latest_event_time: datetime | None) -> str:
    if latest_event_time is None:
        return f"The current time is {prediction_time}."
    seconds = (prediction_time - latest_event_time).total_seconds()
    return (
        f"The current time is {prediction_time}, {seconds:g} second{'' if seconds == 1 else 's'} after the latest "
        "event of the timeline."
    )


def _section(tag: str, text: str) -> str:
    return f"<{tag}>\n{text}\n</{tag}>"
