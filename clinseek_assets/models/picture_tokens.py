"""How many tokens a picture takes, as far as that can be told before an endpoint has counted.

Providers count by pixels: Anthropic's documentation gives width × height / 750, and no more than about 1,600, since it
makes larger pictures smaller; Qwen's models take one token for 28 × 28 pixels (784), OpenAI's a number of tiles that
comes to less. So the first rule without its ceiling stands for all of them. It is an estimate from above for most.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from math import ceil

from PIL import Image, UnidentifiedImageError

from clinseek_assets.records.tools.specs import Picture

PIXELS_A_TOKEN = 750
LEAST = 64  # tokens of the smallest picture: its caption, and the marks around it
LARGEST = (1568, 1568)  # pixels; what a picture counts as whose header cannot be read


def tokens_of_size(width: int, height: int) -> int:
    """The tokens of a picture of so many pixels, as it is sent."""
    return LEAST + ceil(width * height / PIXELS_A_TOKEN)


def tokens_of_sent(width: int, height: int, longest_edge: int) -> int:
    """The tokens of a file of so many pixels that is made smaller before it is sent.

    Args:
        width, height: of the file.
        longest_edge: the pixels of the longer side beyond which it is made smaller.
    """
    scale = min(1.0, longest_edge / max(width, height, 1))
    return tokens_of_size(round(width * scale), round(height * scale))


def tokens_of_pictures(pictures: Iterable[Picture]) -> int:
    """The tokens of pictures as they are sent; only the headers of the files are read."""
    return sum(tokens_of_size(*_size(picture.data)) for picture in pictures)


def _size(data: bytes) -> tuple[int, int]:
    try:
        with Image.open(io.BytesIO(data)) as image:
            return image.size
    except (UnidentifiedImageError, OSError, Image.DecompressionBombError):
        return LARGEST
