"""The questions of a home and the answers to them, as they are at the moment of asking."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars

from clinseek_assets.benchmark.multimodal.manifest_file import SPLIT as MULTIMODAL
from clinseek_assets.benchmark.questions import Question
from clinseek_assets.browse.answer_index import AnswerIndex
from clinseek_assets.faults import ManifestFault, ResultsFault
from clinseek_assets.resources.home import Home

TEXT = "text"
ASK = "Run `clinseek evaluate --model MODEL` (with --limit for a sample), then load this page anew."


class Library:
    """What there is to be looked at in one home.

    Args:
        home: the home; its files are only read.
    """

    def __init__(self, home: Home) -> None:
        self.home = home
        self._named = [model.name for model in home.registry.models]
        self._index = AnswerIndex(home.layout, self.questions, self._named)

    def questions(self) -> Mapping[str, Sequence[Question]]:
        """Split -> its questions; only splits whose manifest is kept.

        Raises:
            ManifestFault: none is.
        """
        kept = {
            TEXT: (self.home.manifest_file, self.home.questions),
            MULTIMODAL: (self.home.multimodal_manifest_file, self.home.multimodal_questions),
        }
        there = {split: read() for split, (path, read) in kept.items() if path.is_file()}
        if not there:
            raise ManifestFault(
                f"There is no manifest in {self.home.layout.home} yet.",
                mend="Name your home with CLINSEEK_HOME, or make one: `clinseek demo` takes a few minutes.",
            )
        return there

    def question(self, split: str, row_number: int) -> Question:
        """The question of a row of a manifest.

        Raises:
            ManifestFault: there is none.
        """
        for question in self.questions().get(split, ()):
            if question.row_number == row_number:
                return question
        raise ManifestFault(
            f"The manifest of the {split} split has no row {row_number}."
            if split in (TEXT, MULTIMODAL)
            else "There is no such split.",
            mend="Choose a question of the list.",
        )

    def answers(self) -> polars.DataFrame:
        """All answers; see `answer_index.COLUMNS`.

        Raises:
            ManifestFault: there is no manifest.
            ResultsFault: nothing was answered yet, or a file is damaged.
        """
        frame = self._index.frame()
        if frame.is_empty():
            raise ResultsFault(f"Nobody was asked anything in {self.home.layout.home} yet.", mend=ASK)
        return frame

    def models(self, answers: polars.DataFrame) -> list[str]:
        """The models of these answers: in the order of the registry, then those that it no longer has."""
        found = set(answers["model"].unique())
        return [name for name in self._named if name in found] + sorted(found - set(self._named))
