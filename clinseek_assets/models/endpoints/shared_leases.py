"""The ceiling of an endpoint over several machines: slots that are locks of a Postgres server.

They keep what the locked files of `leases.py` keep on one machine: whoever has a slot's lock has the slot, the server
gives it back when the connection ends, and processes that use an endpoint at the same time share its slots evenly.
"""

from __future__ import annotations

import secrets
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from clinseek_assets.faults import EndpointFault
from clinseek_assets.models.endpoints.leases import COUNT_SECONDS, POLITE_SECONDS, Leases
from clinseek_assets.storage.fingerprint import of_text
from clinseek_assets.storage.postgres_locks import PostgresLocks, number_of


class Slots(Protocol):
    """A process's part in the slots of one endpoint; see `Leases`."""

    @property
    def held(self) -> int:
        """How many slots this process has."""

    def take(self) -> int | None:
        """A slot, or None where this process has its share, or all slots are taken."""

    def may_keep(self) -> bool:
        """Whether a slot that comes free may serve this process's next request at once."""

    def give_back(self, slot: int) -> None:
        """Let others have a slot that `take` gave."""

    def close(self) -> None:
        """Give back everything."""


@dataclass(frozen=True)
class LeaseServer:
    """The server by which machines share slots.

    Attributes:
        url: of a Postgres server; it may hold a password, and is not shown.
    """

    url: str = field(repr=False)


def slots_of(place: Path | LeaseServer, endpoint: str, ceiling: int) -> Slots:
    """This process's part in the slots of an endpoint.

    Args:
        place: a folder, which the processes of one machine share, or a server.
        endpoint: what the slots are of.
        ceiling: how many there are.

    Raises:
        EndpointFault: the folder or the server cannot be used.
        SettingsFault: no client of the server is installed.
    """
    if isinstance(place, LeaseServer):
        return SharedLeases(place, endpoint, ceiling)
    return Leases(place, endpoint, ceiling)


class SharedLeases:
    """This process's part in the slots of one endpoint; close it at the end.

    Args:
        server: where the slots are.
        endpoint: what they are of: all processes that name it alike share them.
        ceiling: how many there are.

    Raises:
        EndpointFault: the server cannot be used, here and in every method: then no request may be sent.
        SettingsFault: no client of the server is installed.
    """

    def __init__(self, server: LeaseServer, endpoint: str, ceiling: int) -> None:
        self._slots = number_of(of_text(f"slots of {endpoint}"))
        self._members = number_of(of_text(f"processes at {endpoint}"))
        self._ceiling = ceiling
        self._held: set[int] = set()
        self._counted_at = float("-inf")
        self._polite_until = float("-inf")
        self._locks = PostgresLocks(server.url, EndpointFault)
        while not self._locks.take(self._members, secrets.randbits(31)):
            continue  # one in two thousand million has the same number
        self._processes = self._count()

    @property
    def held(self) -> int:
        """How many slots this process has."""
        return len(self._held)

    def take(self) -> int | None:
        """A slot, or None where this process has its share, or all slots are taken."""
        if time.monotonic() < self._polite_until or self.held >= self._share():
            return None
        free = set(range(self._ceiling)) - self._locks.held(self._slots) - self._held
        for slot in sorted(free, reverse=True):
            if self._locks.take(self._slots, slot):
                self._held.add(slot)
                return slot
        return None

    def may_keep(self) -> bool:
        """As `Leases.may_keep`; without the server, none may be kept."""
        try:
            return self.held <= self._share() and self._processes <= self._ceiling
        except EndpointFault:
            return False

    def give_back(self, slot: int) -> None:
        """Let others have a slot that `take` gave. Where the server is gone they have it already: the answer that came
        by this slot is not lost over it, and the next `take` tells.
        """
        self._held.discard(slot)
        with suppress(EndpointFault):
            self._locks.give_back(self._slots, slot)
        if self._processes > self._ceiling:  # too few for all at once: who had one lets others try first
            self._polite_until = time.monotonic() + POLITE_SECONDS

    def close(self) -> None:
        """Give back everything."""
        self._locks.close()

    def _share(self) -> int:
        """This process's part of the slots, rounded up."""
        if time.monotonic() - self._counted_at > COUNT_SECONDS:
            self._processes = self._count()
        return -(-self._ceiling // self._processes)

    def _count(self) -> int:
        self._counted_at = time.monotonic()
        return max(1, len(self._locks.held(self._members)))
