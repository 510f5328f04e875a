"""The dialect `anthropic_messages`: Anthropic's Messages API.

Thinking is asked for through `sampling.extra_body` (`thinking: {type: enabled, budget_tokens: …}`); its blocks carry
signatures and go back unchanged. The API takes no temperature beside thinking, and no forced call either: a request
with thinking leaves both out.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import orjson

from clinseek_assets.models.completions import Completion, ToolCall
from clinseek_assets.models.endpoints.dialect import (
    as_base64,
    as_count,
    as_object,
    as_text,
    as_word,
    known_names,
    most_tokens,
    whole,
    wire_name,
)
from clinseek_assets.models.endpoints.failures import CallError
from clinseek_assets.models.messages import ChatRequest, Turn
from clinseek_assets.models.registry import Model

VERSION = "2023-06-01"
FINISHED = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "tool_use": "tool_calls",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "refusal": "content_filter",
}
BREAKPOINT = {"type": "ephemeral"}
TURNS_WITH_BREAKPOINTS = 2  # the last one is written for the next request, the one before is what this request reads
THINKING = frozenset({"enabled", "adaptive"})
Block = dict[str, Any]


class AnthropicMessages:
    """See `Dialect`."""

    path = "/messages"
    models_path = "/models?limit=1000"

    def headers(self, key: str | None) -> dict[str, str]:
        """The API's version, and the key."""
        return {"anthropic-version": VERSION, **({"x-api-key": key} if key else {})}

    def body(self, model: Model, model_id: str, request: ChatRequest) -> dict[str, Any]:
        """A request; what the registry leaves open is not sent, and `extra_body` has the last word.

        In exchanges with tools the stable prefix is marked for the provider's cache; a single prompt would only pay
        for being written there.
        """
        system = [_text(turn.text) for turn in request.turns if turn.role == "system" and turn.text.strip()]
        messages = _messages([turn for turn in request.turns if turn.role != "system"])
        tools = [
            {"name": wire_name(tool.name), "description": tool.description, "input_schema": dict(tool.parameters)}
            for tool in request.tools
        ]
        if model.prompt_cache and tools:
            _mark(system[-1] if system else tools[-1])
            for message in [said for said in messages if said["role"] == "user"][-TURNS_WITH_BREAKPOINTS:]:
                _mark(message["content"][-1])
        thinking = model.sampling.extra_body.get("thinking")
        thinks = isinstance(thinking, Mapping) and thinking.get("type") in THINKING
        return {
            "model": model_id,
            **({"system": system} if system else {}),
            "messages": messages,
            **({"tools": tools, "tool_choice": _choice(request, thinks)} if tools else {}),
            **_sampling(model, thinks),
            "max_tokens": most_tokens(model, request) + _thinking_beyond(thinking, most_tokens(model, request)),
            **model.sampling.extra_body,
        }

    def read(self, body: Any, request: ChatRequest, seconds: float) -> Completion:
        """The blocks of the message: text, thinking, calls; `raw` is all of them where they hold thinking or calls."""
        try:
            blocks = [block for block in body["content"] if isinstance(block, dict)]
            finish = as_word(body.get("stop_reason"))
            return Completion(
                text="".join(as_text(block.get("text")) for block in _of_type(blocks, "text")),
                reasoning="\n\n".join(as_text(block.get("thinking")) for block in _of_type(blocks, "thinking")),
                finish_reason=FINISHED.get(finish or "", finish),
                refused=finish == "refusal",
                seconds=seconds,
                tool_calls=tuple(_calls(blocks, known_names(request.tools))),
                raw=_raw(blocks),
                **_usage(body.get("usage")),
            )
        except (KeyError, TypeError, AttributeError):
            raise CallError("bad_response") from None


def _messages(turns: Sequence[Turn]) -> list[dict[str, Any]]:
    """Turns as messages that alternate; a turn that says nothing is left out, since the API takes no empty block."""
    messages: list[dict[str, Any]] = []
    for turn in turns:
        role = "assistant" if turn.role == "assistant" else "user"
        blocks = list(_blocks(turn))
        if messages and messages[-1]["role"] == role:
            messages[-1]["content"] += blocks
        elif blocks:
            messages.append({"role": role, "content": blocks})
    return messages


def _blocks(turn: Turn) -> Iterator[Block]:
    if turn.role == "assistant":
        yield from _assistant_blocks(turn)
    elif turn.role == "tool":
        result: Block = {"type": "tool_result", "tool_use_id": turn.call_id}
        yield {
            **result,
            **({"content": turn.text} if turn.text.strip() else {}),
            **({"is_error": True} if turn.failed else {}),
        }
    else:
        if turn.text.strip():
            yield _text(turn.text)
        for picture in turn.images:
            kind, data = as_base64(picture.data)
            if picture.caption.strip():
                yield _text(picture.caption)
            yield {"type": "image", "source": {"type": "base64", "media_type": kind, "data": data}}


def _assistant_blocks(turn: Turn) -> Iterator[Block]:
    """The provider's own blocks where there are some; calls carry the ids by which their results name them."""
    own = _own_blocks(turn.raw)
    if not own:
        if turn.text.strip():
            yield _text(turn.text)
        yield from (_use(call) for call in turn.tool_calls)
    elif len(_of_type(own, "tool_use")) == len(turn.tool_calls):
        calls = iter(turn.tool_calls)
        yield from ({**block, "id": next(calls).id} if block.get("type") == "tool_use" else block for block in own)
    else:  # calls that were read out of its text
        yield from (block for block in own if block.get("type") != "tool_use")
        yield from (_use(call) for call in turn.tool_calls)


def _own_blocks(raw: str | None) -> list[Block]:
    try:
        blocks = orjson.loads(raw or "[]")
    except orjson.JSONDecodeError:
        return []
    return [block for block in blocks if isinstance(block, dict)] if isinstance(blocks, list) else []


def _use(call: ToolCall) -> Block:
    return {"type": "tool_use", "id": call.id, "name": wire_name(call.name), "input": as_object(call.arguments)}


def _text(text: str) -> Block:
    return {"type": "text", "text": text}


def _mark(block: Block) -> None:
    block["cache_control"] = BREAKPOINT


def _of_type(blocks: Sequence[Block], kind: str) -> list[Block]:
    return [block for block in blocks if block.get("type") == kind]


def _choice(request: ChatRequest, thinks: bool) -> dict[str, str]:
    if request.must_call is None or thinks:
        return {"type": "auto"}
    return {"type": "tool", "name": wire_name(request.must_call)}


def _sampling(model: Model, thinks: bool) -> dict[str, float]:
    """The API has no seed, and takes neither of these beside thinking."""
    drawn = {} if thinks else {"temperature": model.sampling.temperature, "top_p": model.sampling.top_p}
    return {key: value for key, value in drawn.items() if value is not None}


def _thinking_beyond(thinking: Any, most: int) -> int:
    """Tokens to add where thinking alone may take all of an answer: the API wants its budget below `max_tokens`."""
    budget = as_count(thinking.get("budget_tokens")) if isinstance(thinking, Mapping) else None
    return budget if budget is not None and budget >= most else 0


def _calls(blocks: Sequence[Block], names: Mapping[str, str]) -> Iterator[ToolCall]:
    for block in _of_type(blocks, "tool_use"):
        if name := as_text(block.get("name")):
            given = json.dumps(block.get("input") or {}, ensure_ascii=False)
            yield ToolCall(as_text(block.get("id")), names.get(name, name), whole(given))


def _raw(blocks: Sequence[Block]) -> str | None:
    if all(block.get("type") == "text" for block in blocks):
        return None
    return whole(json.dumps(blocks, ensure_ascii=False))


def _usage(usage: Any) -> dict[str, int | None]:
    """The API counts the prompt in three parts: read from the cache, written into it, and the rest."""
    if not isinstance(usage, Mapping):
        usage = {}
    plain = as_count(usage.get("input_tokens"))
    cached = as_count(usage.get("cache_read_input_tokens"))
    written = as_count(usage.get("cache_creation_input_tokens"))
    return {
        "prompt_tokens": None if plain is None else plain + (cached or 0) + (written or 0),
        "completion_tokens": as_count(usage.get("output_tokens")),
        "cached_tokens": cached,
        "cache_write_tokens": written,
    }
