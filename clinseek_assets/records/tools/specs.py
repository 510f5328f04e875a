"""The shape of a tool, as every layer passes it on: what a model is offered, and what comes back of a call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

from clinseek_assets.storage import fingerprint


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
class Picture:
    """A picture that a model is shown.

    Attributes:
        data: a PNG or JPEG file, as it is sent.
        caption: the line before it that says what it is.
    """

    data: bytes
    caption: str

    @cached_property
    def sha256(self) -> str:
        """The hash by which records name it: a picture itself is never kept beside an answer."""
        return fingerprint.of_bytes(self.data)


@dataclass(frozen=True)
class ToolReply:
    """What came of one call.

    Attributes:
        text: what the model reads.
        problem: None where the call did what it says; else one word for the record: `unknown_tool`, `bad_arguments`,
            `other_patient`, `other_moment`, `refused`, `deadline`, `not_found`, `unavailable`.
        answers: the submitted answers, where the call was `finish`; None else.
        pictures: what the model is shown in its next turn, after all results of this one.
    """

    text: str
    problem: str | None = None
    answers: tuple[str, ...] | None = None
    pictures: tuple[Picture, ...] = ()


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
