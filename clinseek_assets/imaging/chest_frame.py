"""Where the chest is on a frontal X-ray, and the film brought into its own coordinates.

No model and no training: walls, midline, apices and diaphragm are where grey levels change most, looked for where they
lie on any frontal film. What cannot be found stays at its usual place.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

WIDTH, HEIGHT = 208, 248  # at which films are looked at; finer grain is of no use here
ACROSS, DOWN = 121, 121  # points of the chest's own grid
LOWEST = 1.2  # the grid reaches below the dome of the diaphragm, into the angles

Film = NDArray[numpy.float32]


@dataclass(frozen=True)
class Frame:
    """The chest on a film; lengths in pixels of WIDTH × HEIGHT.

    Attributes:
        middle: the column of the spine.
        left_wall, right_wall: the columns of the ribs' outer edge on the image's left and right.
        apex, dome: the rows of the lungs' top and of the diaphragm's dome.
    """

    middle: float
    left_wall: float
    right_wall: float
    apex: float
    dome: float


@dataclass(frozen=True)
class ChestView:
    """A film in the chest's own coordinates.

    Attributes:
        grey: DOWN × ACROSS; columns run from the image's left wall (-1) over the spine (0) to the right one (1), rows
            from the apices (0) over the dome (1) to `LOWEST`. Grey levels are shares of the belly's: lungs are below 1.
        fine: the same without smoothing.
    """

    grey: Film
    fine: Film

    def zone(self, side: int, inner: float, outer: float, top: float, bottom: float, *, fine: bool = False) -> Film:
        """A part of one side, its columns from the spine outwards.

        Args:
            side: -1 the image's left, 1 its right.
            inner, outer: how far from the spine, 0 to 1.
            top, bottom: how far below the apices, 0 to `LOWEST`.
            fine: whether without smoothing.
        """
        film = self.fine if fine else self.grey
        half = (ACROSS - 1) // 2
        rows = slice(round(top / LOWEST * (DOWN - 1)), round(bottom / LOWEST * (DOWN - 1)) + 1)
        columns = [half + side * step for step in range(round(inner * half), round(outer * half) + 1)]
        return film[rows][:, columns]


def chest_view(image: Image.Image) -> ChestView:
    """The chest on a frontal film, whatever its size and mode."""
    film = _levelled(image)
    soft = ndimage.gaussian_filter(film, 2.0)
    frame = find_frame(soft)
    belly = max(float(numpy.median(_belly(soft, frame))), 0.05)
    return ChestView(_in_frame(soft, frame) / belly, _in_frame(film, frame) / belly)


def find_frame(soft: Film) -> Frame:
    """The frame of a film of HEIGHT × WIDTH that was smoothed."""
    profile = ndimage.gaussian_filter1d(soft[HEIGHT // 4 : HEIGHT // 2].mean(axis=0), 2.0)
    middle = _brightest(profile, 0.4, 0.6)
    left = _wall(profile[:middle][::-1])
    right = _wall(profile[middle:])
    left_wall, right_wall = middle - left, middle + right
    columns = [middle - 0.55 * left, middle + 0.55 * right]
    tops, domes = zip(*(_top_and_dome(_column(soft, column)) for column in columns), strict=True)
    return Frame(middle, left_wall, right_wall, float(numpy.mean(tops)), float(max(domes)))


def _levelled(image: Image.Image) -> Film:
    """The film in grey, 0 to 1, in the size at which it is looked at."""
    small = image.convert("L").resize((WIDTH, HEIGHT), Image.Resampling.BOX, reducing_gap=2.0)
    return (numpy.asarray(small, dtype="float32") / 255).astype("float32")


def _brightest(profile: Film, start: float, end: float) -> int:
    first = round(start * len(profile))
    return first + int(numpy.argmax(profile[first : round(end * len(profile))]))


def _wall(outwards: Film) -> float:
    """How far out the wall is: where it gets bright most steeply beyond the darkest lung."""
    size = WIDTH / 2
    darkest = round(0.3 * size) + int(numpy.argmin(outwards[round(0.3 * size) : round(0.66 * size)]))
    beyond = numpy.gradient(outwards[darkest : round(0.97 * size)])
    if len(beyond) < 4 or beyond.max() <= 0:
        return 0.8 * size
    return float(darkest + int(numpy.argmax(beyond)))


def _column(soft: Film, column: float) -> Film:
    place = round(min(max(column, 3), WIDTH - 4))
    return ndimage.gaussian_filter1d(soft[:, place - 3 : place + 4].mean(axis=1), 2.0)


def _top_and_dome(column: Film) -> tuple[float, float]:
    """The rows where a lung begins and ends: the steepest fall of grey above its middle, the steepest rise below."""
    change = numpy.gradient(column)
    top = int(numpy.argmin(change[round(0.03 * HEIGHT) : round(0.3 * HEIGHT)])) + round(0.03 * HEIGHT)
    dome = int(numpy.argmax(change[round(0.5 * HEIGHT) : round(0.92 * HEIGHT)])) + round(0.5 * HEIGHT)
    return float(top), float(dome)


def _belly(soft: Film, frame: Frame) -> Film:
    """Below the diaphragm, beside the spine."""
    row = min(round(frame.dome + 0.06 * HEIGHT), HEIGHT - 8)
    width = frame.right_wall - frame.left_wall
    left = soft[row:, round(frame.middle - 0.35 * width) : round(frame.middle - 0.12 * width)]
    right = soft[row:, round(frame.middle + 0.12 * width) : round(frame.middle + 0.35 * width)]
    return numpy.concatenate([left.ravel(), right.ravel()])


def _in_frame(film: Film, frame: Frame) -> Film:
    across = numpy.interp(numpy.linspace(-1, 1, ACROSS), [-1, 0, 1], [frame.left_wall, frame.middle, frame.right_wall])
    down = frame.apex + numpy.linspace(0, LOWEST, DOWN) * (frame.dome - frame.apex)
    places = numpy.meshgrid(down, across, indexing="ij")
    view: Film = ndimage.map_coordinates(film, places, order=1, mode="nearest")
    return view
