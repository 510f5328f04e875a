"""One process after the other, where two at once would both pay for the same."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from clinseek_assets.storage import locks

TURN_FILE = ".turn"
WAIT_SECONDS = 0.1


@contextmanager
def taking_turns(
    folder: Path, pieces: Collection[str] = (), *, meanwhile: Callable[[], None] = lambda: None
) -> Iterator[None]:
    """Have the turn of a folder, or of some pieces of the work in it; wait while another process, or thread, has it.
    Its end, however it comes, gives the turn on.

    Args:
        folder: where the files of the locks lie; they stay.
        pieces: names of the pieces, fit for files; the folder as a whole where there are none.
        meanwhile: called now and then while this waits; what it raises ends the waiting.
    """
    held: list[int] = []
    try:
        # In one order everywhere, so that no two wait for each other.
        for name in [f"{TURN_FILE}-{piece}" for piece in sorted(pieces)] or [TURN_FILE]:
            held.append(locks.opened(folder, name))
            while not locks.alone_at_once(held[-1]):
                meanwhile()
                time.sleep(WAIT_SECONDS)
        yield
    finally:
        for lock in held:
            os.close(lock)
