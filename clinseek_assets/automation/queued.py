"""Backfills for the daemon: put into the instance's queue without a web page, to run behind one's back.

The daemon (`clinseek ui` has one) cuts them into runs, begins the one with the highest priority first, and keeps below
the instance's limits of runs. They can be followed, cancelled and retried on the page like those that were started
there.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from itertools import groupby

import dagster as dg
from dagster._core.execution.backfill import PartitionBackfill
from dagster._core.storage.tags import PRIORITY_TAG
from dagster._core.utils import make_new_backfill_id

from clinseek_assets.assets.arms import Arm
from clinseek_assets.automation.code_location import CodeLocation
from clinseek_assets.automation.schedules import MODEL_TAG
from clinseek_assets.models.registry import Model
from clinseek_assets.partitions import grid_key

ARM_TAG = "clinseek/arm"


def queue_predictions(
    location: CodeLocation,
    instance: dg.DagsterInstance,
    arm: Arm,
    models: Sequence[Model],
    subtasks: Sequence[str],
    priority: int | None = None,
) -> Iterator[str]:
    """Queue a backfill of an arm's predictions for each priority among the models; yields their ids.

    Args:
        location: the code location.
        instance: whose daemon is to run them.
        arm, models, subtasks: the cells; those that are up to date are recorded as they are.
        priority: for all models alike, in place of what the registry says.
    """

    def wanted(model: Model) -> int:
        return model.priority if priority is None else priority

    asset_graph = location.definitions.get_repository_def().asset_graph
    for level, alike in groupby(sorted(models, key=lambda model: -wanted(model)), key=wanted):
        names = [model.name for model in alike]
        backfill = PartitionBackfill.from_asset_partitions(
            backfill_id=make_new_backfill_id(),
            asset_graph=asset_graph,
            partition_names=[grid_key(name, subtask) for name in names for subtask in subtasks],
            asset_selection=[dg.AssetKey(arm.predictions)],
            backfill_timestamp=time.time(),
            tags={
                PRIORITY_TAG: str(level),
                ARM_TAG: arm.name,
                **({MODEL_TAG: names[0]} if len(names) == 1 else {}),
            },
            dynamic_partitions_store=instance,
            all_partitions=False,
            title=f"{arm.name} arm, {names[0] if len(names) == 1 else f'{len(names)} models'}",
            description=None,
            run_config=None,
        )
        instance.add_backfill(backfill)
        yield backfill.backfill_id
