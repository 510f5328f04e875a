"""Whether a file is a whole chest X-ray: opened and decoded to the last line, not judged by its name.

`draft` mode and `verify` of Pillow would be faster, but let damaged files pass.
"""

from __future__ import annotations

import hashlib
import io
import stat
import warnings
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from clinseek_assets.imaging.troubles import OK

# Some four times the largest image of MIMIC-CXR-JPG (about 15 million pixels, 8 MB).
MOST_PIXELS = 60_000_000
MOST_BYTES = 64_000_000
START_OF_IMAGE, END_OF_IMAGE = b"\xff\xd8", b"\xff\xd9"
PADDING = 1024
BLOCK, FILLER = 8, 128
DEEP_MODES = ("I", "F")
USUAL_MODES = ("L", "RGB")
# Markers of JPEG frames; the third byte after one is the number of bits a sample.
FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


@dataclass(frozen=True)
class Verified:
    """What a file proved to be.

    Attributes:
        status: `ok`, or a kind of `troubles.TROUBLES`.
        width, height: in pixels, where its header tells them.
        mode: Pillow's mode: `L` grey, `RGB` colour.
        bytes: its size; None where it cannot be read.
        sha256: of its content; None where it was not read.
    """

    status: str
    width: int | None = None
    height: int | None = None
    mode: str | None = None
    bytes: int | None = None
    sha256: str | None = None


def verify(path: Path) -> Verified:
    """Read and decode a file; never raises for what is wrong with it."""
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            return Verified("unreadable")
        if found.st_size > MOST_BYTES:
            return Verified("bomb", bytes=found.st_size)
        content = path.read_bytes()
    except FileNotFoundError:
        return Verified("missing")
    except OSError:
        return Verified("unreadable")
    return verify_content(content)


def verify_content(content: bytes) -> Verified:
    """Decode the content of a file; otherwise as `verify`."""
    sha256 = hashlib.sha256(content).hexdigest()
    if not content:
        return Verified("empty", bytes=0, sha256=sha256)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            image = Image.open(io.BytesIO(content))
    except Image.DecompressionBombError:
        return Verified("bomb", bytes=len(content), sha256=sha256)
    except Exception:  # beside `UnidentifiedImageError`, Pillow's parsers raise almost anything at a damaged header
        return Verified(_of_no_image(content), bytes=len(content), sha256=sha256)
    with image:
        width, height = image.size
        return Verified(_of_image(image, content), width, height, image.mode, len(content), sha256)


def _of_image(image: Image.Image, content: bytes) -> str:
    """What is wrong with an opened image, or `ok`: what its header claims comes first, then all pixels are decoded."""
    if image.size[0] * image.size[1] > MOST_PIXELS:
        return "bomb"
    if image.mode.startswith(DEEP_MODES):
        return "sixteen_bit"
    if image.format != "JPEG":
        return "wrong_type"
    if image.mode == "CMYK":
        return "cmyk"
    if image.mode not in USUAL_MODES:
        return "unreadable"
    if _without_end(content):
        return "truncated"
    try:
        image.load()
    except Exception as error:
        return "truncated" if "truncated" in str(error) else "unreadable"
    return "truncated" if _ends_in_filler(image) else OK


def _ends_in_filler(image: Image.Image) -> bool:
    """Whether the last blocks are what the decoder fills in where data ends early but an end mark follows.

    It fills in middle grey and only warns, which Pillow does not pass on. An X-ray's border is never exactly that.
    """
    width, height = image.size
    last_blocks = image.crop((0, max(0, height - BLOCK), width, height))
    return _all_filler(last_blocks) and not _all_filler(image)


def _all_filler(image: Image.Image) -> bool:
    extrema = image.getextrema()
    channels = extrema if isinstance(extrema[0], tuple) else (extrema,)
    return all(channel == (FILLER, FILLER) for channel in channels)


def _of_no_image(content: bytes) -> str:
    """What a content is that Pillow does not open: a JPEG of 12 or 16 bits, one cut in its header, or none at all."""
    if not content.startswith(START_OF_IMAGE):
        return "wrong_type"
    if (_bits_a_sample(content) or 0) > 8:
        return "sixteen_bit"
    return "truncated" if _without_end(content) else "unreadable"


def _without_end(content: bytes) -> bool:
    """Whether the mark that ends every JPEG is missing; some bytes may follow it."""
    return END_OF_IMAGE not in content[-PADDING:]


def _bits_a_sample(content: bytes) -> int | None:
    """Bits a sample by a JPEG's frame header; None where there is none."""
    position = 2
    while position + 4 < len(content) and content[position] == 0xFF:
        if content[position + 1] in FRAMES:
            return content[position + 4]
        position += 2 + int.from_bytes(content[position + 2 : position + 4], "big")
    return None
