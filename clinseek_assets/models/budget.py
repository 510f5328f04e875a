"""What a campaign may cost: caps in dollars and tokens, and what is still free under them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Cost:
    """What calls cost, or may cost at worst.

    Attributes:
        tokens: of prompts and answers together.
        dollars: by the registry's prices; 0 where it has none.
    """

    tokens: int = 0
    dollars: float = 0.0

    def __add__(self, other: Cost) -> Cost:
        return Cost(self.tokens + other.tokens, self.dollars + other.dollars)


@dataclass(frozen=True)
class Caps:
    """The most that a campaign may cost; None where it may cost anything."""

    dollars: float | None = None
    tokens: int | None = None

    def allow(self, cost: Cost) -> bool:
        """Whether a campaign of this cost stays within the caps."""
        return (self.dollars is None or cost.dollars <= self.dollars) and (
            self.tokens is None or cost.tokens <= self.tokens
        )
