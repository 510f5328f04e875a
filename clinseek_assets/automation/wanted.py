"""Which part of the graph is to be brought up to date."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from clinseek_assets.assets.artifact import Artifact
from clinseek_assets.assets.graph import Stage
from clinseek_assets.partitions import cell


@dataclass(frozen=True)
class Wanted:
    """Which partitions to bring up to date; None means all of that kind.

    Of no model at all (`models` is empty) nothing is wanted that follows from what models answered.
    """

    models: Collection[str] | None = None
    subtasks: Collection[str] | None = None
    arms: Collection[str] | None = None
    splits: Collection[str] | None = None

    def stage(self, stage: Stage) -> bool:
        """Whether a stage is needed for a wanted split and arm, or for none in particular."""
        if stage.follows and self.models is not None and not self.models:
            return False
        of_arm = not stage.arms or self.arms is None or bool(set(stage.arms) & set(self.arms))
        return of_arm and (not stage.split or self.splits is None or stage.split in self.splits)

    def partitions(self, artifact: Artifact) -> list[str | None]:
        """The wanted partitions of an artifact, in their order."""
        return [key for key in artifact.partitions if key is None or self._wants(artifact, key)]

    def _wants(self, artifact: Artifact, key: str) -> bool:
        model, subtask = cell(key)
        if not subtask:  # a grid of one dimension: either the models or the subtasks
            kind = self.models if artifact.name.endswith("model_scores") else self.subtasks
            return kind is None or key in kind
        return (self.models is None or model in self.models) and (self.subtasks is None or subtask in self.subtasks)
