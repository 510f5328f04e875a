"""What is said to a model and by it, whichever dialect carries it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from clinseek_assets.models.completions import Completion, ToolCall
from clinseek_assets.records.tools.specs import Picture, ToolSpec


@dataclass(frozen=True)
class Turn:
    """One message of an exchange.

    Attributes:
        role: who speaks; `tool` for a tool's result.
        text: what is said.
        tool_calls: of an assistant turn.
        call_id: of a tool turn: the call that it answers.
        failed: of a tool turn: whether the call went wrong.
        reasoning: of an assistant turn: thinking that the endpoint sent apart.
        raw: of an assistant turn: the provider's own blocks as JSON, to be sent back unchanged where the dialect asks
            for it.
        images: of a user turn: the pictures that are shown after its text, each after its caption.
    """

    role: Literal["system", "user", "assistant", "tool"]
    text: str
    tool_calls: tuple[ToolCall, ...] = ()
    call_id: str | None = None
    failed: bool = False
    reasoning: str = ""
    raw: str | None = None
    images: tuple[Picture, ...] = ()


@dataclass(frozen=True)
class ChatRequest:
    """One call of a model.

    Attributes:
        turns: the exchange so far.
        tools: what the model may call.
        must_call: the tool that has to be called now, or None where the model is free.
        max_tokens: fewer answer tokens than the registry's sampling allows, or None.
        qid_sha256: the hash under which ledgers name the question.
    """

    turns: tuple[Turn, ...]
    qid_sha256: str
    tools: tuple[ToolSpec, ...] = ()
    must_call: str | None = None
    max_tokens: int | None = None


class Caller(Protocol):
    """Whoever answers requests: a recorded endpoint, or a baseline in this process."""

    async def ask(self, request: ChatRequest, call_key: str) -> Completion:
        """The completion of a request; the same key is never paid for twice.

        Args:
            request: what is said.
            call_key: hash of all that shapes the call except the endpoint itself, which the caller adds.

        Raises:
            CallError: no answer to this one; its `kind` is one word, `over_budget` where the campaign's cap does not
                allow the call.
            EndpointFault: the endpoint will refuse every question alike.
        """
