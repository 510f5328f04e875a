"""What an endpoint gave back for one prompt."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ToolCall:
    """One call that a model made: the endpoint's id for it, the tool's name, and the arguments as the model wrote them
    (JSON text, not checked)."""

    id: str
    name: str
    arguments: str


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
        tool_calls: what the model called, in its order.
        cached_tokens: how many of the prompt's tokens came out of the provider's cache, or None where it does not say.
        cache_write_tokens: how many were written into it, or None.
        raw: the provider's own blocks as JSON, where the dialect asks for them to be sent back unchanged.
    """

    text: str
    reasoning: str
    finish_reason: str | None
    refused: bool
    prompt_tokens: int | None
    completion_tokens: int | None
    seconds: float
    tool_calls: tuple[ToolCall, ...] = ()
    cached_tokens: int | None = None
    cache_write_tokens: int | None = None
    raw: str | None = None

    @property
    def truncated(self) -> bool:
        """Whether the answer ran into its limit of tokens."""
        return self.finish_reason == "length"
