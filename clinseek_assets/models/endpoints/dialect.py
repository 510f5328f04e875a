"""What a dialect is, and what dialects have in common: reading untrusted JSON, and tools' names on the wire."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import orjson

from clinseek_assets.models.completions import Completion
from clinseek_assets.models.messages import ChatRequest
from clinseek_assets.models.registry import Model
from clinseek_assets.records.tools.specs import ToolSpec

PNG = b"\x89PNG"
MOST_TOKENS = 2**63 - 1  # what the journal can hold; a larger count is nonsense


class Dialect(Protocol):
    """How one kind of API is spoken: pure functions between requests, bodies and completions."""

    path: str
    """Where requests go, below the base URL."""
    models_path: str
    """Where the endpoint lists its models."""

    def headers(self, key: str | None) -> dict[str, str]:
        """What every request carries; `key` is the endpoint's key, or None."""

    def body(self, model: Model, model_id: str, request: ChatRequest) -> dict[str, Any]:
        """A request as the API takes it."""

    def read(self, body: Any, request: ChatRequest, seconds: float) -> Completion:
        """The API's answer to a request, which took so many seconds.

        Raises:
            CallError: `bad_response`: the answer has not the shape that the API promises.
        """


def wire_name(name: str) -> str:
    """A tool's name as both APIs allow it: letters, digits, `_` and `-`."""
    return name.replace(".", "_")


def known_names(tools: Sequence[ToolSpec]) -> dict[str, str]:
    """Name on the wire -> the tool's own."""
    return {wire_name(tool.name): tool.name for tool in tools}


def most_tokens(model: Model, request: ChatRequest) -> int:
    """How long the answer to a request may be."""
    return min(model.sampling.max_tokens, request.max_tokens or model.sampling.max_tokens)


def as_object(arguments: str) -> dict[str, Any]:
    """A call's arguments, as servers want them back; {} where the model wrote no JSON object.

    Servers parse the arguments of earlier calls: one that is no JSON would fail every request after it.
    """
    try:
        read = orjson.loads(arguments)
    except orjson.JSONDecodeError:
        return {}
    return read if isinstance(read, dict) else {}


def as_base64(image: bytes) -> tuple[str, str]:
    """Media type and base64 text of a PNG or JPEG file."""
    kind = "image/png" if image.startswith(PNG) else "image/jpeg"
    return kind, base64.b64encode(image).decode("ascii")


def base64_length(data: bytes) -> int:
    """How many characters bytes take as base64 text."""
    return (len(data) + 2) // 3 * 4


def to_json(value: Any) -> str:
    """JSON text of a value that came as JSON."""
    return orjson.dumps(value).decode()


def as_text(content: Any) -> str:
    """A text, or the texts of a list of parts; "" for anything else. Half surrogates are replaced."""
    if isinstance(content, list):
        texts = (part.get("text") for part in content if isinstance(part, Mapping))
        content = "".join(text for text in texts if isinstance(text, str))
    return whole(content) if isinstance(content, str) else ""


def whole(text: str) -> str:
    """A text without halves of surrogate pairs (an emoji that was cut), which no file and no hash can take."""
    return text if text.isascii() else text.encode("utf-8", errors="replace").decode("utf-8")


def as_count(number: Any) -> int | None:
    """A number of tokens; None for anything else."""
    return number if isinstance(number, int) and not isinstance(number, bool) and 0 <= number <= MOST_TOKENS else None


def as_word(value: Any) -> str | None:
    """A text, or None."""
    return whole(value) if isinstance(value, str) else None
