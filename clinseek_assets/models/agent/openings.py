"""How an exchange begins: the prompt of the question's split."""

from __future__ import annotations

from collections.abc import Collection
from functools import cache

from clinseek_assets.benchmark.questions import Question
from clinseek_assets.contexts import multimodal_prompts as shared_with_the_curated_arms
from clinseek_assets.models.agent import multimodal_prompts, prompts
from clinseek_assets.models.agent.names import is_browsing
from clinseek_assets.models.exhibits import MULTIMODAL, Exhibits
from clinseek_assets.models.messages import Turn
from clinseek_assets.records.pinned.pin import Policy
from clinseek_assets.storage import fingerprint


def opening_turns(question: Question, policy: Policy, exhibits: Exhibits, offered: Collection[str]) -> list[Turn]:
    """The turns that an exchange begins with.

    Args:
        question: the manifest row; its label is not read.
        policy: the arm's policy of time.
        exhibits: what the question shows beside its text.
        offered: the names of the tools.
    """
    if question.split == MULTIMODAL:
        return multimodal_prompts.opening_turns(question, policy, exhibits, offered)
    return prompts.opening_turns(question, policy, browser=any(map(is_browsing, offered)))


@cache
def prompt_version(split: str) -> str:
    """The hash of what a model is told in questions of a split."""
    if split == MULTIMODAL:
        return fingerprint.of_code(prompts, multimodal_prompts, shared_with_the_curated_arms)
    return fingerprint.of_code(prompts)
