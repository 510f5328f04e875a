"""The image tools of one question, as a toolbox; what is not installed, or would show nothing, is not offered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from clinseek_assets.benchmark.questions import Question
from clinseek_assets.imaging import pictures
from clinseek_assets.imaging.paths import ImageFiles
from clinseek_assets.imaging.pictures import LinkedImage, PictureShelf
from clinseek_assets.imaging.released_paths import ReleasedImage
from clinseek_assets.imaging.tools.catalogue import TOOLS, ImageTool
from clinseek_assets.imaging.tools.desk import Desk
from clinseek_assets.imaging.tools.engines import Engine
from clinseek_assets.imaging.tools.names import DICOM, MODEL_TOOLS, PICTURES_ONLY
from clinseek_assets.imaging.troubles import ImageFault
from clinseek_assets.records.tools.mistakes import Mistake, shortened, suggestion
from clinseek_assets.records.tools.parameters import read_arguments, schema_of
from clinseek_assets.records.tools.specs import ToolReply, ToolSpec
from clinseek_assets.storage import fingerprint


class ImageTools:
    """The published image tools over a question's linked images; see `records.tools.specs.Toolbox`.

    Args:
        question: the manifest row; its label is not read.
        shelf: the pictures of all questions.
        files: where the images' DICOM files are looked for.
        engines: who runs the tools that a model does; of two that run one tool, the first.
        seeing: whether the model under evaluation can be shown a picture. Where it cannot, tools that give nothing else
            are not offered.

    Raises:
        ImageFault: an image of the question is not as it should be.
    """

    def __init__(
        self,
        question: Question,
        shelf: PictureShelf,
        files: ImageFiles,
        engines: Sequence[Engine] = (),
        *,
        seeing: bool = True,
    ) -> None:
        images = shelf.images(question)
        running = {name: engine for engine in reversed(engines) for name in engine.tools}
        dicoms = _dicoms(images, files)
        self._desk = Desk(shelf, images, dicoms, running, fingerprint.of_text(question.qid), seeing)
        self._engines = engines
        self._tools = {tool.name: tool for tool in TOOLS if self._works(tool)}

    @cached_property
    def specs(self) -> Sequence[ToolSpec]:
        """The tools that work here, in the published order."""
        return tuple(ToolSpec(tool.name, tool.description, schema_of(tool.parameters)) for tool in self._tools.values())

    @property
    def version(self) -> str:
        """A hash of the tools' code and of the engines, and of which tools are offered."""
        return fingerprint.of_parts([image_tools_version(self._engines), *self._tools])

    def call(self, name: str, arguments: Mapping[str, Any]) -> ToolReply:
        """Run one tool; never raises for what a model got wrong."""
        try:
            tool = self._tool(name)
            return tool.run(self._desk, read_arguments(tool.name, tool.parameters, arguments))
        except Mistake as mistake:
            return ToolReply(str(mistake), mistake.problem)
        except ImageFault as fault:
            return ToolReply(f"The image cannot be used: {fault.what}", "unavailable")

    def _works(self, tool: ImageTool) -> bool:
        desk = self._desk
        return (
            bool(desk.images)
            and (desk.seeing or tool.name not in PICTURES_ONLY)
            and (tool.name not in MODEL_TOOLS or tool.name in desk.engines)
            and (tool.name != DICOM or bool(desk.dicoms))
        )

    def _tool(self, name: str) -> ImageTool:
        if name not in self._tools:
            hint = suggestion(name, self._tools)
            told = f"There is no tool {shortened(name)}.{hint} Image tools: {', '.join(self._tools) or 'none'}."
            raise Mistake("unknown_tool", told)
        return self._tools[name]


def image_tools_version(engines: Sequence[Engine]) -> str:
    """A hash of the code of the image tools, and of the engines that run some of them."""
    return fingerprint.of_parts([_code_version(), *(engine.version for engine in engines)])


@cache
def _code_version() -> str:
    files = sorted(Path(__file__).parent.glob("*.py"))
    return fingerprint.of_parts([fingerprint.of_code(pictures), *map(fingerprint.of_file, files)])


def _dicoms(images: Sequence[LinkedImage], files: ImageFiles) -> dict[int, Path]:
    """The DICOM files of images, by number; one that leads out of its root counts as none."""
    found = {}
    for image in images:
        try:
            path = files.dicom(ReleasedImage(image.dataset, image.subject_id, image.study_id, image.dicom_id))
        except ImageFault:
            continue
        if path is not None:
            found[image.number] = path
    return found
