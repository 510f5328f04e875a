"""The six published image tools: names, parameters, what a model is told of each, and the function that runs it.

Names and parameters are the published ones; `region` and `window` of the visualizer are added. An image is named by its
number, where the published tools take a path on the server's disk.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from PIL import Image

from clinseek_assets.imaging.pictures import LinkedImage, encode
from clinseek_assets.imaging.tools import dicom, parameters, visualizer
from clinseek_assets.imaging.tools.desk import Desk
from clinseek_assets.imaging.tools.engines import Unavailable
from clinseek_assets.imaging.tools.names import CLASSIFIER, DICOM, GROUNDING, REPORT, SEGMENTATION, VISUALIZER
from clinseek_assets.imaging.verification import MOST_PIXELS
from clinseek_assets.records.tools.mistakes import Mistake, shortened
from clinseek_assets.records.tools.parameters import Parameter
from clinseek_assets.records.tools.specs import Picture, ToolReply

MOST_CHARACTERS = 20_000
UNSEEN = "[A picture came with this result. Pictures cannot be shown to you.]"
DAMAGED = "[A picture came with this result, but it cannot be read.]"


@dataclass(frozen=True)
class ImageTool:
    """One tool.

    Attributes:
        name: its name here.
        description: what a model is told.
        parameters: in the published order.
        run: the reply, of a desk and checked arguments.
    """

    name: str
    description: str
    parameters: tuple[Parameter, ...]
    run: Callable[[Desk, dict[str, Any]], ToolReply]


def _visualized(desk: Desk, given: dict[str, Any]) -> ToolReply:
    image = desk.image(given["image_path"])
    view = visualizer.View(**{key: given[key] for key in ("figsize", "cmap", "region", "window") if key in given})
    said = [f"{name} {given[name]}" for name in ("region", "window", "cmap") if name in given]
    heading = [shortened(given[name], 200) for name in ("title", "description") if name in given]
    caption = " · ".join([image.caption, *said, *heading])
    return ToolReply(f"Shown next: {caption}.", pictures=(Picture(visualizer.draw(image.content(), view), caption),))


def _dicom(desk: Desk, given: dict[str, Any]) -> ToolReply:
    image = desk.image(given["dicom_path"])
    try:
        window = parameters.window_of(given)
    except ValueError as wrong:
        raise Mistake("bad_arguments", f"{wrong}.") from None
    rendered = dicom.render(desk.dicom(image), window)
    caption = f"{image.caption} · DICOM, {rendered.facts}"
    return ToolReply(f"Shown next: {caption}.", pictures=(Picture(rendered.picture, caption),))


def _by_engine(name: str) -> Callable[[Desk, dict[str, Any]], ToolReply]:
    """The function that lets an engine run the tool of that name."""

    def run(desk: Desk, given: dict[str, Any]) -> ToolReply:
        image = desk.image(given["image_path"])
        arguments = {key: value for key, value in given.items() if key != "image_path"}
        try:
            reading = desk.engines[name].read(name, desk.shelf.prepared(image), arguments, desk.qid_sha256)
        except Unavailable as unavailable:
            raise Mistake("unavailable", str(unavailable)) from None
        told = [f"{image.caption}:", _cut(json.dumps(reading.output, ensure_ascii=False))]
        if reading.picture is None:
            return ToolReply("\n".join(told))
        picture = _sent(reading.picture, image, name) if desk.seeing else None
        if picture is None:
            return ToolReply("\n".join([*told, DAMAGED if desk.seeing else UNSEEN]))
        return ToolReply("\n".join([*told, "Its picture is shown next."]), pictures=(picture,))

    return run


def _sent(data: bytes, image: LinkedImage, name: str) -> Picture | None:
    """An engine's picture as it is sent: encoded anew, so that no size or metadata of the engine's goes along."""
    try:
        with Image.open(io.BytesIO(data), formats=("PNG", "JPEG")) as opened:
            if opened.size[0] * opened.size[1] > MOST_PIXELS:
                return None
            return Picture(encode(opened), f"{image.caption} · {name}")
    except Exception:  # a damaged picture raises almost anything
        return None


def _cut(text: str) -> str:
    if len(text) <= MOST_CHARACTERS:
        return text
    return f"{text[:MOST_CHARACTERS]}\n[{len(text) - MOST_CHARACTERS} more characters are not shown.]"


TOOLS: tuple[ImageTool, ...] = (
    ImageTool(
        VISUALIZER,
        "Look at one of the question's images again: as a whole, a part of it enlarged (`region`), with more contrast "
        "(`window`) or in other shades (`cmap`). The picture is shown to you next.",
        (
            parameters.IMAGE,
            parameters.TITLE,
            parameters.DESCRIPTION,
            parameters.FIGSIZE,
            parameters.CMAP,
            parameters.REGION,
            parameters.GREY_LEVELS,
        ),
        _visualized,
    ),
    ImageTool(
        DICOM,
        "Look at the DICOM file of one of the question's images, with more grey levels than its JPEG: by its own "
        "window, or by one that you give. The picture is shown to you next.",
        (parameters.DICOM_IMAGE, parameters.CENTER, parameters.WIDTH),
        _dicom,
    ),
    ImageTool(
        CLASSIFIER,
        "A classifier's probability, 0 to 1, of each of 18 findings on an image. It errs, and was trained on such "
        "images.",
        (parameters.IMAGE,),
        _by_engine(CLASSIFIER),
    ),
    ImageTool(
        REPORT,
        "A model's draft of a radiology report on an image: findings and impression. It errs.",
        (parameters.IMAGE,),
        _by_engine(REPORT),
    ),
    ImageTool(
        GROUNDING,
        "Where on an image a model sees what a phrase says: boxes, left, top, right and bottom as parts of the whole. "
        "It errs.",
        (parameters.IMAGE, parameters.PHRASE, parameters.NEW_TOKENS),
        _by_engine(GROUNDING),
    ),
    ImageTool(
        SEGMENTATION,
        "Where a model sees up to 14 structures on an image: area, middle, box and mean grey level of each. It errs.",
        (parameters.IMAGE, parameters.ORGAN_NAMES),
        _by_engine(SEGMENTATION),
    ),
)
