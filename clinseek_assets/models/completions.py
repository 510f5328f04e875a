"""What an endpoint gave back for one prompt."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Completion:
    """One finished model call.

    Attributes:
        text: the answer's content; "" where the endpoint sent none.
        reasoning: the thinking that some endpoints send apart, or "".
        finish_reason: the endpoint's own word (`stop`, `length`, `content_filter`, ...), or None.
        refused: whether the endpoint or the model declined to answer.
        prompt_tokens, completion_tokens: usage as the endpoint counts it, or None.
        seconds: from the start of the attempt that succeeded to its last byte.
    """

    text: str
    reasoning: str
    finish_reason: str | None
    refused: bool
    prompt_tokens: int | None
    completion_tokens: int | None
    seconds: float

    @property
    def truncated(self) -> bool:
        """Whether the answer ran into its limit of tokens."""
        return self.finish_reason == "length"
