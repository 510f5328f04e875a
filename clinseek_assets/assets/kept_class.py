"""The class of what a home keeps: of its inputs as they are, and of those that its artifacts were made from.

Settings change, and artifacts stay until they are made anew. Contexts and databases that were made from credentialed
data are credentialed, whatever the settings name today.
"""

from __future__ import annotations

from collections.abc import Sequence

from clinseek_assets.assets import (
    contexts,
    dataset_tables,
    image_links,
    manifests,
    multimodal_contexts,
    patient_databases,
    source_tables,
)
from clinseek_assets.assets.artifact import Artifact
from clinseek_assets.assets.splits import MULTIMODAL, Split
from clinseek_assets.locations.data_class import DataClass
from clinseek_assets.resources.home import Home


def kept_class(home: Home, split: Split, subtasks: Sequence[str] = ()) -> DataClass:
    """`open` only where today's inputs are open, and what is kept was made from them as they are.

    Args:
        home: the home.
        split: whose questions are asked.
        subtasks: those whose contexts and images are to leave as well; none where only databases do.
    """
    if home.class_of(split.name) != "open":
        return "credentialed"
    whole, by_subtask = made_of(home, split)
    current = all(artifact.current(home) for artifact in whole)
    rendered = (artifact.current(home, subtask) for artifact in by_subtask for subtask in subtasks)
    return "open" if current and all(rendered) else "credentialed"


def made_of(home: Home, split: Split) -> tuple[Sequence[Artifact], Sequence[Artifact]]:
    """What a split's questions are shown of: artifacts that are whole, and those by subtask."""
    if split is MULTIMODAL:
        whole = (
            *manifests.MULTIMODAL_ARTIFACTS,
            *dataset_tables.artifacts(home.datasets),
            *patient_databases.OF_DATASETS,
        )
        return whole, (*multimodal_contexts.ARTIFACTS, image_links.image_links)
    whole = (*manifests.ARTIFACTS, *source_tables.artifacts(home.inventory), *patient_databases.ARTIFACTS)
    return whole, contexts.ARTIFACTS
