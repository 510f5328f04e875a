"""An answer's identity: everything that shaped it, as named parts, so that a change can be told by its name.

Where all parts are what they were, the answer that is kept stands; a part that differs is what `clinseek why-miss`
names. Prices, patience, ceilings and attestations shape no answer and are no part.
"""

from __future__ import annotations

from collections.abc import Mapping

import orjson

from clinseek_assets.benchmark.questions import Question
from clinseek_assets.storage import fingerprint

Parts = Mapping[str, str]
# Part -> what it is, for people.
MEANINGS: Parts = {
    "dialect": "how the endpoint is spoken to",
    "base_url": "the endpoint's address",
    "model_id": "the model at the endpoint",
    "sampling": "temperature, limits and other settings of how answers are drawn",
    "baseline": "the baseline's rules",
    "priors": "the frequencies that baselines rest on",
    "question": "the question: its instruction, moment, patient, candidates or answer format",
    "run": "the number of the repetition",
    "prompt": "the sentences around the question",
    "reading": "how answers are read out of replies",
    "context": "the context that is shown",
    "vision": "whether the model is shown pictures",
    "pictures": "the question's images as they are shown, and what is said of the others",
    "reports": "whether radiology reports are shown, and which",
    "record": "the patient's database",
    "policy": "the policy of time: its rules and the code that cuts records by them",
    "tools": "the tools: what they are called, say and look up",
    "loop": "the agent loop",
    "rules": "the limits of an exchange: rounds, time, context window, kind of tools",
}


def identity_of(parts: Parts) -> str:
    """The parts as one hash."""
    return fingerprint.of_value(dict(parts))


def question_part(question: Question) -> str:
    """The hash of what a question says, without its label; its pictures are a part of their own."""
    said = [
        question.qid,
        question.task,
        question.subject_id,
        question.hadm_id,
        question.prediction_time,
        question.latest_event_time,
        question.answer_is_list,
        question.candidates,
        question.instruction,
        question.question,
    ]
    if question.split != "text":  # answers to text questions keep the hash that they have
        said += [question.split, question.dataset, question.stay_id]
    return fingerprint.of_text(orjson.dumps(said).decode())


def changed_parts(kept: Parts, today: Parts) -> list[str]:
    """The parts that differ, are new or are gone, in the order in which `MEANINGS` has them."""
    differing = {name for name in {*kept, *today} if kept.get(name) != today.get(name)}
    known = [name for name in MEANINGS if name in differing]
    return [*known, *sorted(differing.difference(known))]
