"""A caller by a script, and a small toolbox, for tests of the loop."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from clinseek_assets.benchmark.questions import Question
from clinseek_assets.models.agent.loop import Sought, seek
from clinseek_assets.models.agent.rules import Rules
from clinseek_assets.models.completions import Completion, ToolCall
from clinseek_assets.models.endpoints.failures import CallError
from clinseek_assets.models.messages import ChatRequest
from clinseek_assets.records.tools.specs import ToolReply, ToolSpec
from clinseek_assets_tests.models.cases import question

RULES = Rules(max_rounds=10, question_seconds=100.0, max_tokens=1000, context_window=None, native_tools=True)


def spec(name: str, **properties: Any) -> ToolSpec:
    return ToolSpec(name, f"What {name} does.", {"type": "object", "properties": properties})


TEXT = {"type": "string"}
TEXTS = {"type": "array", "items": TEXT}
SPECS = (
    spec("ehr.load_ehr", subject_id=TEXT, timestamp=TEXT),
    spec("ehr.get_latest_records", subject_id=TEXT, table_name=TEXT, top_n={"type": "integer"}),
    spec("ehr.run_sql_query", subject_id=TEXT, sql_query=TEXT),
    spec("ehr.finish", response=TEXTS),
    spec("browser.search", query=TEXT),
)


@dataclass
class Tools:
    """Says what it was called with; `finish` takes a list of texts."""

    specs: Sequence[ToolSpec] = SPECS
    version: str = "1"
    result: Callable[[str, Mapping[str, Any]], str] = lambda name, given: f"{name} {json.dumps(dict(given))}"
    called: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    threads: set[int] = field(default_factory=set)

    def call(self, name: str, arguments: Mapping[str, Any]) -> ToolReply:
        self.called.append((name, dict(arguments)))
        self.threads.add(threading.get_ident())
        if name not in {tool.name for tool in self.specs}:
            return ToolReply(f"There is no tool {name}.", "unknown_tool")
        if name != "ehr.finish":
            return ToolReply(self.result(name, arguments))
        answers = arguments.get("response")
        if not isinstance(answers, list) or not answers:
            return ToolReply("response must be a list of texts.", "bad_arguments")
        return ToolReply("Submitted.", answers=tuple(answers))


Said = Completion | CallError | Callable[[ChatRequest], Completion]


@dataclass
class Script:
    """A caller that says its lines in turn, the last one for good."""

    lines: Sequence[Said]
    requests: list[ChatRequest] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)

    async def ask(self, request: ChatRequest, call_key: str) -> Completion:
        self.requests.append(request)
        self.keys.append(call_key)
        said = self.lines[min(len(self.requests), len(self.lines)) - 1]
        await asyncio.sleep(0)
        if isinstance(said, CallError):
            raise said
        return said if isinstance(said, Completion) else said(request)


def said(text: str = "", finish: str = "stop", **more: Any) -> Completion:
    fields: dict[str, Any] = {
        "text": text,
        "reasoning": "",
        "finish_reason": finish,
        "refused": False,
        "prompt_tokens": 11,
        "completion_tokens": 7,
        "seconds": 1.0,
    }
    return Completion(**{**fields, **more})


def calling(*calls: tuple[str, Any], text: str = "", **more: Any) -> Completion:
    """A turn with these calls; arguments that are texts go as they are."""
    made = tuple(
        ToolCall(f"call_{place}", name, given if isinstance(given, str) else json.dumps(given))
        for place, (name, given) in enumerate(calls)
    )
    return said(text, "tool_calls", tool_calls=made, **more)


def finishing(*answers: str) -> Completion:
    return calling(("ehr.finish", {"response": list(answers)}))


def sought(
    *lines: Said, tools: Tools | None = None, rules: Rules = RULES, about: Question | None = None, **more: Any
) -> tuple[Sought, Script]:
    """What comes of a question when the model says these lines."""
    script = Script(lines)
    more = {"policy": "strict", **more}
    found = asyncio.run(seek(about or question(), tools or Tools(), script, rules, **more))
    return found, script
