"""The gate before an endpoint: lets requests through as its limit, its slots and its wish to be left alone allow."""

from __future__ import annotations

import asyncio
import random
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from clinseek_assets.faults import EndpointFault
from clinseek_assets.models.endpoints.adaptive import AdaptiveLimit
from clinseek_assets.models.endpoints.shared_leases import Slots

POLL_SECONDS = 0.01  # other processes give slots back without a word


class Gate:
    """The requests of this process to one endpoint, first come, first served.

    Args:
        limit: how many the endpoint takes.
        leases: how many all processes may have under way.
    """

    def __init__(self, limit: AdaptiveLimit, leases: Slots) -> None:
        self.limit = limit
        self._leases = leases
        self._waiting: deque[asyncio.Future[int]] = deque()
        self._polling: asyncio.TimerHandle | None = None

    @property
    def under_way(self) -> int:
        """How many requests are through."""
        return self._leases.held

    @asynccontextmanager
    async def passed(self) -> AsyncIterator[None]:
        """Wait for one's turn; the block is the request.

        Raises:
            EndpointFault: the slots cannot be used; so they raise for all who wait.
        """
        slot = None if self._waiting else self._slot()
        if slot is None:
            slot = await self._turn()
        try:
            yield
        finally:
            self._leave(slot)

    async def _turn(self) -> int:
        turn: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        self._serve()
        try:
            return await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():  # served and cancelled at the same time
                self._leave(turn.result())
            raise

    def _leave(self, slot: int) -> None:
        """Pass the slot on to whoever waits here, if it may be used at once; else give it back."""
        while self._waiting and self._waiting[0].done():
            self._waiting.popleft()
        if self._waiting and self._open(self._leases.held - 1) and self._leases.may_keep():
            self._waiting.popleft().set_result(slot)
        else:
            self._leases.give_back(slot)
            self._serve()

    def _open(self, under_way: int) -> bool:
        """Whether the endpoint takes one more beside so many."""
        return under_way < self.limit.allowed and time.monotonic() >= self.limit.held_until

    def _slot(self) -> int | None:
        return self._leases.take() if self._open(self._leases.held) else None

    def _serve(self) -> None:
        """Let in who waits, as far as there is room; look again later where it is not this process that makes room."""
        try:
            self._let_in()
        except EndpointFault as fault:  # who has just got an answer does not lose it over this
            while self._waiting:
                if not (turn := self._waiting.popleft()).done():
                    turn.set_exception(fault)
        if self._waiting and self._polling is None:
            pause = max(self.limit.held_until - time.monotonic(), random.uniform(0.5, 1.0) * POLL_SECONDS)
            self._polling = asyncio.get_running_loop().call_later(pause, self._poll)

    def _let_in(self) -> None:
        while self._waiting:
            if self._waiting[0].done():
                self._waiting.popleft()
            elif (slot := self._slot()) is not None:
                self._waiting.popleft().set_result(slot)
            else:
                return

    def _poll(self) -> None:
        self._polling = None
        self._serve()
