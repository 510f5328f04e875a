"""Canaries: a token in every synthetic note that must never be found where no note text may be.

Whoever tests exports, logs or the event store for leaks looks for `CANARY_PATTERN`; `canary_of` says whose note it was.
"""

from __future__ import annotations

import hashlib
import re

CANARY_PATTERN = re.compile(r"CANARY-[0-9a-f]{16}")


def canary_of(note_id: str, seed: int) -> str:
    """The token in the note of that id in the release made from that seed: different for every note and seed."""
    return f"CANARY-{hashlib.sha256(f'{seed}/{note_id}'.encode()).hexdigest()[:16]}"
