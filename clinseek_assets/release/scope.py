"""What a validation looks at: all that a release needs, or as much of it as was made so far."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from clinseek_assets.benchmark.questions import Question
from clinseek_assets.locations.layout import Layout
from clinseek_assets.locations.settings import Settings
from clinseek_assets.release.checks import Progress

Made = Callable[[str, str], bool]
"""Whether an artifact's partition is one that must be there."""


def everything(artifact: str, partition: str) -> bool:
    """Every partition of every artifact must be there."""
    return True


def in_silence(stage: str, done: int, total: int) -> None:
    """Tell nobody how far the work is."""


@dataclass(frozen=True)
class Scope:
    """What is looked at, and who is told how far that is.

    Attributes:
        settings: where the release, the sources and the artifacts lie.
        progress: told the stage, how much of it is done and how much there is.
        made: of contexts and links, which are made subtask by subtask: whether one must be there.
    """

    settings: Settings
    progress: Progress = in_silence
    made: Made = everything

    @property
    def layout(self) -> Layout:
        """Where the artifacts lie."""
        return self.settings.layout

    def stage(self, name: str) -> Callable[[int, int], None]:
        """Who is told how far one stage is."""
        return lambda done, total: self.progress(name, done, total)

    def subtasks(self, artifact: str, questions: Sequence[Question]) -> frozenset[str]:
        """Those of these questions' subtasks whose partition of an artifact must be there."""
        return frozenset(name for name in {question.task for question in questions} if self.made(artifact, name))
