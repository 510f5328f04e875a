"""`image_visualizer`: an image drawn again, larger, in part, or in other shades.

Source of the parameters: the published tool (image_path, title, description, figsize, cmap), whose picture no model
ever saw. `region` and `window` are ours; without them drawing an image again would tell nothing new.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

import numpy
from PIL import Image, ImageOps

from clinseek_assets.imaging.pictures import LONGEST_EDGE, encode
from clinseek_assets.records.tools.mistakes import Mistake, shortened, suggestion

PIXELS_AN_INCH = 100
AS_IT_IS = ("rgb", "gray", "grey")
INVERTED = ("gray_r", "grey_r", "inverted")
SMALLEST_REGION = 0.02
USUAL = "Usual ones are rgb, gray, gray_r, bone, viridis, hot and jet."


@dataclass(frozen=True)
class View:
    """How an image is to be drawn.

    Attributes:
        figsize: width and height of the space to fill, in inches of `PIXELS_AN_INCH`; proportions are kept.
        cmap: `rgb` or `gray` (as it is), `gray_r` (inverted), or a colour map of matplotlib.
        region: left, top, right and bottom as parts of the whole, 0 to 1.
        window: the grey levels, 0 to 255, that become black and white.
    """

    figsize: tuple[float, float] = (10.0, 10.0)
    cmap: str = "rgb"
    region: tuple[float, float, float, float] = (0.0, 0.0, 1.0, 1.0)
    window: tuple[float, float] = (0.0, 255.0)


def draw(content: bytes, view: View) -> bytes:
    """The picture, a JPEG as it is sent.

    Args:
        content: the image's file; a region is cut out of it in its full resolution.

    Raises:
        Mistake: there is no such colour map.
    """
    with Image.open(io.BytesIO(content)) as opened:
        image = _cut(opened, view.region)
    image = _windowed(image, view.window)
    image = _coloured(image, view.cmap)
    width, height = (min(LONGEST_EDGE, max(1, round(inches * PIXELS_AN_INCH))) for inches in view.figsize)
    return encode(ImageOps.contain(image, (width, height), Image.Resampling.LANCZOS))


def _cut(image: Image.Image, region: tuple[float, float, float, float]) -> Image.Image:
    width, height = image.size
    left, top = int(region[0] * width), int(region[1] * height)
    return image.crop((left, top, max(left + 1, round(region[2] * width)), max(top + 1, round(region[3] * height))))


def _windowed(image: Image.Image, window: tuple[float, float]) -> Image.Image:
    dark, bright = window
    if (dark, bright) == (0.0, 255.0):
        return image
    levels = numpy.clip((numpy.arange(256) - dark) / (bright - dark), 0, 1) * 255
    return image.point(numpy.tile(levels.round().astype(int), len(image.getbands())).tolist())


def _coloured(image: Image.Image, cmap: str) -> Image.Image:
    name = cmap.strip()
    if name.casefold() in AS_IT_IS:
        return image
    if name.casefold() in INVERTED:
        return ImageOps.invert(image)
    shades: Any = _colour_map(name)(numpy.asarray(image.convert("L")), bytes=True)
    return Image.fromarray(shades[..., :3])


def _colour_map(name: str) -> Any:
    from matplotlib import colormaps  # takes a while, and most calls need none

    by_folded = {known.casefold(): known for known in colormaps}
    if name.casefold() not in by_folded:
        hint = suggestion(name.casefold(), by_folded)
        raise Mistake("bad_arguments", f"There is no cmap «{shortened(name)}».{hint} {USUAL}")
    return colormaps[by_folded[name.casefold()]]
