"""The whole of an exchange, as it is kept beside an answer: every turn as it was said, whatever was sent later."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

from clinseek_assets.models.completions import Completion
from clinseek_assets.records.tools.specs import Picture

Role = Literal["system", "user", "assistant", "tool", "note"]


@dataclass(frozen=True)
class CallSaid:
    """One call of a tool as the model made it.

    Attributes:
        id: unique in the exchange.
        name: as the model said it.
        arguments: as the model wrote them.
        repaired: whether it was read out of text, or its arguments had to be mended.
    """

    id: str
    name: str
    arguments: str
    repaired: bool = False


@dataclass(frozen=True)
class PictureShown:
    """What is kept of a picture that was shown: its caption and the hash of its file, never the picture."""

    caption: str
    sha256: str


@dataclass(frozen=True)
class Step:
    """One step of an exchange.

    Attributes:
        role: who speaks; `note` for what the loop itself did to what is sent.
        text: what is said.
        reasoning: thinking that the endpoint sent apart.
        calls: of an assistant's step.
        call_id: of a tool's step: the call that it answers.
        problem: of a tool's step: what went wrong, in one word.
        usage: of an assistant's step: tokens, seconds and the endpoint's word for how it ended.
        pictures: of a user's step: the pictures that were shown after its text.
    """

    role: Role
    text: str
    reasoning: str = ""
    calls: tuple[CallSaid, ...] = ()
    call_id: str | None = None
    problem: str | None = None
    usage: Mapping[str, Any] = field(default_factory=dict)
    pictures: tuple[PictureShown, ...] = ()


def shown_in(pictures: Sequence[Picture]) -> tuple[PictureShown, ...]:
    """What is kept of pictures."""
    return tuple(PictureShown(picture.caption, picture.sha256) for picture in pictures)


def usage_of(completion: Completion) -> dict[str, Any]:
    """What is kept of how a completion came about."""
    return {
        "prompt_tokens": completion.prompt_tokens,
        "completion_tokens": completion.completion_tokens,
        "cached_tokens": completion.cached_tokens,
        "seconds": round(completion.seconds, 3),
        "finish_reason": completion.finish_reason,
    }


def steps_as_json(steps: Sequence[Step]) -> list[dict[str, Any]]:
    """Steps as JSON, without what is empty."""
    return [{key: value for key, value in asdict(step).items() if value or key in ("role", "text")} for step in steps]


def steps_from_json(values: Sequence[Mapping[str, Any]]) -> list[Step]:
    """What `steps_as_json` wrote.

    Raises:
        TypeError, KeyError: it is something else.
    """
    return [
        replace(
            Step(**value),
            calls=tuple(CallSaid(**call) for call in value.get("calls", ())),
            pictures=tuple(PictureShown(**picture) for picture in value.get("pictures", ())),
        )
        for value in values
    ]
