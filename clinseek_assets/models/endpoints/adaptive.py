"""How many requests an endpoint may have under way, found out by what it says to them.

A limit starts low, doubles with every round of answers until the endpoint first pushes back (429, overload,
Retry-After), is halved then, and grows by one a round from there on. An episode counts once: answers to requests that
were sent before a halving push no further. It never grows past what the load has reached, since nothing is known of
more. Pure: the time is an argument.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

START = 8
KEPT = 10_000  # changes


@dataclass(frozen=True)
class Change:
    """A change of a limit: when, to what, and why (`start`, `grown`, `pushed_back`)."""

    at: float
    allowed: int
    reason: str


class AdaptiveLimit:
    """The limit of one endpoint, in this process.

    Args:
        ceiling: it never grows past this.
        now: the time, by the clock of all other calls.
        start: where it begins.

    Attributes:
        history: its changes, the oldest forgotten where they are too many.
        held_until: before this time nothing should be sent, since the endpoint asked for it.
    """

    def __init__(self, ceiling: int, now: float, start: int = START) -> None:
        self._ceiling = ceiling
        self._limit = float(min(start, ceiling))
        self._pushed_back_before = False
        self._cut_at = float("-inf")
        self.held_until = float("-inf")
        self.history: deque[Change] = deque([Change(now, self.allowed, "start")], maxlen=KEPT)

    @property
    def allowed(self) -> int:
        """How many requests may be under way."""
        return int(self._limit)

    def answered(self, under_way: int, now: float) -> None:
        """An answer came, while `under_way` requests (itself among them) were under way."""
        if under_way < self.allowed or self.allowed == self._ceiling:
            return
        before = self.allowed
        grown = self._limit + (1 / self._limit if self._pushed_back_before else 1.0)
        self._limit = min(grown, float(self._ceiling))
        if self.allowed != before:
            self.history.append(Change(now, self.allowed, "grown"))

    def pushed_back(self, sent_at: float, now: float, retry_after: float = 0.0) -> None:
        """The endpoint had too much, or asked to wait; the request was sent at `sent_at`."""
        self.held_until = max(self.held_until, now + retry_after)
        if sent_at <= self._cut_at:
            return
        self._pushed_back_before = True
        self._cut_at = now
        self._limit = max(1.0, self._limit / 2)
        self.history.append(Change(now, self.allowed, "pushed_back"))
