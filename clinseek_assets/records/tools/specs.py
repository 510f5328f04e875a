"""The shape of a tool, as every layer passes it on: what a model is offered, and what comes back of a call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True)
class ToolSpec:
    """What a model is told of a tool.

    Attributes:
        name: the published name, `ehr.…` or `browser.…`.
        description: what it does and what its result is limited to.
        parameters: a JSON schema of an object.
    """

    name: str
    description: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True)
class ToolReply:
    """What came of one call.

    Attributes:
        text: what the model reads.
        problem: None where the call did what it says; else one word for the record: `unknown_tool`, `bad_arguments`,
            `other_patient`, `other_moment`, `refused`, `deadline`, `not_found`, `unavailable`.
        answers: the submitted answers, where the call was `finish`; None else.
    """

    text: str
    problem: str | None = None
    answers: tuple[str, ...] | None = None


class Toolbox(Protocol):
    """Tools over one question."""

    @property
    def specs(self) -> Sequence[ToolSpec]:
        """The tools that work here, in the published order."""

    @property
    def version(self) -> str:
        """A hash of everything that shapes what the tools say: part of an answer's identity."""

    def call(self, name: str, arguments: Mapping[str, Any]) -> ToolReply:
        """Run one tool; never raises for what a model got wrong."""
