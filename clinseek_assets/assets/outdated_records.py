"""Records of the event log that speak of other versions of an input than its newest.

The page calls an asset stale when an input has another version than the asset's record says. Where that version changed
nothing for the asset (a question of another subtask was corrected), its receipt is still current, nothing is made, and
the record is to be written anew.

Inputs that are made with partitions are left out: what the page compares there is each partition's own version, and a
new one of those makes what rests on it behind by content. Those that are observed (`models`) count for assets without
partitions.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping

import dagster as dg
from dagster._core.definitions.assets.graph.base_asset_graph import BaseAssetGraph
from dagster._core.definitions.data_version import (
    extract_data_version_from_entry,
    get_input_data_version_tag,
    get_input_event_pointer_tag,
)
from dagster._core.event_api import EventLogRecord

MOST_RECORDS = 10_000


def is_outdated(record: EventLogRecord, key: dg.AssetKey, graph: BaseAssetGraph, instance: dg.DagsterInstance) -> bool:
    """Whether the record of an unpartitioned asset names another version of an input than the newest."""
    event = record.event_log_entry.asset_materialization
    if event is None:
        return True  # dbt's tests observe what was never made
    tags = event.tags or {}
    return any(
        observed_since(dep, tags, instance) if graph.get(dep).is_partitioned else has_another(dep, tags, instance)
        for dep in graph.get(key).parent_keys
    )


def has_another(dep: dg.AssetKey, tags: Mapping[str, str], instance: dg.DagsterInstance) -> bool:
    """Whether an input without partitions has another version than a record's tags say.

    What dbt's tests observe of what was never made is no version.
    """
    newest = instance.get_latest_data_version_record(dep)
    now = version_of(newest) if newest else None
    if newest is None or (is_observed(newest) and now is None):
        return False
    return tags.get(get_input_data_version_tag(dep)) != now


def observed_since(dep: dg.AssetKey, tags: Mapping[str, str], instance: dg.DagsterInstance) -> bool:
    """Whether a new version of a partition of an observed input was recorded after what a record's tags point to."""
    newest = instance.get_latest_data_version_record(dep)
    pointer = tags.get(get_input_event_pointer_tag(dep), "")
    place = int(pointer) if pointer.isdigit() else 0
    return newest is not None and is_observed(newest) and last_observed(dep, instance) > place


def is_observed(newest: EventLogRecord) -> bool:
    """Whether an asset with this newest record is observed and not made."""
    return newest.event_log_entry.asset_materialization is None


def last_observed(key: dg.AssetKey, instance: dg.DagsterInstance) -> int:
    """Where the log last has a new version of a partition of an observed asset; 0 where it has none.

    What dbt's tests observe has no partition, and is no version.
    """
    observed = dg.DagsterEventType.ASSET_OBSERVATION
    return max(instance.event_log_storage.get_latest_storage_id_by_partition(key, observed).values(), default=0)


def outdated_partitions(key: dg.AssetKey, graph: BaseAssetGraph, instance: dg.DagsterInstance) -> set[str]:
    """The recorded partitions of an asset that were recorded when an input had another version than its newest."""
    placed = instance.event_log_storage.get_latest_storage_id_by_partition(
        key, dg.DagsterEventType.ASSET_MATERIALIZATION
    )
    outdated: set[str] = set()
    for dep in whole_inputs(key, graph):
        newest = instance.get_latest_data_version_record(dep)
        if newest is None or (now := version_of(newest)) is None:
            continue
        if older := {partition: place for partition, place in placed.items() if place < newest.storage_id}:
            places, versions = history(newest, dep, min(older.values()), instance)
            outdated |= {key for key, place in older.items() if versions[bisect_left(places, place)] != now}
    return outdated


def whole_inputs(key: dg.AssetKey, graph: BaseAssetGraph) -> list[dg.AssetKey]:
    """The inputs of an asset that have no partitions."""
    return [dep for dep in graph.get(key).parent_keys if not graph.get(dep).is_partitioned]


def history(
    newest: EventLogRecord, key: dg.AssetKey, since: int, instance: dg.DagsterInstance
) -> tuple[list[int], list[str | None]]:
    """Where an asset's records stand from a place of the log on, and its version before each of them and after all.

    Args:
        newest: its newest record: of what is observed, observations count, of anything else materializations.
        key: the asset.
        since: the place.
        instance: the log's.
    """
    fetch = instance.fetch_observations if is_observed(newest) else instance.fetch_materializations
    records = fetch(dg.AssetRecordsFilter(asset_key=key, after_storage_id=since), MOST_RECORDS, ascending=True).records
    before = instance.get_latest_data_version_record(key, before_cursor=since)
    versions = [version_of(record) for record in records]
    return [record.storage_id for record in records], [version_of(before) if before else None, *versions]


def version_of(record: EventLogRecord) -> str | None:
    """The data version that a record carries."""
    version = extract_data_version_from_entry(record.event_log_entry)
    return version.value if version else None
