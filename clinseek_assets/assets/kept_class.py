"""The class of what a home keeps: of its inputs as they are, and of those that its artifacts were made from.

Settings change, and artifacts stay until they are made anew. Contexts and databases that were made from credentialed
data are credentialed, whatever the settings name today.
"""

from __future__ import annotations

from collections.abc import Sequence

from clinseek_assets.assets import contexts, manifests, patient_databases, source_tables
from clinseek_assets.assets.artifact import Artifact
from clinseek_assets.locations.data_class import DataClass
from clinseek_assets.resources.home import Home


def kept_class(home: Home, subtasks: Sequence[str] = ()) -> DataClass:
    """`open` only where today's inputs are open, and what is kept was made from them as they are.

    Args:
        home: the home.
        subtasks: those whose contexts are to leave as well; none where only databases do.
    """
    if home.data_class != "open":
        return "credentialed"
    whole: list[Artifact] = [
        *manifests.ARTIFACTS,
        *source_tables.artifacts(home.inventory),
        *patient_databases.ARTIFACTS,
    ]
    current = all(artifact.current(home) for artifact in whole)
    rendered = (artifact.current(home, subtask) for artifact in contexts.ARTIFACTS for subtask in subtasks)
    return "open" if current and all(rendered) else "credentialed"
