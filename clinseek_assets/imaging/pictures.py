"""What is sent of a question's X-rays: at most four JPEGs in the release's order, each with a caption.

Source of the limits: the published drivers (longest edge 1568 by Lanczos, quality 90, four images); there the rest
vanishes, here a note says so. Captions are ours.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas
from PIL import Image

from clinseek_assets.benchmark.questions import Question
from clinseek_assets.imaging.troubles import OK, ImageFault
from clinseek_assets.records.tools.specs import Picture
from clinseek_assets.storage.atomic import whole_file
from clinseek_assets.storage.fingerprint import of_bytes, of_parts

LONGEST_EDGE = 1568
QUALITY = 90
MOST_PICTURES = 4
PREPARATION = f"edge {LONGEST_EDGE}, lanczos, jpeg {QUALITY}, grey stays grey"


@dataclass(frozen=True)
class LinkedImage:
    """One usable image of a question.

    Attributes:
        number: 1-based place among the question's images.
        of: how many images the question has.
        released_path: as the manifest writes it.
        path: its file.
        sha256: of the file's content when it was verified.
        subject_id, study_id, dicom_id: whose it is, of which study, and its own name.
        study_time: when it was taken, as text; "" where that is not known.
        dataset: whose question links it.
    """

    number: int
    of: int
    released_path: str
    path: Path
    sha256: str
    subject_id: int
    study_id: int
    dicom_id: str
    study_time: str
    dataset: str

    @property
    def caption(self) -> str:
        """The line before the picture: its number, its study and when it was taken."""
        return f"Image {self.number} of {self.of}: study {self.study_id}{self.study_time and f', {self.study_time}'}"

    def content(self) -> bytes:
        """The file's content, if it is still what was verified.

        Raises:
            ImageFault: it cannot be read any more, or was changed since.
        """
        try:
            content = self.path.read_bytes()
        except OSError:
            raise ImageFault("unreadable", f"image {self.number} of a question") from None
        if of_bytes(content) != self.sha256:
            raise ImageFault("changed", f"image {self.number} of a question")
        return content


@dataclass(frozen=True)
class QuestionPictures:
    """What a model is shown of a question's images.

    Attributes:
        pictures: in the release's order, at most `MOST_PICTURES`.
        left_out: how many more the question links.
        note: a sentence about those; "" where there are none.
        sha256: over all of it: a part of an answer's identity.
    """

    pictures: tuple[Picture, ...]
    left_out: int
    note: str
    sha256: str


class PictureShelf:
    """The pictures of questions. May be shared by threads and processes: prepared copies lie in a private folder.

    Args:
        links: the frame of `image_links`.
        copies: the folder of prepared copies; named by content, they serve all models and arms.
    """

    def __init__(self, links: pandas.DataFrame, copies: Path) -> None:
        self._copies = copies
        self._images: dict[str, list[LinkedImage]] = {}
        self._troubles: dict[str, ImageFault] = {}
        for qid, rows in links.sort_values(["row_number", "position"], kind="stable").groupby("qid", sort=False):
            self._put(str(qid), rows.to_dict("records"))

    def _put(self, qid: str, rows: list[dict[Any, Any]]) -> None:
        for row in rows:
            if row["status"] != OK:
                where = f"row {row['row_number']} of the manifest, image {row['position']}"
                self._troubles[qid] = ImageFault(row["status"], where)
                return
        self._images[qid] = [_linked(row, len(rows)) for row in rows]

    def trouble(self, question: Question) -> ImageFault | None:
        """Why the question cannot be shown with its images; None where it can."""
        if question.qid not in self._images and question.image_paths:
            return self._troubles.get(question.qid) or ImageFault(
                "missing", f"row {question.row_number} of the manifest"
            )
        return None

    def images(self, question: Question) -> tuple[LinkedImage, ...]:
        """All images of a question in the release's order.

        Raises:
            ImageFault: one of them is not as it should be, so that the question cannot be asked.
        """
        if fault := self.trouble(question):
            raise fault
        return tuple(self._images.get(question.qid, ()))

    def sha256(self, question: Question) -> str:
        """What `of(question).sha256` is, without a picture being prepared.

        Raises:
            ImageFault: as `images`.
        """
        images = self.images(question)
        return of_parts(
            [PREPARATION, _note(images), *(part for one in _shown(images) for part in (one.sha256, one.caption))]
        )

    def of(self, question: Question) -> QuestionPictures:
        """The pictures of a question, prepared as they are sent.

        Raises:
            ImageFault: as `images`, or a file is not what was verified any more.
        """
        images = self.images(question)
        pictures = tuple(Picture(self.prepared(image), image.caption) for image in _shown(images))
        return QuestionPictures(pictures, len(images) - len(pictures), _note(images), self.sha256(question))

    def copy_of(self, image: LinkedImage) -> Path:
        """Where the prepared copy of an image lies, once it was made."""
        return self._copies / f"{of_parts([image.sha256, PREPARATION])}.jpg"

    def prepared(self, image: LinkedImage) -> bytes:
        """An image as it is sent: from its copy, or made now.

        Raises:
            ImageFault: the file is not what was verified any more.
        """
        copy = self.copy_of(image)
        try:
            return copy.read_bytes()
        except FileNotFoundError:
            prepared = prepare(image.content())
            with whole_file(copy) as temporary:
                temporary.write_bytes(prepared)
            return prepared


def prepare(content: bytes) -> bytes:
    """An image's file as the JPEG that is sent: grey or RGB, never enlarged, no metadata."""
    with Image.open(io.BytesIO(content)) as image:
        return encode(image)


def encode(image: Image.Image) -> bytes:
    """A picture as the JPEG that is sent; see `prepare`."""
    shown = image if image.mode in ("L", "RGB") else image.convert("RGB")
    scale = LONGEST_EDGE / max(shown.size)
    if scale < 1:
        width, height = (max(1, round(edge * scale)) for edge in shown.size)
        shown = shown.resize((width, height), Image.Resampling.LANCZOS)
    file = io.BytesIO()
    shown.save(file, "JPEG", quality=QUALITY, exif=b"", icc_profile=None, comment=b"")
    return file.getvalue()


def _linked(row: Mapping[Any, Any], of: int) -> LinkedImage:
    time = row["study_time"]
    return LinkedImage(
        number=row["position"],
        of=of,
        released_path=row["released_path"],
        path=Path(row["path"]),
        sha256=row["sha256"],
        subject_id=row["subject_id"],
        study_id=int(row["study_id"]),
        dicom_id=row["dicom_id"],
        study_time="" if pandas.isna(time) else f"{time:%Y-%m-%d %H:%M:%S}",
        dataset=row["dataset"],
    )


def _shown(images: tuple[LinkedImage, ...]) -> tuple[LinkedImage, ...]:
    return images[:MOST_PICTURES]


def _note(images: tuple[LinkedImage, ...]) -> str:
    more = len(images) - MOST_PICTURES
    if more <= 0:
        return ""
    are = "image is" if more == 1 else "images are"
    return f"[{more} more linked {are} not shown: a question shows its first {MOST_PICTURES} at most.]"
