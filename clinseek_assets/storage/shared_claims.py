"""Claims over several machines: a piece of work that runs on two of them come upon is done by one at a time.

A claim is a lock of a Postgres server, which gives it back when the connection of its process ends.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property

from clinseek_assets.faults import Fault
from clinseek_assets.storage.fingerprint import of_text
from clinseek_assets.storage.postgres_locks import PostgresLocks, number_of

WAIT_SECONDS = 0.2


@dataclass(frozen=True)
class SharedClaim:
    """A piece of work that is ours until it is given back."""

    claims: SharedClaims
    number: int

    def give_back(self) -> None:
        """Let others have it."""
        self.claims.locks.give_back(self.claims.about, self.number)


class SharedClaims:
    """The claims of one process; the connection is made with the first.

    Args:
        url: of the Postgres server.
        campaign: what the machines share (the store's URL): claims of another campaign are no concern of theirs.
    """

    def __init__(self, url: str, campaign: str) -> None:
        self._url = url
        self._taking = threading.Lock()
        self.about = number_of(of_text(f"claims of {campaign}"))

    @cached_property
    def locks(self) -> PostgresLocks:
        """The connection. Raises as `claimed`."""
        return PostgresLocks(self._url, Fault)

    @contextmanager
    def held(self, names: Collection[str], meanwhile: Callable[[], None] = lambda: None) -> Iterator[None]:
        """Hold claims on all of these; wait for whoever has one, and call `meanwhile` now and then.

        Raises as `claimed`, and what `meanwhile` raises.
        """
        held: list[SharedClaim] = []
        try:
            for name in sorted(names):  # in one order everywhere, so that no two wait for each other
                while (claim := self.claimed(name)) is None:
                    meanwhile()
                    time.sleep(WAIT_SECONDS)
                held.append(claim)
            yield
        finally:
            with suppress(Fault):  # without the server they are given back already
                for claim in held:
                    claim.give_back()

    def claimed(self, name: str) -> SharedClaim | None:
        """The claim on a piece of work, or None while somebody has it, here or elsewhere.

        Raises:
            Fault: the server cannot be used.
            SettingsFault: no client of it is installed.
        """
        number = number_of(of_text(name))
        try:
            with self._taking:  # the server gives one connection the same lock twice
                if number in self.locks.held(self.about) or not self.locks.take(self.about, number):
                    return None
        except Fault:
            self.__dict__.pop("locks", None)  # whoever tries again later gets a new connection
            raise
        return SharedClaim(self, number)
