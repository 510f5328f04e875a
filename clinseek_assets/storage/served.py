"""A home is served by one web page at a time: two daemons would start the same schedules and backfills twice."""

from __future__ import annotations

import os
from pathlib import Path

from clinseek_assets.faults import Fault
from clinseek_assets.storage import locks

SERVED_FILE = ".served"


def serve_alone(folder: Path, address: str) -> None:
    """Keep the serving of a home to this process, and to the program that takes its place, until it ends.

    Args:
        folder: of the instance.
        address: where its page is, for who is turned away.

    Raises:
        Fault: it is served already.
    """
    lock = locks.opened(folder, SERVED_FILE)
    if not locks.alone_at_once(lock):
        there = (folder / SERVED_FILE).read_text(encoding="utf-8").strip()
        raise Fault(
            f"This home is served already{f' at {there}' if there else ''}: a second daemon would start its schedules "
            "and backfills twice.",
            mend="Use that page, or stop it first; another home (CLINSEEK_HOME) can be served beside it.",
        )
    os.ftruncate(lock, 0)
    os.write(lock, f"{address}\n".encode())
    os.set_inheritable(lock, True)  # it outlives the change to another program, and is closed with that
