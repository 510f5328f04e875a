"""The ceiling of an endpoint over all processes of this machine: slots that are locked files.

A request needs a slot. Whoever holds the lock of a slot's file has it; the system gives it back when its process ends,
however it ends. Processes that use an endpoint at the same time share its slots evenly.
"""

from __future__ import annotations

import errno
import fcntl
import os
import secrets
import time
from pathlib import Path

from clinseek_assets.faults import EndpointFault
from clinseek_assets.storage.atomic import PRIVATE_FILE, private_folder
from clinseek_assets.storage.fingerprint import of_text

SLOT, MEMBER = "slot-", "process-"
COUNT_SECONDS = 0.25
POLITE_SECONDS = 0.05
NAME_LENGTH = 24


class Leases:
    """This process's part in the slots of one endpoint; close it at the end.

    Args:
        folder: where the slots of all endpoints lie; made if it is not there.
        endpoint: what the slots are of: all processes that name it alike share them.
        ceiling: how many slots there are.

    Raises:
        EndpointFault: the folder cannot be written to.
    """

    def __init__(self, folder: Path, endpoint: str, ceiling: int) -> None:
        self._folder = folder / of_text(endpoint)[:NAME_LENGTH]
        self._ceiling = ceiling
        self._counted_at = float("-inf")
        self._polite_until = float("-inf")
        try:
            private_folder(self._folder)
            self._slots = [self._opened(f"{SLOT}{number}") for number in range(ceiling)]
            self._member = f"{MEMBER}{os.getpid()}-{secrets.token_hex(4)}"
            self._membership = self._opened(f".{self._member}")
            fcntl.flock(self._membership, fcntl.LOCK_EX)
            (self._folder / f".{self._member}").rename(self._folder / self._member)  # seen only when it is locked
        except OSError as error:
            raise EndpointFault(
                f"The folder {folder}, by which processes share an endpoint, cannot be used ({type(error).__name__}).",
                mend="Check that it can be written to and lies on a disk of this machine.",
            ) from None
        self._free = list(range(ceiling))  # those that this process does not hold
        self._processes = self._count()

    @property
    def held(self) -> int:
        """How many slots this process has."""
        return self._ceiling - len(self._free)

    def take(self) -> int | None:
        """A slot, or None where this process has its share, or all slots are taken."""
        if time.monotonic() < self._polite_until or self.held >= self._share():
            return None
        for place in range(len(self._free) - 1, -1, -1):
            if _locked(self._slots[self._free[place]]):
                return self._free.pop(place)
        return None

    def may_keep(self) -> bool:
        """Whether a slot that comes free may serve this process's next request at once."""
        return self.held <= self._share() and self._processes <= self._ceiling

    def give_back(self, slot: int) -> None:
        """Let others have a slot that `take` gave."""
        fcntl.flock(self._slots[slot], fcntl.LOCK_UN)
        self._free.append(slot)
        if self._processes > self._ceiling:  # too few for all at once: who had one lets others try first
            self._polite_until = time.monotonic() + POLITE_SECONDS

    def close(self) -> None:
        """Give back everything."""
        (self._folder / self._member).unlink(missing_ok=True)
        for file in (*self._slots, self._membership):
            os.close(file)

    def _share(self) -> int:
        """This process's part of the slots, rounded up."""
        if time.monotonic() - self._counted_at > COUNT_SECONDS:
            self._processes = self._count()
        return -(-self._ceiling // self._processes)

    def _opened(self, name: str) -> int:
        return os.open(self._folder / name, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, PRIVATE_FILE)

    def _count(self) -> int:
        """How many processes use the endpoint now; the files of ended ones are removed."""
        self._counted_at = time.monotonic()
        members = [path for path in self._folder.iterdir() if path.name.startswith(MEMBER)]
        return 1 + sum(self._lives(path) for path in members if path.name != self._member)

    def _lives(self, path: Path) -> bool:
        try:
            file = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        try:
            if not _locked(file):
                return True
            path.unlink(missing_ok=True)
            return False
        finally:
            os.close(file)


def _locked(file: int) -> bool:
    """Whether the lock of an open file could be had; it is kept then."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EAGAIN, errno.EACCES):
            return False
        raise
    return True
