"""The tools in which a model says something of its own: `think` and `finish`."""

from __future__ import annotations

from typing import Any

from clinseek_assets.records.tools.desk import Desk
from clinseek_assets.records.tools.specs import ToolReply

Arguments = dict[str, Any]


def think(_: Desk, __: Arguments) -> str:
    """An acknowledgement."""
    return "Noted. Go on: call another tool, or ehr.finish with the answer."


def finish(_: Desk, given: Arguments) -> ToolReply:
    """The answers, as they were written."""
    answers: tuple[str, ...] = given["response"]
    return ToolReply(f"The answer is recorded: {len(answers)} in all. The question is finished.", answers=answers)
