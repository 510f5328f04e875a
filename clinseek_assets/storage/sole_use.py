"""One process at a time in a working folder, so that none sweeps away or replaces what another is at."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from clinseek_assets.faults import Fault
from clinseek_assets.storage.atomic import PRIVATE_FILE, private_folder

LOCK_FILE = ".in-use"


@contextmanager
def sole_use(folder: Path, purpose: str) -> Iterator[None]:
    """Keep `folder` (made where it is not there) to oneself; the system frees it however the process ends.

    Where a file system knows no locks, runs have to be kept apart by the user.

    Args:
        folder: the folder; a file `.in-use` in it carries the lock, and is gone afterwards.
        purpose: what is done there, for those who are turned away: "extracting source tables".

    Raises:
        Fault: another run works there.
    """
    lock = _opened(folder)
    while not _locked(lock, folder, purpose):
        os.close(lock)
        lock = _opened(folder)
    try:
        yield
    finally:
        (folder / LOCK_FILE).unlink(missing_ok=True)
        os.close(lock)


def _opened(folder: Path) -> int:
    while True:
        private_folder(folder)
        try:
            return os.open(folder / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE_FILE)
        except FileNotFoundError:  # who had the folder has removed it in between
            continue


def _locked(lock: int, folder: Path, purpose: str) -> bool:
    """Whether the lock is ours and its file still lies in the folder: who had it before has removed it at the end."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        raise Fault(
            f"{folder}: another run is {purpose} there.",
            mend="Wait until it has ended and run this again, or give one of the two another folder.",
        ) from None
    except OSError:
        return True
    try:
        return os.path.samestat(os.fstat(lock), (folder / LOCK_FILE).stat())
    except FileNotFoundError:
        return False
