"""What takes part in the benchmark without a network: a function from question, context and frequencies to names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from clinseek_assets.benchmark.questions import Question
from clinseek_assets.models.priors import CandidatePriors

Answerer = Callable[[Question, str, CandidatePriors | None], list[str]]


@dataclass(frozen=True)
class Participant:
    """A baseline or a floor row.

    Attributes:
        name: the registry's `model_id`.
        kind: `floor` for an answer that does not depend on the patient, `evidence` for one that reads the context.
        version: raised with every change of its rules, since it is part of an answer's identity.
        answer: gets the question (its label is never read), the context's text and the frequencies.
    """

    name: str
    kind: Literal["floor", "evidence"]
    version: str
    description: str
    answer: Answerer
