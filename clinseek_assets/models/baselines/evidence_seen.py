"""What a participant is shown, or found, of a question's evidence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from clinseek_assets.benchmark.questions import Question
from clinseek_assets.contexts.timeline_text import Block
from clinseek_assets.models.priors import CandidatePriors
from clinseek_assets.records.tools.specs import Picture


@dataclass(frozen=True)
class Evidence:
    """What is known of the patient.

    Attributes:
        blocks: of the record, as a context's blocks.
        pictures: the question's images, where the participant is shown them.
    """

    blocks: Sequence[Block] = ()
    pictures: tuple[Picture, ...] = ()


Judgement = Callable[[Question, Evidence, CandidatePriors | None], list[str]]
"""Question (its label is never read), evidence, and frequencies -> answers."""
