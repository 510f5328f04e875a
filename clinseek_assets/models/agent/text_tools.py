"""Exchanges with tools as plain text, for servers that take no `tools`.

The tools stand in the system message, a model's calls in the text that it wrote, and results come as user turns. What
it writes is read back by `text_calls`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from clinseek_assets.models.messages import Turn
from clinseek_assets.records.tools.specs import ToolSpec

HOW_TO_CALL = """To call a tool, write exactly this and nothing after it, with one block for each call:
<tool_call>
{"name": "ehr.get_latest_records", "arguments": {"key": "value"}}
</tool_call>
The results come back in the next message. The tools:"""


def told_as_text(specs: Sequence[ToolSpec]) -> str:
    """The tools as a part of the system message."""
    listed = (
        json.dumps(
            {"name": spec.name, "description": spec.description, "parameters": spec.parameters},
            ensure_ascii=False,
        )
        for spec in specs
    )
    return "\n".join([HOW_TO_CALL, *listed])


def call_as_text(turn: Turn) -> Turn:
    """An assistant's turn with its calls written out, unless they are in its text already."""
    if not turn.tool_calls:
        return turn
    written = [
        f'<tool_call>\n{{"name": {json.dumps(call.name)}, "arguments": {call.arguments}}}\n</tool_call>'
        for call in turn.tool_calls
    ]
    return Turn("assistant", "\n".join([turn.text, *written]).strip(), reasoning=turn.reasoning)


def without_tools(turns: Sequence[Turn], specs: Sequence[ToolSpec]) -> tuple[Turn, ...]:
    """The turns as a server without tools takes them: system, user and assistant only, no role twice in a row.

    Pictures stay with the user turn that they come to stand in.

    Args:
        turns: the exchange.
        specs: the tools that may be called.
    """
    names = {call.id: call.name for turn in turns for call in turn.tool_calls}
    told: list[Turn] = []
    for turn in turns:
        if turn.role == "system":
            plain = Turn("system", f"{turn.text}\n\n{told_as_text(specs)}")
        elif turn.role == "tool":
            plain = Turn(
                "user", f"<tool_response>\n{names.get(turn.call_id or '', 'tool')}:\n{turn.text}\n</tool_response>"
            )
        else:
            plain = call_as_text(turn)
        if told and told[-1].role == plain.role == "user":
            before = told.pop()
            plain = Turn("user", f"{before.text}\n\n{plain.text}", images=before.images + plain.images)
        told.append(plain)
    return tuple(told)
