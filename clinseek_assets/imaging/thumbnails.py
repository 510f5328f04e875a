"""Small copies of linked images for their owner's eyes: made on request, in a private folder, used by nothing else."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from pathlib import Path

from PIL import Image

from clinseek_assets.imaging.pictures import LinkedImage
from clinseek_assets.storage.atomic import PRIVATE_FOLDER, private_folder, whole_file

EDGE = 160


def thumbnail_path(folder: Path, image: LinkedImage) -> Path:
    """Where the small copy of an image lies: its name is the content's hash and tells of no patient."""
    return folder / f"{image.sha256}.png"


def make_thumbnails(
    images: Sequence[LinkedImage], folder: Path, progress: Callable[[int, int], None] | None = None
) -> int:
    """Make the small copies (PNG, longest edge `EDGE`) that are not there yet; returns how many those were.

    Args:
        images: the linked images; two with the same content have one copy.
        folder: made where it is not there; readable by its owner only, also where it was not before.
        progress: told images done, and images in all.

    Raises:
        ImageFault: an image is not what was verified any more.
    """
    private_folder(folder).chmod(PRIVATE_FOLDER)
    made = 0
    for done, image in enumerate(images, 1):
        path = thumbnail_path(folder, image)
        if not path.exists():
            with whole_file(path) as temporary, Image.open(io.BytesIO(image.content())) as opened:
                opened.draft("L", (EDGE, EDGE))  # a coarse decode does for this
                opened.thumbnail((EDGE, EDGE), Image.Resampling.LANCZOS)
                opened.save(temporary, "PNG")
            made += 1
        if progress is not None:
            progress(done, len(images))
    return made
