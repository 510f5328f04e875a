"""Answers that are kept: what came of each question and run, what shaped it, and the whole exchange.

They lie in the journal beside the calls. An answer is taken again only where every part of its identity is what it was;
where one is not, the calls themselves may still be there, each under its own key.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from clinseek_assets.models.agent.exchange import Step, steps_as_json, steps_from_json
from clinseek_assets.models.answered import Answered
from clinseek_assets.models.identities import Parts
from clinseek_assets.models.journal import Journal
from clinseek_assets.models.journal_reading import ReadableJournal
from clinseek_assets.models.outcomes import MISSING

Place = tuple[str, int]
"""Hash of the qid, and the run."""


@dataclass(frozen=True)
class Kept:
    """One answer as it is kept, with the parts of its identity."""

    parts: Parts
    answered: Answered

    @property
    def stands(self) -> bool:
        """Whether this is the model's own doing, so that asking again is of no use."""
        return self.answered.outcome not in MISSING


@dataclass(frozen=True)
class AnswersRead:
    """The answers in one journal, to be read: of one model in one arm."""

    journal: ReadableJournal

    def all(self) -> dict[Place, Kept]:
        """Every answer that can be read; one in an older form only costs asking its question again."""
        return dict(self._readable())

    def _readable(self) -> Iterator[tuple[Place, Kept]]:
        for place, document in self.journal.identities():
            if (kept := _kept(document)) is not None:
                yield place, kept

    def one(self, place: Place) -> Kept | None:
        """One answer, or None where there is none."""
        return _kept(self.journal.identity(*place))

    def steps(self, place: Place) -> list[Step]:
        """The exchange that is kept there; empty where there is none."""
        return steps_from_json(self.journal.exchange(*place) or ())


@dataclass(frozen=True)
class AnswerBook(AnswersRead):
    """The answers in one journal, to be read and kept."""

    journal: Journal

    def keep(self, place: Place, kept: Kept, steps: Sequence[Step]) -> None:
        """Keep an answer and its exchange in place of earlier ones.

        They are on their way to the disk when this returns; what a kill takes of them, the calls give again.
        """
        self.journal.put_exchange(*place, steps_as_json(steps))
        self.journal.put_identity(*place, {"parts": dict(kept.parts), "answered": kept.answered.as_json()})


def _kept(document: Any) -> Kept | None:
    try:
        return Kept(document["parts"], Answered.from_json(document["answered"]))
    except (TypeError, KeyError, ValueError):
        return None
