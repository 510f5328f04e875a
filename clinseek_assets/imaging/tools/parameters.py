"""The parameters of the image tools, and how what a model sends is read."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

from clinseek_assets.imaging.tools.dicom import Window
from clinseek_assets.imaging.tools.visualizer import SMALLEST_REGION
from clinseek_assets.records.tools.parameters import TEXT, TEXT_OR_TEXTS, Parameter, as_text, as_words

IMAGE_SCHEMA = {"type": ["string", "integer"]}
NUMBER_SCHEMA = {"type": "number"}
MOST_INCHES = 100.0
MOST_NEW_TOKENS = 2_000
WHICH = "Which image: its number in the captions, for example 1, its id, or its linked path."
ORGANS = (
    "Left Clavicle",
    "Right Clavicle",
    "Left Scapula",
    "Right Scapula",
    "Left Lung",
    "Right Lung",
    "Left Hilus Pulmonis",
    "Right Hilus Pulmonis",
    "Heart",
    "Aorta",
    "Facies Diaphragmatica",
    "Mediastinum",
    "Weasand",
    "Spine",
)
"""The 14 structures that the published segmentation tool knows, by their names there."""


def as_number(value: Any) -> float:
    """A finite number, also where it was written as a text."""
    try:
        number = float(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else math.nan
    except (ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        raise ValueError("a number")
    return number


def as_width(value: Any) -> float:
    """The width of a window: a number above 0."""
    if (number := as_number(value)) <= 0:
        raise ValueError("a number above 0")
    return number


def as_tokens(value: Any) -> int:
    """A whole number of tokens."""
    number = as_number(value)
    if not (number.is_integer() and 1 <= number <= MOST_NEW_TOKENS):
        raise ValueError(f"a whole number from 1 to {MOST_NEW_TOKENS}")
    return int(number)


def as_figsize(value: Any) -> tuple[float, float]:
    """Width and height in inches."""
    sides = _numbers(value, 2, "[width, height] in inches, for example [10, 10]")
    if not all(0 < side <= MOST_INCHES for side in sides):
        raise ValueError(f"[width, height] in inches, each above 0 and at most {MOST_INCHES:g}")
    return sides[0], sides[1]


def as_region(value: Any) -> tuple[float, float, float, float]:
    """Left, top, right and bottom as parts of the whole."""
    form = "[left, top, right, bottom] as parts of the whole from 0 to 1, for example [0.5, 0, 1, 0.5]"
    left, top, right, bottom = _numbers(value, 4, form)
    least = SMALLEST_REGION
    if not (0 <= left < right <= 1 and 0 <= top < bottom <= 1 and right - left >= least and bottom - top >= least):
        raise ValueError(f"{form}, at least {least:g} wide and high")
    return left, top, right, bottom


def as_grey_levels(value: Any) -> tuple[float, float]:
    """The grey levels that become black and white."""
    form = "[darkest, brightest] as grey levels from 0 to 255, for example [40, 160]"
    dark, bright = _numbers(value, 2, form)
    if not 0 <= dark < bright <= 255:
        raise ValueError(form)
    return dark, bright


def as_organs(value: Any) -> tuple[str, ...]:
    """Names of structures, each as it is spelled in `ORGANS`."""
    by_folded = {organ.casefold(): organ for organ in ORGANS}
    named = [by_folded.get(word.casefold()) for word in as_words(value)]
    organs = [organ for organ in named if organ is not None]
    if len(organs) < len(named):
        raise ValueError(f"names out of {', '.join(ORGANS)}")
    return tuple(organs)


def _numbers(value: Any, count: int, form: str) -> list[float]:
    if isinstance(value, str):
        try:
            value = json.loads(value.strip().replace("(", "[").replace(")", "]"))
        except (ValueError, RecursionError):
            raise ValueError(form) from None
    if not isinstance(value, list | tuple) or len(value) != count:
        raise ValueError(form)
    try:
        return [as_number(one) for one in value]
    except ValueError:
        raise ValueError(form) from None


def as_anything(value: Any) -> Any:
    """What names an image is looked up among the question's images (`references`)."""
    return value


def _list_of(count: int) -> dict[str, Any]:
    return {"type": "array", "items": NUMBER_SCHEMA, "minItems": count, "maxItems": count}


def _optional(name: str, description: str, schema: Any, read: Callable[[Any], Any]) -> Parameter:
    return Parameter(name, description, schema, read, required=False)


IMAGE = Parameter("image_path", WHICH, IMAGE_SCHEMA, as_anything)
DICOM_IMAGE = Parameter("dicom_path", WHICH, IMAGE_SCHEMA, as_anything)
TITLE = _optional("title", "A title for the picture.", TEXT, as_text)
DESCRIPTION = _optional("description", "A line about what it is to show.", TEXT, as_text)
FIGSIZE = _optional(
    "figsize", "[width, height] in inches of 100 pixels, [10, 10] if not given.", _list_of(2), as_figsize
)
CMAP = _optional("cmap", "rgb (as it is, if not given), gray_r (inverted), bone, viridis, …", TEXT, as_text)
REGION = _optional(
    "region",
    "Only a part, enlarged: [left, top, right, bottom] from 0 to 1, for example [0, 0.5, 0.5, 1].",
    _list_of(4),
    as_region,
)
GREY_LEVELS = _optional(
    "window", "More contrast: [darkest, brightest], grey levels from 0 to 255.", _list_of(2), as_grey_levels
)
CENTER = _optional("window_center", "The value in the middle of the window.", NUMBER_SCHEMA, as_number)
WIDTH = _optional("window_width", "How many values lie between black and white.", NUMBER_SCHEMA, as_width)
PHRASE = Parameter("phrase", "The finding to look for, for example left pleural effusion.", TEXT, as_text)
NEW_TOKENS = _optional("max_new_tokens", "The longest answer, 300 if not given.", {"type": "integer"}, as_tokens)
ORGAN_NAMES = _optional("organs", f"Only these structures, out of: {', '.join(ORGANS)}.", TEXT_OR_TEXTS, as_organs)


def window_of(given: dict[str, Any]) -> Window | None:
    """The window that a call asks for; None where it names none.

    Raises:
        ValueError: only one of its two numbers is given.
    """
    center, width = given.get(CENTER.name), given.get(WIDTH.name)
    if (center is None) != (width is None):
        raise ValueError("window_center and window_width are given together or not at all")
    return None if center is None or width is None else Window(center, width)
