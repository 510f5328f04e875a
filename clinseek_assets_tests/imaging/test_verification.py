"""Every kind of damage, made for real, is called by its name."""

from __future__ import annotations

import io
import os
from pathlib import Path

import numpy
import pytest
from PIL import Image

from clinseek_assets.imaging.verification import MOST_BYTES, verify, verify_content
from clinseek_assets.storage.fingerprint import of_bytes
from clinseek_assets_tests.imaging.films import encoded, grey, put

FILM = encoded(grey(200, 240))
COLOUR = encoded(grey(200, 240).convert("RGB"))
PROGRESSIVE = encoded(grey(200, 240), progressive=True)
END = b"\xff\xd9"
DEEP = encoded(Image.fromarray(numpy.arange(6000, dtype="uint16").reshape(60, 100)), "PNG")


def claiming(width: int, height: int, bits: int = 8) -> bytes:
    """The film with another header."""
    frame = FILM.index(b"\xff\xc0")
    header = bytes([bits]) + height.to_bytes(2, "big") + width.to_bytes(2, "big")
    return FILM[: frame + 4] + header + FILM[frame + 9 :]


@pytest.mark.parametrize("content", [FILM, COLOUR, PROGRESSIVE, FILM + b"\0\0", encoded(Image.new("L", (64, 64), 128))])
def test_whole_films_are_described(content: bytes) -> None:
    verified = verify_content(content)
    opened = Image.open(io.BytesIO(content))
    assert (verified.status, verified.width, verified.height) == ("ok", *opened.size)
    assert (verified.mode, verified.bytes, verified.sha256) == (opened.mode, len(content), of_bytes(content))


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("empty", b""),
        ("truncated", FILM[: len(FILM) // 2]),
        ("truncated", FILM[:-2]),
        ("truncated", FILM[:100]),
        ("truncated", FILM[:3]),
        ("truncated", PROGRESSIVE[: len(PROGRESSIVE) // 2]),
        ("truncated", FILM[: len(FILM) // 2] + END),  # decoders fill in the rest without a word
        ("truncated", COLOUR[: len(COLOUR) // 2] + END),
        ("wrong_type", encoded(grey(), "PNG")),
        ("wrong_type", encoded(grey(), "BMP")),
        ("wrong_type", b"<!DOCTYPE html><html><title>403 Forbidden</title></html>"),
        ("wrong_type", b"\x1f\x8b\x08 a gzip"),
        ("bomb", claiming(65_500, 65_500)),
        ("bomb", claiming(12_000, 12_000)),
        ("cmyk", encoded(grey().convert("CMYK"))),
        ("sixteen_bit", DEEP),
        ("sixteen_bit", claiming(200, 240, bits=12)),
        ("sixteen_bit", encoded(Image.fromarray(numpy.arange(6000, dtype="uint16").reshape(60, 100)), "TIFF")),
    ],
)
def test_what_is_wrong_is_named(kind: str, content: bytes) -> None:
    assert verify_content(content).status == kind


def test_a_file_that_is_no_file_or_is_not_there(tmp_path: Path) -> None:
    assert verify(tmp_path / "none.jpg").status == "missing"
    assert verify(tmp_path).status == "unreadable"
    os.mkfifo(tmp_path / "pipe.jpg")  # would be waited for without end
    assert verify(tmp_path / "pipe.jpg").status == "unreadable"


def test_a_file_that_is_far_too_large_is_not_read(tmp_path: Path) -> None:
    with (path := tmp_path / "large.jpg").open("wb") as file:
        file.truncate(MOST_BYTES + 1)
    assert (verify(path).status, verify(path).sha256) == ("bomb", None)


def test_damaged_bytes_never_raise(tmp_path: Path) -> None:
    random = numpy.random.default_rng(3)
    for _ in range(60):
        content = bytearray(FILM[:2000] + FILM[-2000:])
        for place in random.integers(2, 700, 8):
            content[place] = int(random.integers(0, 256))
        assert verify(put(tmp_path / "film.jpg", bytes(content))).status
