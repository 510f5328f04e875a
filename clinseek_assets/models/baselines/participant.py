"""What takes part in the benchmark without a network: a function from question, evidence and frequencies to names."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from clinseek_assets.benchmark.questions import Question
from clinseek_assets.contexts.timeline_text import Block, read_timeline
from clinseek_assets.models.priors import CandidatePriors
from clinseek_assets.records.tools.specs import Picture

Judgement = Callable[[Question, Sequence[Block], CandidatePriors | None], list[str]]
"""Question (its label is never read), what is known of the patient, and frequencies -> answers."""


@dataclass(frozen=True)
class Participant:
    """A baseline or a floor row.

    Attributes:
        name: the registry's `model_id`.
        kind: `floor` for an answer that does not depend on the patient, `evidence` for one that reads the evidence.
        version: raised with every change of its rules, since it is part of an answer's identity.
        judge: how it answers; the same rules whether the evidence was shown to it or it looked for it.
    """

    name: str
    kind: Literal["floor", "evidence"]
    version: str
    description: str
    judge: Judgement

    def answer(
        self,
        question: Question,
        context: str,
        priors: CandidatePriors | None,
        pictures: tuple[Picture, ...] = (),
    ) -> list[str]:
        """The answers to a question over a curated context and pictures; a floor row looks at neither."""
        return self.judge(question, read_timeline(context) if self.kind == "evidence" else (), priors)
