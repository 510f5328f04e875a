"""One thing that must be so of a release or of what was built from it, and the figures that tell.

A check names the first places that fail by their row in the manifest, by a subtask, a table or a file that all patients
share; never a patient, and never a qid.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from clinseek_assets.benchmark.questions import Question

NAMED_ROWS = 5
ANY = "any"  # the expected figure of what is counted for its reader and may be anything

Progress = Callable[[str, int, int], None]
"""Told the stage, how much of it is done and how much there is."""


@dataclass(frozen=True)
class ReleaseCheck:
    """One thing that must be so.

    Attributes:
        name: what is counted or looked at; its first word is the split.
        expected, found: the figures, or words where there is nothing to count.
        ok: whether it may stay so: the figures agree, or the difference is one to be told only.
        first: the first places that fail, as `row 12`, or the reason.
    """

    name: str
    expected: int | str
    found: int | str
    ok: bool
    first: tuple[str, ...] = ()

    @property
    def warning(self) -> bool:
        """Whether the figures differ, and may."""
        return self.ok and self.expected not in (ANY, self.found)


def count(name: str, expected: int, found: int, first: Sequence[str] = ()) -> ReleaseCheck:
    """A check of a figure."""
    return ReleaseCheck(name, expected, found, expected == found, tuple(first[:NAMED_ROWS]))


def warned(name: str, expected: int, found: int, first: Sequence[str] = ()) -> ReleaseCheck:
    """A figure that is told beside the expected one, whatever it is."""
    return ReleaseCheck(name, expected, found, True, tuple(first[:NAMED_ROWS]))


def unusable(name: str, found: str, reason: str) -> ReleaseCheck:
    """A failing check of something that cannot be looked at, with the reason."""
    return ReleaseCheck(name, "readable", found, False, (reason,))


def row(question: Question) -> str:
    """How a check names a question."""
    return f"row {question.row_number}"


def failing_rows(name: str, questions: Iterable[Question], fails: Callable[[Question], bool]) -> ReleaseCheck:
    """A check that no question fails; those that do are named."""
    places = [row(question) for question in questions if fails(question)]
    return count(name, 0, len(places), places)


def by_state(
    what: str, states: Mapping[str, str], total: int, failing: Mapping[str, Sequence[str]]
) -> Iterator[ReleaseCheck]:
    """One check for each thing that can be wrong, in order: each counts those that passed the checks before it.

    Args:
        what: the things, such as `text: patient databases`.
        states: what can be wrong -> what those are of which it is not (`missing` -> `that are there`).
        total: how many things there are.
        failing: what is wrong -> the places of those of which it is.
    """
    left = total
    for fault, name in states.items():
        places = failing.get(fault, ())
        yield count(f"{what} {name}", left, left - len(places), places)
        left -= len(places)
