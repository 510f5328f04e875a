"""Questions as the audit looks at them."""

from __future__ import annotations

from dataclasses import dataclass

from clinseek_assets.benchmark.questions import Question
from clinseek_assets.benchmark.subtasks import RISK, SUBTASKS
from clinseek_assets.contexts.strict import Published
from clinseek_assets.records.pinned.pin import Pin


@dataclass(frozen=True)
class Case:
    """A question.

    Attributes:
        pin: whose record, at which moment.
        gold: the answers.
        decided: whether what defines the label lies before the moment; None where it is not known.
    """

    pin: Pin
    gold: tuple[str, ...]
    decided: bool | None

    @classmethod
    def of(cls, question: Question) -> Case:
        """The case of a manifest's question."""
        return cls(Pin.of(question), question.gold, question.decided)

    @property
    def is_risk(self) -> bool:
        """Whether it asks for yes or no."""
        return SUBTASKS[self.pin.subtask].task_type == RISK


@dataclass(frozen=True)
class StrictContext:
    """What the `curated_strict` arm is shown of a question, with what was taken from its published context."""

    text: str
    published: Published


@dataclass(frozen=True)
class Asked:
    """A question of the release with its strict context, None where it has none."""

    case: Case
    context: StrictContext | None = None
