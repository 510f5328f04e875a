"""One process after the other, where two at once would both pay for the same."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from clinseek_assets.storage import locks

TURN_FILE = ".turn"


@contextmanager
def taking_turns(folder: Path) -> Iterator[None]:
    """Have a folder's turn; wait while another process has it. Its end, however it comes, gives the turn on."""
    lock = locks.opened(folder, TURN_FILE)
    try:
        locks.alone(lock)
        yield
    finally:
        os.close(lock)
