"""Runs of long ago: which of them may be forgotten, and forgetting them.

What the web page says of a partition (when it was made, from what, whether its checks passed) stands in the events of
the run that made it last. Those runs stay, however old; so do runs that are not at an end.
"""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from pathlib import Path

import dagster as dg
from dagster._core.storage.dagster_run import FINISHED_STATUSES
from dagster._core.storage.event_log import SqliteEventLogStorage

SIDE_FILES = ("", "-wal", "-shm", "-journal")
INDEX = "index"
MADE = dg.DagsterEventType.ASSET_MATERIALIZATION
Told = Callable[[int, int], None]


def old_runs(instance: dg.DagsterInstance, days: float, checks: Sequence[dg.AssetCheckKey]) -> list[str]:
    """The ids of the finished runs that last changed more than so many days ago and that nothing rests on.

    Args:
        instance: who knows of the runs.
        days: how old they are at least.
        checks: the checks of the graph.
    """
    before = dt.datetime.now(dt.UTC) - dt.timedelta(days=days)
    ended = dg.RunsFilter(statuses=list(FINISHED_STATUSES), updated_before=before)
    old = [record.dagster_run.run_id for record in instance.get_run_records(ended)]
    needed = set(runs_that_count(instance, checks)) if old else set()
    return [run for run in old if run not in needed]


def runs_that_count(instance: dg.DagsterInstance, checks: Sequence[dg.AssetCheckKey]) -> Iterator[str]:
    """The runs that made a partition, or an asset, last, or that were the last to check it."""
    store = instance.event_log_storage
    for key in instance.all_asset_keys():
        if (latest := instance.get_latest_materialization_event(key)) is not None:
            yield latest.run_id
        of_partitions = list(store.get_latest_storage_id_by_partition(key, MADE).values())
        if of_partitions:
            wanted = dg.AssetRecordsFilter(asset_key=key, storage_ids=of_partitions)
            found = instance.fetch_materializations(wanted, limit=len(of_partitions))
            yield from (record.run_id for record in found.records)
    yield from (record.run_id for record in store.get_latest_asset_check_execution_by_key(checks).values())


def forget(instance: dg.DagsterInstance, runs: Sequence[str], told: Told) -> int:
    """Forget runs with all of their events; returns how many bytes of files that freed (none of a database server's).

    Events go first: after a kill in between, the run is still known, and the next call forgets it.
    """
    freed = 0
    for done, run in enumerate(runs, 1):
        instance.event_log_storage.delete_events(run)
        instance.delete_run(run)
        freed += remove_file_of(instance, run)
        told(done, len(runs))
    instance.event_log_storage.dispose()
    return freed + sum(compact(path) for path in files_that_shrink(instance))


def file_of(instance: dg.DagsterInstance, run: str) -> Path | None:
    """The file of a run's events; None where a database server has them."""
    store = instance.event_log_storage
    return Path(store.path_for_shard(run)) if isinstance(store, SqliteEventLogStorage) else None


def remove_file_of(instance: dg.DagsterInstance, run: str) -> int:
    """Remove the file of a run's events, which Dagster leaves behind empty; returns the bytes that it took."""
    path = file_of(instance, run)
    freed = 0
    for side in SIDE_FILES if path else ():
        with suppress(FileNotFoundError):
            file = Path(f"{path}{side}")
            size = file.stat().st_size
            file.unlink()
            freed += size
    return freed


def files_that_shrink(instance: dg.DagsterInstance) -> Iterator[Path]:
    """The databases over all runs, which keep their size when something is deleted in them."""
    index = file_of(instance, INDEX)
    if index is not None:
        yield index
        yield index.parent.parent / "runs.db"


def compact(database: Path) -> int:
    """Give the free pages of a database back to the disk, unless somebody is at it; returns the bytes freed."""
    if not database.is_file():
        return 0
    before = database.stat().st_size
    with suppress(sqlite3.Error), closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("VACUUM")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return max(0, before - database.stat().st_size)
