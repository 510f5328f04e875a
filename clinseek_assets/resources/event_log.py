"""Dagster's SQLite event log for a process that executes runs itself: the same files and rows, at a third of the time.

Dagster makes an engine and a connection for each event, asks each time which tables and columns there are, compiles
each statement anew, and on closing SQLite folds its write-ahead log into the file: together some ten milliseconds an
event, and a partition has two. Here the connections of the index and of the run at hand stay open, and what was found
out once is known. Each event is committed before the next one, as Dagster does it; only the events that announce the
partitions of a run, which are written before anything is done, are committed together.

Another process (the web page, a second run) reads and writes the same files meanwhile: they are in SQLite's
write-ahead mode, and a writer waits for another's commit. The web page shows a run's new events when the run's file is
changed, which in that mode is long after they are written; so the file is given a new time with each event.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml
from dagster import DagsterEventType, EventLogEntry
from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster._core.storage.event_log.schema import SqlEventLogStorageTable
from dagster._core.storage.event_log.sqlite.sqlite_event_log import INDEX_SHARD_NAME
from dagster._core.storage.sql import create_engine
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.pool import StaticPool

# Tells Dagster to hand over announcements together (an event of any other kind is handed over at once).
BATCH_SIZE = {"DAGSTER_EVENT_BATCH_SIZE": "10000"}
ANNOUNCED = DagsterEventType.ASSET_MATERIALIZATION_PLANNED
# Settings of an instance that say where runs and events are kept.
STORES = {"storage", "run_storage", "event_log_storage", "schedule_storage", "instance_class"}


def event_log_of(folder: Path) -> dict[str, Any]:
    """The quick event log as an override for the instance in a folder; none where its settings name a store, or lie
    elsewhere."""
    file = folder / "dagster.yaml"
    settings = yaml.safe_load(file.read_text(encoding="utf-8")) or {} if file.is_file() else None
    if settings is None or STORES & set(settings):
        return {}
    quick = {"module": OpenEventLog.__module__, "class": OpenEventLog.__name__}
    return {"event_log_storage": {**quick, "config": {"base_dir": str(folder / "history" / "runs")}}}


class OpenEventLog(SqliteEventLogStorage):
    """The event log below a folder, with open connections."""

    def __init__(self, base_dir: str, inst_data: Any = None) -> None:
        self._engines: dict[str, Engine] = {}
        self._known: set[str] = set()
        super().__init__(base_dir, inst_data)

    @classmethod
    def from_config_value(cls, inst_data: Any, config_value: Any) -> OpenEventLog:
        """The log that the instance's settings name."""
        return cls(inst_data=inst_data, **config_value)

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        with self._db_lock:
            engine = self._engine(shard)
            if shard not in self._initialized_dbs:
                self._initdb(engine)
                self._initialized_dbs.add(shard)
            with engine.connect() as connection, connection.begin():
                yield connection

    def _engine(self, shard: str) -> Engine:
        """The shard's engine with its one connection, which the lock of `_connect` guards; older runs' are closed."""
        if shard not in self._engines:
            for other in [name for name in self._engines if INDEX_SHARD_NAME not in (name, shard)]:
                self._engines.pop(other).dispose()
            self._engines[shard] = create_engine(
                self.conn_string_for_shard(shard),
                poolclass=StaticPool,
                connect_args={"timeout": SQLITE_BUSY_TIMEOUT_SECONDS, "check_same_thread": False},
            )
        return self._engines[shard]

    def has_table(self, table_name: str) -> bool:
        """Whether the index has a table; one that was seen is not looked for again."""
        if table_name not in self._known and super().has_table(table_name):
            self._known.add(table_name)
        return table_name in self._known

    def _has_asset_key_col_on_connection(self, conn: Connection, column_name: str) -> bool:
        column = f"column {column_name}"
        if column not in self._known and super()._has_asset_key_col_on_connection(conn, column_name):
            self._known.add(column)
        return column in self._known

    def store_event(self, event: EventLogEntry) -> None:
        """Store an event, and let who watches the run's file know."""
        super().store_event(event)
        os.utime(self.path_for_shard(event.run_id))

    def store_event_batch(self, events: Sequence[EventLogEntry]) -> None:
        """Store the announcements of a run in one transaction a file; any other event as ever."""
        announced = [event for event in events if event.dagster_event_type is ANNOUNCED]
        if announced:
            self._store_announcements(announced)
        for event in events:
            if event.dagster_event_type is not ANNOUNCED:
                self.store_event(event)

    def _store_announcements(self, events: Sequence[EventLogEntry]) -> None:
        rows = [self._event_to_row(event) for event in events]
        # What is kept of an asset is its latest announcement alone.
        latest = {event.get_dagster_event().asset_key: event for event in events}
        with self.run_connection(events[0].run_id) as connection:
            connection.execute(SqlEventLogStorageTable.insert(), rows)
        with self.index_transaction() as connection:
            connection.execute(SqlEventLogStorageTable.insert(), rows)
            for event in latest.values():
                self._store_asset_event(connection, event, event_id=0)  # the number is kept of results only

    def wipe(self) -> None:
        """Remove everything; the connections are closed first."""
        self._close()
        super().wipe()

    def dispose(self) -> None:
        """Close the connections."""
        self._close()
        super().dispose()

    def _close(self) -> None:
        with self._db_lock:
            for shard in list(self._engines):
                self._engines.pop(shard).dispose()
