"""A toolbox of three tools over a pinned record, and a loop of a few lines, for tests of callers that seek."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from clinseek_assets.benchmark.questions import Question
from clinseek_assets.models.messages import Caller, ChatRequest, Turn
from clinseek_assets.records.pinned.answers import Refusal
from clinseek_assets.records.pinned.record import PinnedRecord
from clinseek_assets.records.tools.reading_rows import write_table
from clinseek_assets.records.tools.specs import ToolReply
from clinseek_assets.storage import fingerprint


@dataclass
class SomeTools:
    """`load_ehr`, `run_sql_query` and `finish`, in pages of a given size."""

    record: PinnedRecord
    page_size: int = 100
    called: list[str] = field(default_factory=list)

    def call(self, name: str, arguments: Mapping[str, Any]) -> ToolReply:
        self.called.append(name)
        return {"ehr.load_ehr": self.load, "ehr.run_sql_query": self.query, "ehr.finish": self.finish}[name](arguments)

    def load(self, arguments: Mapping[str, Any]) -> ToolReply:
        assert arguments == {
            "subject_id": str(self.record.pin.subject_id),
            "timestamp": str(self.record.pin.prediction_time),
        }
        counts = {name: self.record.query(f'SELECT count(*) FROM "{name}"').rows[0][0] for name in self.record.tables}
        return ToolReply("\n".join(f"- {name}: {count:,} rows" for name, count in counts.items()))

    def query(self, arguments: Mapping[str, Any]) -> ToolReply:
        try:
            answer = self.record.query(arguments["sql_query"])
        except Refusal as refusal:
            return ToolReply(str(refusal), problem="refused")
        page = int(arguments.get("page", 1))
        rows = answer.rows[(page - 1) * self.page_size : page * self.page_size]
        text = write_table(answer.columns, rows)
        if len(answer.rows) > page * self.page_size:
            text += f"\n\nThere are {len(answer.rows):,} rows; ask page {page + 1} for more."
        return ToolReply(text)

    def finish(self, arguments: Mapping[str, Any]) -> ToolReply:
        return ToolReply("Thank you.", answers=tuple(arguments["response"]))


@dataclass(frozen=True)
class Sought:
    """How an exchange went: the answers, the turns, and the tools in the order in which they were called."""

    answers: tuple[str, ...]
    turns: tuple[Turn, ...]
    called: tuple[str, ...]
    failed: int


def sought(caller: Caller, question: Question, tools: SomeTools) -> Sought:
    """Let a caller seek until it finishes."""
    turns: list[Turn] = [Turn("user", "a prompt")]
    failed = 0
    while True:
        completion = asyncio.run(caller.ask(request_of(question, *turns), "a key"))
        turns.append(Turn("assistant", completion.text, tool_calls=completion.tool_calls))
        for call in completion.tool_calls:
            reply = tools.call(call.name, json.loads(call.arguments))
            turns.append(Turn("tool", reply.text, call_id=call.id, failed=reply.problem is not None))
            failed += reply.problem is not None
            if reply.answers is not None:
                return Sought(reply.answers, tuple(turns), tuple(tools.called), failed)


def request_of(question: Question, *turns: Turn, must_call: str | None = None) -> ChatRequest:
    return ChatRequest(turns, fingerprint.of_text(question.qid), must_call=must_call)
