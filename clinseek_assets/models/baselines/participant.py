"""What takes part in the benchmark without a network: a function from question, evidence and frequencies to names."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from clinseek_assets.benchmark.questions import Question
from clinseek_assets.contexts.timeline_text import Block, read_timeline
from clinseek_assets.models.baselines.evidence_seen import Evidence, Judgement
from clinseek_assets.models.baselines.multimodal.record_blocks import read_record
from clinseek_assets.models.priors import CandidatePriors
from clinseek_assets.records.tools.specs import Picture

READ_CONTEXT: Mapping[str, Callable[[str], list[Block]]] = {"text": read_timeline, "multimodal": read_record}


@dataclass(frozen=True)
class Participant:
    """A baseline or a floor row.

    Attributes:
        name: the registry's `model_id`.
        kind: `floor` for an answer that does not depend on the patient, `evidence` for one that reads the evidence.
        version: raised with every change of its rules, since it is part of an answer's identity.
        judgements: split -> how it answers; the same rules whether the evidence was shown to it or it looked for it.
    """

    name: str
    kind: Literal["floor", "evidence"]
    version: str
    description: str
    judgements: Mapping[str, Judgement]

    def judge(self, question: Question, evidence: Evidence, priors: CandidatePriors | None) -> list[str]:
        """The answers to a question, by the rules of its split."""
        return self.judgements[question.split](question, evidence, priors)

    def answer(
        self, question: Question, context: str, priors: CandidatePriors | None, pictures: Sequence[Picture] = ()
    ) -> list[str]:
        """The answers to a question over a curated context and pictures; a floor row looks at neither."""
        if self.kind == "floor":
            return self.judge(question, Evidence(), priors)
        return self.judge(question, Evidence(READ_CONTEXT[question.split](context), tuple(pictures)), priors)
