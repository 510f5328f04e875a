"""A reading of a frontal chest X-ray without any model: what hand-made measures make of it.

For each of CheXpert's 14 labels a measure that a textbook of chest X-rays would name: the heart's width against the
thorax, whitened angles, a haze around the hila, bands above the diaphragm, a darker apex. Nothing is learnt: each
measure becomes a score by a fixed middle and slope, set by eye on synthetic films. It is a floor that looks at pixels,
not a classifier to rely on.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy
from PIL import Image
from scipy import ndimage

from clinseek_assets.imaging.chest_frame import ACROSS, DOWN, ChestView, Film, chest_view

SIDES = (-1, 1)
HALF = (ACROSS - 1) // 2
BAND, BAND_LENGTH = 5, 33  # points of the grid: a twentieth of a lung's height, half of its width
BAND_LIGHT = 0.1
NO_FINDING = "No Finding"
NOT_AGAINST_HEALTH = frozenset({"Support Devices"})


def findings_seen(image: Image.Image) -> dict[str, float]:
    """How much a frontal film looks like each label, 0 to 1; 0.5 is where seen and not seen part.

    Args:
        image: of any size and mode; a lateral film gives scores that mean nothing.

    Returns:
        CheXpert's 14 labels in their order. The same image always gives the same scores.
    """
    view = chest_view(image)
    scores = {label: sign.score(view) for label, sign in SIGNS.items()}
    worst = max(score for label, score in scores.items() if label not in NOT_AGAINST_HEALTH)
    return {label: 1.0 - worst if label == NO_FINDING else scores[label] for label in LABELS}


@dataclass(frozen=True)
class Sign:
    """How one label is seen.

    Attributes:
        measure: a number that grows with the finding.
        middle: where seen and not seen part.
        slope: how much of the measure takes a score from 0.5 to 0.73.
    """

    measure: Callable[[ChestView], float]
    middle: float
    slope: float

    def score(self, view: ChestView) -> float:
        """From 0 to 1."""
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, (self.measure(view) - self.middle) / self.slope))))


def heart_width(view: ChestView) -> float:
    """The heart's width as a share of the thorax."""
    return sum(_heart_edge(view, side) for side in SIDES) / 2


def mediastinum_width(view: ChestView) -> float:
    """The upper mediastinum's width as a share of the thorax."""
    return sum(_edge(view, side, 0.1, 0.34, inside=(0.16, 0.24), share=0.5) for side in SIDES) / 2


def whitened_angle(view: ChestView) -> float:
    """How much whiter an outer angle is than the lung above it, on the worse side."""
    return max(level.angle - 0.5 * (level.lower + min(level.middle, level.lower)) for level in _levels(view))


def hilar_haze(view: ChestView) -> float:
    """How much whiter the lungs are around the hila than at their edge, on the better side: edema is on both."""
    return min(_level(view, side, 0.26, 0.55, 0.3, 0.66) - _level(view, side, 0.72, 0.92, 0.3, 0.66) for side in SIDES)


def upper_haze(view: ChestView) -> float:
    """How much whiter an upper lung is than the lung below it or than the other upper lung."""
    left, right = _levels(view)
    return max(
        abs(left.upper - right.upper), *(level.upper - min(level.middle, level.lower) for level in (left, right))
    )


def middle_patch(view: ChestView) -> float:
    """How much whiter the middle of a lung is than what lies above or below it, on the worse side."""
    return max(level.middle - min(level.outer_upper, level.lower) for level in _levels(view))


def lower_patch(view: ChestView) -> float:
    """How much whiter a lower lobe is than the lung above it or than the angle below it, on the worse side."""
    return max(level.lower - min(level.middle, level.angle) for level in _levels(view))


def flat_bands(view: ChestView) -> float:
    """How plainly bright bands lie across a lower lung, beyond what ribs do higher up.

    A band counts by its length: what is bright and short, like an electrode, is cut to `BAND_LIGHT`.
    """
    ridges = numpy.minimum(_ridges(ndimage.gaussian_filter(view.fine, 1.0), BAND), BAND_LIGHT)
    banded = ChestView(ndimage.uniform_filter1d(ridges, BAND_LENGTH, axis=1), ridges)
    return max(
        float(banded.zone(side, 0.3, 0.92, 0.66, 1.08).max() - 0.5 * banded.zone(side, 0.3, 0.92, 0.15, 0.55).max())
        for side in SIDES
    )


def round_spot(view: ChestView) -> float:
    """How plainly a bright round spot of a nodule's size lies in an upper or middle lung."""
    spots = ndimage.gaussian_filter(view.fine, 3.0) - ndimage.gaussian_filter(view.fine, 6.5)
    spotted = ChestView(spots, spots)
    return max(float(spotted.zone(side, 0.32, 0.78, 0.1, 0.5).max()) for side in SIDES)


def darker_apex(view: ChestView) -> float:
    """How much darker the outer upper part of one lung is, against its inner part, than that of the other."""
    left, right = (
        _level(view, side, 0.62, 0.92, 0.12, 0.5) - _level(view, side, 0.3, 0.55, 0.2, 0.5) for side in SIDES
    )
    return abs(left - right)


def apical_cap(view: ChestView) -> float:
    """How much whiter the very top of one lung is than the lung below it."""
    return max(_level(view, side, 0.3, 0.65, 0.0, 0.1) - _level(view, side, 0.3, 0.65, 0.2, 0.36) for side in SIDES)


def whitened_wall(view: ChestView) -> float:
    """How much whiter the outer ribs of one side are than those of the other: a swelling, a step, callus."""
    left, right = (float(view.zone(side, 0.82, 0.98, 0.4, 0.72).mean()) for side in SIDES)
    return abs(left - right)


def thin_lines(view: ChestView) -> float:
    """How plainly thin bright lines run down the neck and the middle, or small bright dots lie on the chest."""
    narrow = view.fine - ndimage.uniform_filter1d(view.fine, 7, axis=1)
    runs = ndimage.uniform_filter1d(narrow, 15, axis=0)
    dots = ndimage.gaussian_filter(view.fine, 1.0) - ndimage.gaussian_filter(view.fine, 3.0)
    middle = slice(round(0.35 * ACROSS), round(0.65 * ACROSS))
    return max(float(runs[:, middle].max()), float(dots[: 2 * DOWN // 3].max()))


@dataclass(frozen=True)
class Levels:
    """Grey levels of one lung, clear of the heart: its upper part, as a whole and only the outer, and further down."""

    upper: float
    outer_upper: float
    middle: float
    lower: float
    angle: float


def _levels(view: ChestView) -> tuple[Levels, Levels]:
    left, right = (_levels_of(view, side) for side in SIDES)
    return left, right


def _levels_of(view: ChestView, side: int) -> Levels:
    inner = min(0.66, max(0.34, _heart_edge(view, side))) + 0.06
    return Levels(
        upper=_level(view, side, 0.3, 0.72, 0.12, 0.34),
        outer_upper=_level(view, side, inner, 0.9, 0.14, 0.34),
        middle=_level(view, side, inner, 0.9, 0.5, 0.68),
        lower=_level(view, side, inner, 0.9, 0.72, 0.88),
        angle=_level(view, side, max(inner, 0.6), 0.9, 0.9, 1.02),
    )


def _level(view: ChestView, side: int, inner: float, outer: float, top: float, bottom: float) -> float:
    return float(numpy.median(view.zone(side, inner, outer, top, bottom)))


def _heart_edge(view: ChestView, side: int) -> float:
    """How far out the heart reaches on one side: the middle one of its edges at several heights."""
    edges = [_edge(view, side, top, top + 0.06, inside=(0.2, 0.3), share=0.4) for top in (0.68, 0.74, 0.8, 0.86)]
    return float(numpy.median(edges))


def _edge(view: ChestView, side: int, top: float, bottom: float, *, inside: tuple[float, float], share: float) -> float:
    """How far out what lies in the middle reaches: where grey falls to `share` of the way from the lung to `inside`."""
    row = view.zone(side, 0.0, 1.0, top, bottom).mean(axis=0)
    lung = float(numpy.percentile(row[round(0.3 * HALF) :], 15))
    within = float(numpy.median(row[round(inside[0] * HALF) : round(inside[1] * HALF)]))
    dark = numpy.flatnonzero(row < lung + share * (within - lung))
    beyond = dark[dark > 0.12 * HALF]
    return float(beyond[0]) / HALF if len(beyond) else 1.0


def _ridges(film: Film, reach: int) -> Film:
    """How much brighter a point is than the brighter of its neighbours `reach` above and below; 0 where it is not."""
    ridges = numpy.zeros_like(film)
    middle = film[reach:-reach]
    ridges[reach:-reach] = numpy.clip(middle - numpy.maximum(film[: -2 * reach], film[2 * reach :]), 0, None)
    return ridges


SIGNS: dict[str, Sign] = {
    "Atelectasis": Sign(flat_bands, 0.05, 0.008),
    "Cardiomegaly": Sign(heart_width, 0.545, 0.02),
    "Consolidation": Sign(middle_patch, 0.13, 0.05),
    "Edema": Sign(hilar_haze, 0.2, 0.03),
    "Enlarged Cardiomediastinum": Sign(mediastinum_width, 0.36, 0.03),
    "Fracture": Sign(whitened_wall, 0.1, 0.03),
    "Lung Lesion": Sign(round_spot, 0.1, 0.02),
    "Lung Opacity": Sign(upper_haze, 0.14, 0.03),
    "Pleural Effusion": Sign(whitened_angle, 0.24, 0.05),
    "Pleural Other": Sign(apical_cap, 0.2, 0.05),
    "Pneumonia": Sign(lower_patch, 0.22, 0.06),
    "Pneumothorax": Sign(darker_apex, 0.09, 0.03),
    "Support Devices": Sign(thin_lines, 0.26, 0.03),
}
LABELS = tuple(sorted([*SIGNS, NO_FINDING]))
