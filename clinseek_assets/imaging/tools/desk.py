"""What the image tools of one question work with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clinseek_assets.imaging.pictures import LinkedImage, PictureShelf
from clinseek_assets.imaging.tools.engines import Engine
from clinseek_assets.imaging.tools.references import meant
from clinseek_assets.records.tools.mistakes import Mistake


@dataclass(frozen=True)
class Desk:
    """The question's images, and who can read them.

    Attributes:
        shelf: prepares pictures.
        images: the question's, in the release's order.
        dicoms: the DICOM files of those that have one, by the image's number.
        engines: who runs each of the tools that a model does.
        qid_sha256: the hash under which ledgers name the question.
        seeing: whether the model under evaluation can be shown a picture.
    """

    shelf: PictureShelf
    images: tuple[LinkedImage, ...]
    dicoms: Mapping[int, Path]
    engines: Mapping[str, Engine]
    qid_sha256: str
    seeing: bool

    def image(self, given: Any) -> LinkedImage:
        """The image that a model names.

        Raises:
            Mistake: it is none of the question's.
        """
        return meant(given, self.images)

    def dicom(self, image: LinkedImage) -> Path:
        """The DICOM file of an image.

        Raises:
            Mistake: it has none.
        """
        if image.number not in self.dicoms:
            having = ", ".join(map(str, sorted(self.dicoms)))
            raise Mistake("not_found", f"Image {image.number} has no DICOM file here; these have one: {having}.")
        return self.dicoms[image.number]
