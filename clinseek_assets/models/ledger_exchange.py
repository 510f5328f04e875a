"""The ledger of a home and those of other machines, brought together every two seconds while calls are made.

A cap over all machines therefore knows of another machine's calls a few seconds after they were written down.
"""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

from clinseek_assets.faults import Fault
from clinseek_assets.models.group_commit import open_database, unusable
from clinseek_assets.storage.store.rows import SharedRows

EVERY_SECONDS = 2.0


class LedgerExchange:
    """A thread that gives and takes the ledger's rows; close it at the end, which gives what is left.

    Args:
        path: the ledger; it must be there.
        rows: its rows in the store.
    """

    def __init__(self, path: Path, rows: SharedRows) -> None:
        self.fault: Fault | None = None
        self._path = path
        self._rows = rows
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._work, name="exchange of the ledger", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Give what is left, and stop.

        Raises:
            Fault: the store, or the ledger, could not be used.
        """
        self._ended.set()
        self._thread.join()
        if self.fault is not None:
            raise self.fault

    def _work(self) -> None:
        try:
            with closing(open_database(self._path, "NORMAL")) as database:
                while not self._ended.wait(EVERY_SECONDS):
                    self._rows.take(database)
                self._rows.give(database)
        except Fault as fault:
            self.fault = fault
        except (sqlite3.Error, OSError) as error:
            self.fault = unusable("ledger", self._path, error)
