"""The image tools of a question beside its other tools."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from clinseek_assets.benchmark.questions import Question
from clinseek_assets.imaging.paths import ImageFiles
from clinseek_assets.imaging.pictures import PictureShelf
from clinseek_assets.imaging.tools.engines import Engine
from clinseek_assets.imaging.tools.image_tools import ImageTools, image_tools_version
from clinseek_assets.imaging.troubles import ImageFault
from clinseek_assets.models.agent.tool_source import ToolSource
from clinseek_assets.models.browsing.toolboxes import Toolboxes
from clinseek_assets.records.pinned.pin import Policy
from clinseek_assets.records.tools.specs import Toolbox
from clinseek_assets.storage import fingerprint


@dataclass(frozen=True)
class WithImageTools:
    """A source of tools with the image tools added, for questions that have images; see `ToolSource`.

    Attributes:
        tools: where the other tools come from.
        shelf: the pictures of all questions.
        files: where the images' DICOM files are looked for.
        engines: who runs the tools that a model does.
        seeing: whether the model under evaluation can be shown a picture.
    """

    tools: ToolSource
    shelf: PictureShelf
    files: ImageFiles
    engines: Sequence[Engine] = ()
    seeing: bool = True

    @property
    def policy(self) -> Policy:
        """By which records are cut."""
        return self.tools.policy

    @property
    def version(self) -> str:
        """A hash of the other tools, of the image tools, and of who runs them."""
        return fingerprint.of_parts([self.tools.version, image_tools_version(self.engines)])

    def record_sha256(self, question: Question) -> str | None:
        """The hash of the question's record."""
        return self.tools.record_sha256(question)

    @contextmanager
    def opened(self, question: Question) -> Iterator[Toolbox]:
        """The tools over the question's record and its images."""
        with self.tools.opened(question) as others:
            images = self._image_tools(question)
            yield Toolboxes(others, images) if images is not None and images.specs else others

    def _image_tools(self, question: Question) -> ImageTools | None:
        """None where an image is not as it should be: a model with vision is not asked then, another can do without."""
        try:
            return ImageTools(question, self.shelf, self.files, self.engines, seeing=self.seeing)
        except ImageFault:
            return None
