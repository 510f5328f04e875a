"""Waiting until no other run holds what a run of this process needs for itself.

Dagster's own executor in a process waits for a pool without a word and with a processor at full load. So a run begins
here when its pools are free; should another run be faster in that moment, Dagster's waiting keeps the two apart.
"""

from __future__ import annotations

import time
from collections.abc import Iterable

import dagster as dg

from clinseek_assets.resources.instance import end_killed_runs
from clinseek_assets.resources.progress import Progress

BETWEEN_LOOKS = 1.0  # seconds


def wait_for_pools(
    definitions: Iterable[dg.AssetsDefinition],
    instance: dg.DagsterInstance,
    progress: Progress,
    between_looks: float = BETWEEN_LOOKS,
) -> None:
    """Wait until every pool that these take is free; a run whose process was killed gives it back.

    Args:
        definitions: what the run will make.
        instance: where the pools are kept.
        progress: told which run is waited for.
        between_looks: seconds from one look to the next.
    """
    for pool in sorted({pool for each in definitions for pool in each.node_def.pools}):
        while holders := holders_of(pool, instance):
            progress(f"waiting for the {pool}, which run {', '.join(holders)} writes", 0, 1)
            time.sleep(between_looks)
            end_killed_runs(instance)


def holders_of(pool: str, instance: dg.DagsterInstance) -> list[str]:
    """The runs that hold a pool, in the short form of the web page, if it has no place left."""
    there = instance.event_log_storage.get_concurrency_info(pool)
    taken = sorted({slot.run_id[:8] for slot in there.claimed_slots})
    return taken if len(there.claimed_slots) >= there.slot_count else []
