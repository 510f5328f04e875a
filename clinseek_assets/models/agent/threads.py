"""Blocking work beside an event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

Result = TypeVar("Result")


async def on_a_thread(work: Callable[[], Result]) -> Result:
    """Run blocking work on a worker thread, and to its end even if the run is stopped meanwhile.

    Else a record would be closed under a statement that still reads it.
    """
    running = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait([running])
        raise
