"""What is up to date on disk and not in the event log as it is there.

The receipts beside the artifacts decide what has to be made; the event log is what the page shows. The two part where
Dagster's folder was removed, and where an input has a new version that changed nothing. Then a run records what is
there and makes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import dagster as dg

from clinseek_assets.assets.artifact import WHOLE, Artifact
from clinseek_assets.assets.outdated_records import is_outdated, outdated_partitions
from clinseek_assets.automation.code_location import CodeLocation


def unrecorded(
    artifact: Artifact, location: CodeLocation, instance: dg.DagsterInstance, keys: Sequence[str | None]
) -> Iterator[str | None]:
    """The partitions that are up to date on disk but that this instance knows otherwise, or not at all."""
    known = recorded_as_they_are(artifact, location, instance)
    for partition in keys:
        if partition not in known and artifact.ready(location.home, partition):
            yield partition


def recorded_as_they_are(
    artifact: Artifact, location: CodeLocation, instance: dg.DagsterInstance
) -> set[str] | set[None]:
    """The partitions (or {None}) whose records name the versions that their inputs have now."""
    graph = location.definitions.resolve_asset_graph()
    if artifact.partitions == WHOLE:
        records = [(key, instance.get_latest_data_version_record(key)) for key in artifact.keys]
        right = all(record and not is_outdated(record, key, graph, instance) for key, record in records)
        return {None} if right else set()
    key = artifact.keys[0]
    return set(instance.get_materialized_partitions(key)) - outdated_partitions(key, graph, instance)
