"""Who works on a home, and who wants it to himself: any number work on it at once, but nobody while it is tidied."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from clinseek_assets.faults import Fault
from clinseek_assets.storage import locks

WORK_FILE = ".at-work"


@contextmanager
def working_here(home: Path) -> Iterator[None]:
    """Work on a home; where it is just being tidied, wait until that has ended."""
    lock = locks.opened(home, WORK_FILE)
    try:
        locks.shared(lock)
        yield
    finally:
        os.close(lock)


@contextmanager
def nobody_working(home: Path, purpose: str) -> Iterator[None]:
    """Have a home to oneself.

    Args:
        home: the folder; it must be there.
        purpose: what is done there, for the fault: "tidied".

    Raises:
        Fault: a run is working on it.
    """
    lock = locks.opened(home, WORK_FILE)
    try:
        if not locks.alone_at_once(lock):
            raise Fault(
                f"{home} cannot be {purpose} now: a run is working on it.",
                mend="Wait until it has ended, or stop it (Ctrl-C, or «Terminate» on the web page), and try again.",
            )
        yield
    finally:
        os.close(lock)
