"""The one prompt of the curated arms, by the question's split: how it is written, and how its context is shortened."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import ModuleType

from clinseek_assets.benchmark.questions import Question
from clinseek_assets.contexts import multimodal_prompts, prompts, shortened, shortened_record
from clinseek_assets.models.exhibits import Exhibits
from clinseek_assets.storage import fingerprint


@dataclass(frozen=True)
class CuratedPrompt:
    """How questions of one split are put.

    Attributes:
        write: the user message's text around a context.
        shorten: a context in about so many bytes, with what is left out said.
        code: the modules that shape both.
    """

    write: Callable[[Question, str, Exhibits], str]
    shorten: Callable[[str, int], str]
    code: tuple[ModuleType, ...]

    @cached_property
    def version(self) -> str:
        """The hash of what makes a prompt out of a question and a context."""
        return fingerprint.of_code(*self.code)


def _of_text(question: Question, context: str, exhibits: Exhibits) -> str:
    return prompts.curated_prompt(question, context)


def _multimodal(question: Question, context: str, exhibits: Exhibits) -> str:
    if not exhibits.vision and exhibits.linked:
        return multimodal_prompts.curated_prompt(context, [multimodal_prompts.cannot_be_shown(exhibits.linked)])
    return multimodal_prompts.curated_prompt(context, [exhibits.note] if exhibits.note else [])


PROMPTS: Mapping[str, CuratedPrompt] = {
    "text": CuratedPrompt(_of_text, shortened.shortened, (prompts, shortened)),
    "multimodal": CuratedPrompt(_multimodal, shortened_record.shortened_record, (multimodal_prompts, shortened_record)),
}
