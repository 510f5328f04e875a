"""What an exchange took so far."""

from __future__ import annotations

from dataclasses import dataclass, replace

from clinseek_assets.models.answered import Answered
from clinseek_assets.models.completions import Completion
from clinseek_assets.models.registry import Prices


@dataclass
class Tally:
    """Counts over an exchange; the token counts stay None until an endpoint gives any."""

    prices: Prices | None
    rounds: int = 0
    tool_calls: int = 0
    browser_calls: int = 0
    repaired: int = 0
    notices: int = 0
    forced: str | None = None
    seconds: float = 0.0
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cached_tokens: int | None = None
    dollars: float | None = None
    last_text: str | None = None

    def add(self, completion: Completion) -> None:
        """Take in one call of the model."""
        self.rounds += 1
        self.seconds += completion.seconds
        self.prompt_tokens = _sum(self.prompt_tokens, completion.prompt_tokens)
        self.completion_tokens = _sum(self.completion_tokens, completion.completion_tokens)
        self.cached_tokens = _sum(self.cached_tokens, completion.cached_tokens)
        if self.prices is not None:
            self.dollars = (self.dollars or 0.0) + dollars_of(completion, self.prices)
        self.last_text = completion.text

    def counted(self, answered: Answered) -> Answered:
        """The answer with all counts in it."""
        return replace(
            answered,
            response_text=self.last_text,
            rounds=self.rounds,
            tool_calls=self.tool_calls,
            browser_calls=self.browser_calls,
            repaired=self.repaired,
            notices=self.notices,
            forced=self.forced,
            seconds=self.seconds,
            prompt_tokens=self.prompt_tokens,
            completion_tokens=self.completion_tokens,
            cached_tokens=self.cached_tokens,
            dollars=self.dollars,
        )


def dollars_of(completion: Completion, prices: Prices) -> float:
    """What a call cost, by what the endpoint counted."""
    return prices.dollars(
        completion.prompt_tokens or 0,
        completion.completion_tokens or 0,
        completion.cached_tokens or 0,
        completion.cache_write_tokens or 0,
    )


def _sum(so_far: int | None, more: int | None) -> int | None:
    return so_far if more is None else (so_far or 0) + more
