"""What a judge is asked, and what it is to whoever scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Case:
    """One answer beside its gold.

    Attributes:
        question: what was asked, without patient and moment around it.
        kind: what kind of answer the gold is, in words (`name`, `number`, …).
        gold: the one right answer.
        answer: what was answered, several names joined by " | ".
        qid_sha256: the hash under which ledgers name the question; it shapes no verdict.
    """

    question: str
    kind: str
    gold: str
    answer: str
    qid_sha256: str


class Judge(Protocol):
    """Whoever compares answers with their gold."""

    @property
    def identity(self) -> str:
        """A hash of all that shapes its verdicts as far as the registry tells."""

    def verdicts(self, cases: Sequence[Case]) -> list[bool | None]:
        """Whether each answer matches its gold; None where no verdict could be had."""
