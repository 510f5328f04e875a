"""The dialect `openai_chat`: Chat Completions, as vLLM, llama.cpp, SGLang, Bedrock and many others speak it too."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from clinseek_assets.models.completions import Completion, ToolCall
from clinseek_assets.models.endpoints.dialect import (
    as_base64,
    as_count,
    as_object,
    as_text,
    as_word,
    known_names,
    most_tokens,
    to_json,
    whole,
    wire_name,
)
from clinseek_assets.models.endpoints.failures import CallError
from clinseek_assets.models.messages import ChatRequest, Turn
from clinseek_assets.models.registry import Model, Sampling

# Thinking comes, and goes back, under one of these; which one is kept with the answer.
REASONING_KEYS = ("reasoning_content", "reasoning")
FINISHED = {"max_tokens": "length", "tool_use": "tool_calls", "function_call": "tool_calls", "eos": "stop"}
BROKEN_OFF = frozenset({"abort", "error"})  # the server gave up: no answer of the model's


class OpenAIChat:
    """See `Dialect`."""

    path = "/chat/completions"
    models_path = "/models"

    def headers(self, key: str | None) -> dict[str, str]:
        """The key as a bearer token."""
        return {"Authorization": f"Bearer {key}"} if key else {}

    def body(self, model: Model, model_id: str, request: ChatRequest) -> dict[str, Any]:
        """A request; what the registry leaves open is not sent, and `extra_body` has the last word."""
        return {
            "model": model_id,
            "messages": [_message(turn) for turn in request.turns],
            "stream": False,
            **_tools(request),
            **_sampling(model.sampling),
            "max_tokens": most_tokens(model, request),
            **model.sampling.extra_body,
        }

    def read(self, body: Any, request: ChatRequest, seconds: float) -> Completion:
        """The first choice; content may be text, parts or null, and thinking come under either name."""
        try:
            choice = body["choices"][0]
            message = choice["message"]
            finish = as_word(choice.get("finish_reason"))
            if finish in BROKEN_OFF:
                raise CallError("bad_response")
            reasoning_key = next((key for key in REASONING_KEYS if as_text(message.get(key))), None)
            return Completion(
                text=as_text(message.get("content")),
                reasoning=as_text(message[reasoning_key]) if reasoning_key else "",
                finish_reason=FINISHED.get(finish or "", finish),
                refused=finish == "content_filter" or bool(message.get("refusal")),
                seconds=seconds,
                tool_calls=_calls(message.get("tool_calls"), known_names(request.tools)),
                raw=to_json({"reasoning_key": reasoning_key}) if reasoning_key else None,
                **_usage(body.get("usage")),
            )
        except (KeyError, IndexError, TypeError, AttributeError):
            raise CallError("bad_response") from None


def _message(turn: Turn) -> dict[str, Any]:
    if turn.role == "tool":
        return {"role": "tool", "tool_call_id": turn.call_id, "content": turn.text}
    if turn.role != "assistant":
        return {"role": turn.role, "content": _parts(turn) if turn.images else turn.text}
    message: dict[str, Any] = {"role": "assistant", "content": turn.text}
    if turn.reasoning:
        message[_reasoning_key(turn)] = turn.reasoning
    if turn.tool_calls:
        message["tool_calls"] = [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": wire_name(call.name), "arguments": to_json(as_object(call.arguments))},
            }
            for call in turn.tool_calls
        ]
    return message


def _parts(turn: Turn) -> list[dict[str, Any]]:
    """The turn's text, then each picture after its caption."""
    parts = [_text(turn.text)] if turn.text.strip() else []
    for picture in turn.images:
        kind, data = as_base64(picture.data)
        parts += [_text(picture.caption)] if picture.caption.strip() else []
        parts.append({"type": "image_url", "image_url": {"url": f"data:{kind};base64,{data}"}})
    return parts


def _text(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text}


def _reasoning_key(turn: Turn) -> str:
    key = as_object(turn.raw or "").get("reasoning_key")
    return key if key in REASONING_KEYS else REASONING_KEYS[0]


def _tools(request: ChatRequest) -> dict[str, Any]:
    if not request.tools:
        return {}
    offered = [
        {
            "type": "function",
            "function": {
                "name": wire_name(tool.name),
                "description": tool.description,
                "parameters": dict(tool.parameters),
            },
        }
        for tool in request.tools
    ]
    if request.must_call is None:
        return {"tools": offered, "tool_choice": "auto"}
    return {
        "tools": offered,
        "tool_choice": {"type": "function", "function": {"name": wire_name(request.must_call)}},
    }


def _sampling(sampling: Sampling) -> dict[str, Any]:
    drawn = {"temperature": sampling.temperature, "top_p": sampling.top_p, "seed": sampling.seed}
    return {key: value for key, value in drawn.items() if value is not None}


def _calls(calls: Any, names: Mapping[str, str]) -> tuple[ToolCall, ...]:
    """The calls that have a name; arguments as the model wrote them (some servers send them parsed)."""
    if not isinstance(calls, list):
        return ()
    read = []
    for call in calls:
        function = call["function"]
        name, arguments = as_text(function.get("name")), function.get("arguments")
        if not isinstance(arguments, str):
            arguments = json.dumps(arguments if arguments is not None else {}, ensure_ascii=False)
        if name:
            read.append(ToolCall(as_text(call.get("id")), names.get(name, name), whole(arguments)))
    return tuple(read)


def _usage(usage: Any) -> dict[str, int | None]:
    if not isinstance(usage, Mapping):
        usage = {}
    details = usage.get("prompt_tokens_details")
    cached = details.get("cached_tokens") if isinstance(details, Mapping) else usage.get("prompt_cache_hit_tokens")
    return {
        "prompt_tokens": as_count(usage.get("prompt_tokens")),
        "completion_tokens": as_count(usage.get("completion_tokens")),
        "cached_tokens": as_count(cached),
    }
