"""The limits of an exchange with tools."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from clinseek_assets.models.registry import Model

BROWSER_CALLS = 40  # as the published loop
TOOL_RESULT_CHARS = 100_000  # as the published loop, which cuts without a word
REMINDERS = 2  # turns in a row without a call or an answer, after which the exchange ends
# An endpoint that refuses a request because it is too long says so with one of these.
TOO_LONG = frozenset({"http_400", "http_413", "http_422"})
LONG = 8_000  # tokens that any window holds
SHARE_FOR_THE_ANSWER = 4  # at most this part of a window is kept free for an answer


@dataclass(frozen=True)
class Rules:
    """What an exchange may take.

    Attributes:
        max_rounds: calls of the model, the forced last one among them.
        question_seconds: of the model's own time, after which the next turn is the last. It is counted by the answered
            calls' recorded seconds: so waiting for a busy endpoint takes nothing from a model, and a replay ends where
            the first run ended.
        max_tokens: of one answer.
        context_window: tokens, or None where it is not known.
        native_tools: whether the server takes tools as such.
        browser_calls: after which the next turn is the last.
        tool_result_chars: characters of one result.
        reminders: how often in a row a turn without a call or an answer is let pass.
    """

    max_rounds: int
    question_seconds: float
    max_tokens: int
    context_window: int | None
    native_tools: bool
    browser_calls: int = BROWSER_CALLS
    tool_result_chars: int = TOOL_RESULT_CHARS
    reminders: int = REMINDERS

    @classmethod
    def of(cls, model: Model) -> Rules:
        """The rules by a model's entry of the registry."""
        return cls(
            max_rounds=model.max_rounds,
            question_seconds=model.question_seconds,
            max_tokens=model.sampling.max_tokens,
            context_window=model.context_window,
            native_tools=model.native_tools,
        )

    @property
    def prompt_limit(self) -> int | None:
        """The most tokens that a request may have, so that there is room for an answer."""
        return None if self.context_window is None else self.context_window - self._kept_free(self.context_window)

    def answer_tokens(self, prompt_tokens: int) -> int | None:
        """Fewer tokens for an answer than usual, where the window leaves no more after such a prompt; else None."""
        if self.context_window is None:
            return None
        most = max(self._kept_free(self.context_window), self.context_window - prompt_tokens)
        return most if most < self.max_tokens else None

    def may_be_too_long(self, error_kind: str, prompt_tokens: int) -> bool:
        """Whether a refusal of this kind can have been for the length of such a prompt."""
        least = LONG if self.context_window is None else self.context_window // 2
        return error_kind in TOO_LONG and prompt_tokens >= least

    def _kept_free(self, window: int) -> int:
        return min(self.max_tokens, window // SHARE_FOR_THE_ANSWER)

    def as_json(self) -> dict[str, Any]:
        """Every limit: part of an answer's identity."""
        return asdict(self)
