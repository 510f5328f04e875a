"""Where the tools of a question come from, as the seeking arms ask for them."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol

from clinseek_assets.benchmark.questions import Question
from clinseek_assets.records.pinned.pin import Policy
from clinseek_assets.records.tools.specs import Toolbox


class ToolSource(Protocol):
    """Tools for questions, all under one policy of time."""

    @property
    def policy(self) -> Policy:
        """By which records are cut."""

    @property
    def version(self) -> str:
        """A hash of all that shapes what the tools say, the record apart; known without opening one."""

    def record_sha256(self, question: Question) -> str | None:
        """The hash of the question's record; None where there is none, so that the question cannot be asked."""

    def opened(self, question: Question) -> AbstractContextManager[Toolbox]:
        """The tools over the question's record, open while the context lasts; entered and left on worker threads."""
