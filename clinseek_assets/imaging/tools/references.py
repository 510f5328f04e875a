"""Which of a question's images a model means. Nothing but these images can be meant: no file of a model's choosing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from clinseek_assets.imaging.pictures import LinkedImage
from clinseek_assets.imaging.released_paths import PACKAGE_MARK
from clinseek_assets.records.tools.mistakes import Mistake, shortened

_NUMBER = re.compile(r"(?:image|picture|img|#)?[ _#]*(\d{1,6})(?:\.0*)?", re.ASCII | re.IGNORECASE)
_STUDY = re.compile(r"(?:study)?[ _]*s?(\d{1,18})", re.ASCII | re.IGNORECASE)
_ENDING = re.compile(r"\.(?:jpe?g|png|dcm)$", re.IGNORECASE)


def meant(given: Any, images: Sequence[LinkedImage]) -> LinkedImage:
    """The image that a model names by its number, its own id, its path as the release writes it, or its study.

    Args:
        given: what the model wrote.
        images: the question's.

    Raises:
        Mistake: none of them is meant, or more than one may be.
    """
    text = given.strip().strip("\"'`") if isinstance(given, str) else str(given)
    if (number := _NUMBER.fullmatch(text)) and 1 <= int(number[1]) <= len(images):
        return images[int(number[1]) - 1]
    known = [image for image in images if _is_named(text, image)]
    if not known and (study := _STUDY.fullmatch(text)):
        known = [image for image in images if image.study_id == int(study[1])]
    if len({image.sha256 for image in known}) == 1:
        return known[0]
    if known:
        numbers = ", ".join(str(image.number) for image in known)
        raise Mistake("bad_arguments", f"More than one image may be meant: give the number, one of {numbers}.")
    raise Mistake("not_found", f"«{shortened(text)}» is no image of this question. {listed(images)}")


def listed(images: Sequence[LinkedImage]) -> str:
    """A sentence with all images of the question."""
    told = "; ".join(f"{image.number} (study {image.study_id}, {image.dicom_id})" for image in images)
    return f"Its images, to be named by their numbers, are: {told}." if told else "It has no images."


def _is_named(text: str, image: LinkedImage) -> bool:
    """Whether a text is the image's id, or the whole of its released path with or without the package name."""
    package, _, rest = image.released_path.partition("/")
    paths = {image.released_path, rest if package.endswith(PACKAGE_MARK) else image.released_path}
    named = {image.dicom_id, *(_ENDING.sub("", path) for path in paths)}
    return _ENDING.sub("", text) in named
