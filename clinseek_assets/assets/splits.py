"""The two splits: what differs between them in the graph, as data.

A split's questions are cut into subtasks (of the multimodal split: its six groups), the second dimension of its grid.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import dagster as dg

from clinseek_assets.benchmark.groups import GROUPS
from clinseek_assets.benchmark.questions import Question
from clinseek_assets.benchmark.subtasks import SUBTASKS
from clinseek_assets.partitions import MULTIMODAL_GROUPS, TEXT_SUBTASKS, grid_of
from clinseek_assets.resources.home import Home


@dataclass(frozen=True)
class Split:
    """One split.

    Attributes:
        name: `text` or `multimodal`: the first word of its assets, and a folder of its files.
        subtasks: its partitions, in their order.
        partitions: the same as Dagster takes them.
        questions: the checked questions of one subtask, or all.
        fingerprint: the content of one subtask's questions.
        present: whether the release has it.
    """

    name: str
    subtasks: tuple[str, ...]
    partitions: dg.StaticPartitionsDefinition
    questions: Callable[[Home, str | None], Sequence[Question]]
    fingerprint: Callable[[Home, str], str]
    present: Callable[[Home], bool]

    @property
    def manifest(self) -> str:
        """The asset of its questions."""
        return f"{self.name}_manifest"

    @property
    def contexts(self) -> str:
        """The asset of its published contexts."""
        return f"{self.name}_contexts"

    @property
    def strict_contexts(self) -> str:
        """The asset of its strict contexts."""
        return f"{self.name}_strict_contexts"

    def grid(self, models: Sequence[str]) -> dg.MultiPartitionsDefinition:
        """Its subtasks by the enabled models."""
        return grid_of(models, self.partitions)


TEXT = Split(
    "text",
    tuple(SUBTASKS),
    TEXT_SUBTASKS,
    questions=lambda home, subtask: home.questions(subtask),
    fingerprint=lambda home, subtask: home.questions_fingerprint(subtask),
    present=lambda home: True,
)
MULTIMODAL = Split(
    "multimodal",
    tuple(GROUPS),
    MULTIMODAL_GROUPS,
    questions=lambda home, group: home.multimodal_questions(group),
    fingerprint=lambda home, group: home.multimodal_fingerprint(group),
    present=lambda home: home.has_multimodal,
)
SPLITS: dict[str, Split] = {split.name: split for split in (TEXT, MULTIMODAL)}
