"""Recording the partitions of a range in Dagster's event log as they are finished.

A step over a range records nothing if it is killed, and an event that is logged inside a step carries no versions of
its own accord: without them the page can tell neither what is stale nor why. So each finished partition is logged at
once, with the tags in the form in which Dagster itself writes them.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import dagster as dg
from dagster._core.definitions.data_version import (
    CODE_VERSION_TAG,
    DATA_VERSION_IS_USER_PROVIDED_TAG,
    DATA_VERSION_TAG,
    DEFAULT_DATA_VERSION,
    NULL_EVENT_POINTER,
    extract_data_version_from_entry,
    get_input_data_version_tag,
    get_input_event_pointer_tag,
)
from dagster._core.definitions.partitions.utils import get_tags_from_multi_partition_key

from clinseek_assets.assets.outdated_records import outdated_partitions

BACKFILL_TAG = "dagster/backfill"


class PartitionRecord:
    """The record of one step over partitions.

    Args:
        context: the step's.
        code: the asset's code version.
    """

    def __init__(self, context: dg.AssetExecutionContext, code: str) -> None:
        self._context = context
        self._keys = {str(key): key for key in context.partition_keys}
        # A run of one partition leaves it to the step's own result, which carries all of this by itself.
        self.of_one = len(self._keys) == 1
        self._tags = {} if self.of_one else {CODE_VERSION_TAG: code, **self._versions_of_inputs()}

    def add(self, key: str, version: str, metadata: Mapping[str, Any]) -> None:
        """Record a finished partition now."""
        if self.of_one:
            return
        partition = self._keys[key]
        of_grid = get_tags_from_multi_partition_key(partition) if isinstance(partition, dg.MultiPartitionKey) else {}
        self._context.log_event(
            dg.AssetMaterialization(
                self._context.asset_key,
                partition=key,
                metadata=dict(metadata),
                tags={
                    **self._tags,
                    **of_grid,
                    DATA_VERSION_TAG: version,
                    DATA_VERSION_IS_USER_PROVIDED_TAG: "true",
                },
            )
        )

    def keep(self, key: str, version: str, metadata: Mapping[str, Any]) -> None:
        """Record an up-to-date partition if the event log does not have it as it is.

        A backfill counts a partition as failed that its own run did not record, so there it is recorded in any case.
        Where an unpartitioned input has a new version that changed nothing for this partition, it is recorded against
        the new one; else the page would call it stale for good.
        """
        stays = self._recorded.get(key) == version and key not in self._outdated
        if BACKFILL_TAG in self._context.run.tags or not stays:
            self.add(key, version, metadata)

    @cached_property
    def _recorded(self) -> dict[str, str]:
        """Partition -> the data version that the event log has of it."""
        latest = self._context.instance.event_log_storage.get_latest_tags_by_partition(
            self._context.asset_key, dg.DagsterEventType.ASSET_MATERIALIZATION, [DATA_VERSION_TAG]
        )
        return {key: tags[DATA_VERSION_TAG] for key, tags in latest.items()}

    @cached_property
    def _outdated(self) -> set[str]:
        """The partitions whose records name other versions of their inputs."""
        graph = self._context.job_def.asset_layer.asset_graph
        return outdated_partitions(self._context.asset_key, graph, self._context.instance)

    def _versions_of_inputs(self) -> dict[str, str]:
        tags: dict[str, str] = {}
        for dep in self._context.assets_def.specs_by_key[self._context.asset_key].deps:
            record = self._context.instance.get_latest_data_version_record(dep.asset_key)
            version = extract_data_version_from_entry(record.event_log_entry) if record else None
            tags[get_input_data_version_tag(dep.asset_key)] = (version or DEFAULT_DATA_VERSION).value
            tags[get_input_event_pointer_tag(dep.asset_key)] = str(record.storage_id) if record else NULL_EVENT_POINTER
        return tags
