"""Waiting for something to happen, and a port on which something may."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from typing import TypeVar

Seen = TypeVar("Seen")
SECONDS = 240.0  # on a machine that is busy with other work


def free_port(address: str = "127.0.0.1") -> int:
    with socket.socket() as listening:
        listening.bind((address, 0))
        return int(listening.getsockname()[1])


def wait_until(look: Callable[[], Seen], what: str, seconds: float = SECONDS, every: float = 0.2) -> Seen:
    """What is seen, once it is something.

    Raises:
        TimeoutError: nothing was, within that time.
    """
    end = time.monotonic() + seconds
    while not (seen := look()):
        if time.monotonic() > end:
            raise TimeoutError(what)
        time.sleep(every)
    return seen
