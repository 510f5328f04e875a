"""How far the models of a run are, in words and figures: for the run's log while it goes on, and for its record.

Figures of models, subtasks and calls; nothing about a question.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from clinseek_assets.models.call_tally import CallTally, summed

MINUTE = 60.0
FEW_SECONDS = 5.0  # before that a rate says nothing


@dataclass
class CellProgress:
    """How far one cell is.

    Attributes:
        subtask: its questions.
        questions: how many there are, over all runs of them.
        done: how many of them have ended.
        tally: what their calls came to.
        begun, ended: by the clock of `time.monotonic`, or None.
        failed: whether it could not be answered.
    """

    subtask: str
    questions: int
    done: int = 0
    tally: CallTally = field(default_factory=CallTally)
    begun: float | None = None
    ended: float | None = None
    failed: bool = False

    def begin(self) -> None:
        """Its first question is asked."""
        self.begun = time.monotonic()

    def end(self, *, failed: bool = False) -> None:
        """Nothing more of it is asked."""
        self.ended, self.failed = time.monotonic(), failed

    @property
    def seconds(self) -> float:
        """How long it took, or has taken so far."""
        return 0.0 if self.begun is None else (self.ended or time.monotonic()) - self.begun

    @property
    def left(self) -> int:
        """How many questions are still to come."""
        return 0 if self.ended is not None else self.questions - self.done


@dataclass(frozen=True)
class ModelProgress:
    """How far one model is in a run: a reading of its cells at one moment."""

    model: str
    cells: tuple[CellProgress, ...]

    @cached_property
    def tally(self) -> CallTally:
        """What all its calls came to."""
        return summed(cell.tally for cell in self.cells if cell.begun is not None)

    @cached_property
    def questions(self) -> int:
        """How many questions the run has for it."""
        return sum(cell.questions for cell in self.cells)

    @cached_property
    def done(self) -> int:
        """How many of them have ended, those of failed cells included."""
        return self.questions - sum(cell.left for cell in self.cells)

    @cached_property
    def seconds(self) -> float:
        """From its first question until now, or until its last one."""
        begun = [cell.begun for cell in self.cells if cell.begun is not None]
        ended = [cell.ended for cell in self.cells if cell.ended is not None]
        until = max(ended) if len(ended) == len(self.cells) else time.monotonic()
        return until - min(begun) if begun else 0.0

    @property
    def a_minute(self) -> float | None:
        """Questions a minute, those that were kept from before not counted; None while that says nothing."""
        asked = self.done - self.tally.kept
        return asked / self.seconds * MINUTE if asked > 0 and self.seconds > FEW_SECONDS else None

    @property
    def seconds_left(self) -> float | None:
        """About how long it will still take; None while nobody knows."""
        left = self.questions - self.done
        if not left:
            return 0.0
        return left / self.a_minute * MINUTE if self.a_minute else None

    @property
    def slowest(self) -> CellProgress | None:
        """The cell that took the longest so far."""
        return max((cell for cell in self.cells if cell.begun is not None), key=lambda cell: cell.seconds, default=None)

    def line(self) -> str:
        """One line for the log: «gpt: 340 of 1,800 questions, 45 a minute, $1.20, 1.1 M tokens, 32 min left»."""
        return f"{self.model}: {self.done:,} of {self.questions:,} questions{self.pace()}"

    def pace(self) -> str:
        """What is to be said beside the counts, each part after a comma."""
        parts = [
            *([f"{self.a_minute:,.0f} a minute"] if self.a_minute else []),
            *spent(self.tally),
            *([f"{told_seconds(left)} left"] if (left := self.seconds_left) else []),
            *([f"{failed} subtasks failed"] if (failed := sum(cell.failed for cell in self.cells)) else []),
        ]
        return "".join(f", {part}" for part in parts)

    def figures(self) -> dict[str, int | float | str]:
        """What explains a slow or a dear run, one figure a column."""
        tally, slowest = self.tally, self.slowest
        asked = tally.kept + tally.recalled + tally.answered
        return {
            "model": self.model,
            "subtasks": len(self.cells),
            "failed subtasks": sum(cell.failed for cell in self.cells),
            "questions": self.questions,
            "questions done": self.done,
            "questions a minute": round(self.a_minute or 0.0, 1),
            "seconds": round(self.seconds, 1),
            "seconds left, about": round(self.seconds_left or 0.0),
            **of_calls(tally),
            "share out of the journal": round((tally.kept + tally.recalled) / asked, 3) if asked else 0.0,
            "share of the prompt cached": round(tally.cached_tokens / tally.prompt_tokens, 3)
            if tally.prompt_tokens
            else 0.0,
            "slowest subtask": slowest.subtask if slowest else "",
            "its seconds": round(slowest.seconds, 1) if slowest else 0.0,
        }


def of_calls(tally: CallTally) -> dict[str, int | float]:
    """What calls came to, in the words of the page."""
    return {
        "dollars": round(tally.dollars, 4),
        "prompt tokens": tally.prompt_tokens,
        "completion tokens": tally.completion_tokens,
        "calls answered": tally.answered,
        "attempts failed": tally.failed,
        "pushed back (429, overload)": tally.pushed_back,
        "seconds at the endpoint": round(tally.endpoint_seconds, 1),
        "seconds waiting for a slot": round(tally.slot_seconds, 1),
        "seconds held off by the endpoint": round(tally.held_seconds, 1),
        "seconds between attempts": round(tally.pause_seconds, 1),
    }


def spent(tally: CallTally) -> list[str]:
    """Dollars and tokens, as far as there are any."""
    dollars = [f"${tally.dollars:,.2f}"] if tally.dollars else []
    return [*dollars, *([f"{told_count(tally.tokens)} tokens"] if tally.tokens else [])]


def told_count(count: int) -> str:
    """A large number in short."""
    return f"{count / 1e6:.1f} M" if count >= 1e6 else f"{count / 1e3:.0f} k" if count >= 1e4 else f"{count:,}"


def told_seconds(seconds: float) -> str:
    """A time as a person says it."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = seconds / MINUTE
    return f"{minutes:.0f} min" if minutes < 120 else f"{minutes / 60:.1f} h"


class AskingProgress:
    """How far all models of a run are; cells are counted by their lanes, and read by who tells of it."""

    def __init__(self, cells: Mapping[str, Mapping[str, CellProgress]]) -> None:
        self._cells = cells

    def models(self) -> Iterator[ModelProgress]:
        """Each model of the run."""
        for model, cells in self._cells.items():
            yield ModelProgress(model, tuple(cells.values()))

    @property
    def whole(self) -> ModelProgress:
        """All models together, under a name that says how many."""
        models = len(self._cells)
        name = next(iter(self._cells)) if models == 1 else f"{models} models"
        return ModelProgress(name, tuple(cell for cells in self._cells.values() for cell in cells.values()))
