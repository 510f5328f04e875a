"""Claims: a piece of work that several processes may come upon is done by one of them at a time.

Whoever holds the lock of a claim's file has it; the system gives it back when its process ends, however it ends. The
files stay, empty and private: removing one would leave a later claimer with a lock that nobody else sees.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from clinseek_assets.faults import Fault
from clinseek_assets.storage import locks


@dataclass(frozen=True)
class Claim:
    """A piece of work that is ours until it is given back."""

    file: int

    def give_back(self) -> None:
        """Let others have it."""
        os.close(self.file)


def claimed(path: Path) -> Claim | None:
    """The claim whose file is `path` (made where it is not there), or None while somebody else has it.

    Raises:
        Fault: the file cannot be used.
    """
    try:
        file = locks.opened(path.parent, path.name)
    except OSError as error:
        raise Fault(
            f"The file {path}, by which runs keep off each other's work, cannot be used ({type(error).__name__}).",
            mend="Check that the folder can be written to and the disk is not full.",
        ) from None
    if locks.alone_at_once(file):
        return Claim(file)
    os.close(file)
    return None
