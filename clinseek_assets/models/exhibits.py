"""What a question comes with beside its text: its pictures, and reports where they are switched on.

Text questions come with nothing. A model without vision is shown no picture, is told how many images there are, and
runs all the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from clinseek_assets.benchmark.questions import Question
from clinseek_assets.imaging.pictures import PictureShelf
from clinseek_assets.models.agent.threads import on_a_thread
from clinseek_assets.models.identities import Parts
from clinseek_assets.records.tools.specs import Picture
from clinseek_assets.storage import fingerprint

MULTIMODAL = "multimodal"
OFF = "off"

Reports = Mapping[str, Sequence[str]]
"""qid -> the texts of its linked reports, in the order of its `report_paths`."""


@dataclass(frozen=True)
class Exhibits:
    """What one question shows beside its text.

    Attributes:
        linked: how many images belong to it.
        vision: whether the model is shown pictures.
        pictures: those that are shown.
        note: what is said of images beyond them.
        reports: texts of its reports, where they are switched on.
    """

    linked: int = 0
    vision: bool = False
    pictures: tuple[Picture, ...] = ()
    note: str = ""
    reports: tuple[str, ...] = ()


NOTHING = Exhibits()


@dataclass(frozen=True)
class Exhibition:
    """The exhibits of all questions for one model.

    Attributes:
        vision: whether the model is shown pictures.
        shelf: where they come from; a model with vision needs one for questions that have images.
        reports: the reports' texts, or None: switched off.
    """

    vision: bool
    shelf: PictureShelf | None = None
    reports: Reports | None = None

    def parts(self, question: Question) -> Parts | None:
        """What of an answer's identity the exhibits are: nothing for a text question.

        None where one of the images that are to be shown is not as it should be, so that the question cannot be asked.

        Raises:
            ValueError: as `of`.
        """
        if question.split != MULTIMODAL:
            return {}
        shelf = self._shelf_for(question)
        if shelf is not None and shelf.trouble(question):
            return None
        told = ["told of", len(question.image_paths)] if shelf is None else ["shown", shelf.sha256(question)]
        return {
            "vision": "yes" if self.vision else "no",
            "pictures": fingerprint.of_value(told),
            "reports": OFF if self.reports is None else fingerprint.of_parts(self._reports_of(question)),
        }

    def of(self, question: Question) -> Exhibits:
        """What a question shows. Pictures may have to be made ready, which takes tenths of a second.

        Raises:
            ImageFault: one of its images is not what was verified any more.
            ValueError: pictures are to be shown, and there is no shelf.
        """
        if question.split != MULTIMODAL:
            return NOTHING
        linked, reports = len(question.image_paths), self._reports_of(question)
        shelf = self._shelf_for(question)
        if shelf is None:
            return Exhibits(linked, self.vision, reports=reports)
        shown = shelf.of(question)
        return Exhibits(linked, self.vision, shown.pictures, shown.note, reports)

    async def ready(self, question: Question) -> Exhibits:
        """As `of`, with the pictures made ready beside the event loop."""
        if self._shelf_for(question) is None:
            return self.of(question)
        return await on_a_thread(lambda: self.of(question))

    def _shelf_for(self, question: Question) -> PictureShelf | None:
        """The shelf, where the question has images that are to be shown; text questions have none."""
        if not self.vision or not question.image_paths:
            return None
        if self.shelf is None:
            raise ValueError("a model with vision needs the pictures of questions that have images")
        return self.shelf

    def _reports_of(self, question: Question) -> tuple[str, ...]:
        return tuple((self.reports or {}).get(question.qid, ()))
