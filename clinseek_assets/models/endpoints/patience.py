"""How long and how often a call is tried."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from clinseek_assets.models.endpoints.failures import CallError
from clinseek_assets.models.registry import Patience

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 30.0

Answer = TypeVar("Answer")


async def with_patience(patience: Patience, attempt: Callable[[float], Awaitable[Answer]]) -> Answer:
    """Try until it succeeds, cannot succeed, or the patience is at an end.

    Pauses double and are jittered, so that questions which failed together do not come back together; a pause that the
    server asks for is kept, and one that is longer than what is left of the patience is not begun.

    Args:
        patience: of the model.
        attempt: given the seconds that it may take.

    Raises:
        CallError: of the last attempt.
    """
    deadline = time.monotonic() + patience.total_seconds
    number = 0
    while True:
        number += 1
        try:
            return await attempt(min(patience.attempt_seconds, deadline - time.monotonic()))
        except CallError as failure:
            pause = max(random.uniform(0.5, 1.0) * min(LONGEST_PAUSE, FIRST_PAUSE * 2**number), failure.retry_after)
            if not failure.again or number == patience.attempts or time.monotonic() + pause >= deadline:
                raise
        await asyncio.sleep(pause)
