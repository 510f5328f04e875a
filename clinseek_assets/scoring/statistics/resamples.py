"""The seeded draws that all models, arms and columns of a split share: resampled patients, and flipped signs.

Shared draws make figures of one split comparable draw by draw, and a figure does not depend on which others are
computed beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy

DRAWS = 10_000
SEED = 20_260_101
_BLOCK = 1_000  # draws made at once: bounds the memory that making them takes


@dataclass(frozen=True)
class Resamples:
    """Draws over the patients of a split.

    Attributes:
        counts: patients × draws: how often a patient is in a draw of as many patients with replacement.
        signs: patients × draws: −1 or 1, fair and independent.
    """

    counts: numpy.ndarray
    signs: numpy.ndarray

    def blocks(self) -> list[slice]:
        """The draws in blocks that fit memory once they are floats."""
        draws = self.signs.shape[1]
        return [slice(start, min(start + _BLOCK, draws)) for start in range(0, draws, _BLOCK)]


@lru_cache(maxsize=1)
def resamples(patients: int, draws: int = DRAWS) -> Resamples:
    """The draws for a number of patients; the same numbers give the same draws."""
    random = numpy.random.default_rng([SEED, patients, draws])
    counts = numpy.empty((patients, draws), dtype=numpy.uint8)  # no patient is in a draw 256 times but by a miracle
    for start in range(0, draws, _BLOCK):
        size = min(_BLOCK, draws - start)
        chosen = random.integers(0, patients, size=(size, patients), dtype=numpy.int32)
        place = chosen * size + numpy.arange(size, dtype=numpy.int32)[:, None]
        made = numpy.bincount(place.ravel(), minlength=patients * size)
        counts[:, start : start + size] = made.reshape(patients, size)
    signs = random.integers(0, 2, size=(patients, draws), dtype=numpy.int8) * numpy.int8(2) - numpy.int8(1)
    return Resamples(counts, signs)
