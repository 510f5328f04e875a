"""The names by which an answer to a multimodal question can be told from prose, where no candidates are shown.

They are shown to nobody: the release shows none. They are what makes a reply readable that does not mark its answer:
yes and no for every question, and the closed vocabulary of the tasks that have one.
"""

from __future__ import annotations

from clinseek_assets.benchmark.groups import TASKS
from clinseek_assets.benchmark.questions import Question
from clinseek_assets.benchmark.subtasks import YES_NO
from clinseek_assets.benchmark.vocabularies import VOCABULARIES


def answer_vocabulary(question: Question) -> tuple[str, ...] | None:
    """The names that an unmarked answer to a question is known by; None for text questions."""
    if question.split == "text":
        return None
    task = TASKS.get(question.task_type)
    return (*YES_NO, *VOCABULARIES.get(task.vocabulary if task else "", ()))
