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
    tags = (event.tags if event else None) or {}
    for dep in graph.get(key).parent_keys:
        newest = instance.get_latest_data_version_record(dep)
        if newest and graph.get(dep).is_partitioned:
            observed = newest.event_log_entry.asset_observation is not None
            if observed and tags.get(get_input_event_pointer_tag(dep)) != str(newest.storage_id):
                return True
        elif newest and tags.get(get_input_data_version_tag(dep)) != version_of(newest):
            return True
    return False


def outdated_partitions(key: dg.AssetKey, graph: BaseAssetGraph, instance: dg.DagsterInstance) -> set[str]:
    """The recorded partitions of an asset that were recorded when an input had another version than its newest."""
    placed = instance.event_log_storage.get_latest_storage_id_by_partition(
        key, dg.DagsterEventType.ASSET_MATERIALIZATION
    )
    outdated: set[str] = set()
    for dep in whole_inputs(key, graph):
        newest = instance.get_latest_data_version_record(dep)
        older = {partition: place for partition, place in placed.items() if newest and place < newest.storage_id}
        if newest and older:
            places, versions = history(newest, dep, min(older.values()), instance)
            now = version_of(newest)
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
    made = newest.event_log_entry.asset_materialization is not None
    fetch = instance.fetch_materializations if made else instance.fetch_observations
    records = fetch(dg.AssetRecordsFilter(asset_key=key, after_storage_id=since), MOST_RECORDS, ascending=True).records
    before = instance.get_latest_data_version_record(key, before_cursor=since)
    versions = [version_of(record) for record in records]
    return [record.storage_id for record in records], [version_of(before) if before else None, *versions]


def version_of(record: EventLogRecord) -> str | None:
    """The data version that a record carries."""
    version = extract_data_version_from_entry(record.event_log_entry)
    return version.value if version else None
