"""The linked X-rays of one question as they were sent: their prepared copies, where they are there."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas

from clinseek_assets.benchmark.questions import Question
from clinseek_assets.imaging.pictures import PictureShelf
from clinseek_assets.imaging.troubles import ImageFault
from clinseek_assets.locations.layout import Layout
from clinseek_assets.storage.fingerprint import of_file

IMAGES = "image_links"
NAME = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class ShownPicture:
    """One linked image.

    Attributes:
        caption: its number, study and time.
        name: of its prepared copy, without `.jpg`; None where none was made yet.
        sha256: of that copy: by it an exchange names the picture.
    """

    caption: str
    name: str | None
    sha256: str | None


@dataclass(frozen=True)
class ShownPictures:
    """The linked images of a question, or why they cannot be shown."""

    pictures: Sequence[ShownPicture] = ()
    trouble: str = ""


def pictures_of(layout: Layout, question: Question) -> ShownPictures:
    """The pictures of a question; empty where it links none."""
    if not question.image_paths:
        return ShownPictures()
    links = layout.links(IMAGES, question.task)
    if not links.is_file():
        return ShownPictures(trouble="The linked images were not looked for yet: materialize image_links first.")
    shelf = PictureShelf(pandas.read_parquet(links, filters=[("qid", "==", question.qid)]), layout.prepared_images)
    try:
        images = shelf.images(question)
    except ImageFault as fault:
        return ShownPictures(trouble=str(fault))
    return ShownPictures([_shown(image.caption, shelf.copy_of(image)) for image in images])


def copy_named(layout: Layout, name: str) -> Path | None:
    """The prepared copy of that name; None where the name is none, or nothing is there."""
    path = layout.prepared_images / f"{name}.jpg"
    return path if NAME.fullmatch(name) and path.is_file() else None


def _shown(caption: str, copy: Path) -> ShownPicture:
    there = copy.is_file()
    return ShownPicture(caption, copy.stem if there else None, of_file(copy) if there else None)
