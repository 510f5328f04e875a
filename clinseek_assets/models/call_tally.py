"""What calls came to while they were made: how many, what they cost, and what was waited for.

Kept beside the journal and the ledger, which do not know of waiting. One thread counts; any may read meanwhile. Nothing
in it is about a question.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields


@dataclass
class CallTally:
    """Counts of one piece of work.

    Attributes:
        kept: questions whose whole answer was kept from before.
        recalled: calls that the journal had.
        answered: calls that an endpoint answered.
        failed: attempts that failed, whatever came of them later.
        pushed_back: those among them by which the endpoint said that it had too much (429, 503, 529).
        slot_seconds: waited for one's turn below the endpoint's ceiling.
        held_seconds: waited because the endpoint had asked for it.
        pause_seconds: waited between two attempts.
        endpoint_seconds: waited for answers: the time of the models themselves.
        prompt_tokens, completion_tokens, cached_tokens: as counted for answered calls.
        dollars: charged, failed attempts included.
    """

    kept: int = 0
    recalled: int = 0
    answered: int = 0
    failed: int = 0
    pushed_back: int = 0
    slot_seconds: float = 0.0
    held_seconds: float = 0.0
    pause_seconds: float = 0.0
    endpoint_seconds: float = 0.0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    dollars: float = 0.0

    @property
    def tokens(self) -> int:
        """Of prompts and answers together."""
        return self.prompt_tokens + self.completion_tokens

    def waited(self, begun: float, now: float, held_until: float) -> None:
        """A call has waited for its turn; up to `held_until` it was the endpoint's wish."""
        held = max(0.0, min(now, held_until) - begun)
        self.held_seconds += held
        self.slot_seconds += now - begun - held


def summed(tallies: Iterable[CallTally]) -> CallTally:
    """All counts together."""
    whole = CallTally()
    for tally in tallies:
        for name in COUNTS:
            setattr(whole, name, getattr(whole, name) + getattr(tally, name))
    return whole


COUNTS = tuple(field.name for field in fields(CallTally))
