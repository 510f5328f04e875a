"""Locks on files that stay: the system frees them however a process ends.

Where a file system knows no locks, nobody is held back: runs have to be kept apart by the user there.
"""

from __future__ import annotations

import errno
import fcntl
import os
from pathlib import Path

from clinseek_assets.storage.atomic import PRIVATE_FILE, private_folder

TAKEN = (errno.EAGAIN, errno.EACCES)


def opened(folder: Path, name: str) -> int:
    """The open file of a lock, made with its folder where it is not there; closing it gives the lock back.

    Raises:
        OSError: the folder cannot be written to.
    """
    return os.open(private_folder(folder) / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE_FILE)


def shared(file: int) -> None:
    """Have a lock together with others; wait for who has it alone."""
    _had(file, fcntl.LOCK_SH)


def alone(file: int) -> None:
    """Have a lock alone; wait for all who have it."""
    _had(file, fcntl.LOCK_EX)


def alone_at_once(file: int) -> bool:
    """Have a lock alone, unless anybody has it; says whether it was had."""
    return _had(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _had(file: int, how: int) -> bool:
    try:
        fcntl.flock(file, how)
    except OSError as error:
        return error.errno not in TAKEN
    return True
