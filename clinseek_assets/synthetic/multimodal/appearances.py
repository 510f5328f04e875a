"""What each finding does to the picture of a chest: one function a finding, over coarse fields of density.

A field holds how much of the beam is stopped: 0 is air, 1 is bone or metal. Coordinates: x from -1 (the image's left,
the patient's right) to 1, y from 0 (top) to 1. A function gets the canvas, the strength and the side (-1 the patient's
right, 1 the left) and changes `canvas.density` in place.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy
from numpy.typing import NDArray

from clinseek_assets.synthetic.multimodal.chest import Chest
from clinseek_assets.synthetic.multimodal.studies import PRESENT_FROM
from clinseek_assets.synthetic.randomness import Dice

Field = NDArray[numpy.floating[Any]]


@dataclass
class Canvas:
    """A picture while it is drawn.

    Attributes:
        x, y: the coordinates of its points; a row and a column.
        density: the field that is drawn on.
        lungs: 1 within the lungs, 0 outside, soft at the edge.
        floor: the height of the diaphragm at each x.
        texture: noise of the grain of lung vessels, about -1 to 1.
        chest: whose it is.
        dice: for what varies between studies.
    """

    x: Field
    y: Field
    density: Field
    lungs: Field
    floor: Field
    texture: Field
    chest: Chest
    dice: Dice

    def blob(self, x: float, y: float, wide: float, high: float) -> Field:
        """A soft round spot: 1 at its middle."""
        across = numpy.exp(-(((self.x - x) / wide) ** 2))
        return across * numpy.exp(-(((self.y - y) / high) ** 2))

    def disc(self, x: float, y: float, radius: float, edge: float = 0.25) -> Field:
        """A round spot with an edge; the radius is a share of the half width."""
        distance = numpy.sqrt((self.x - x) ** 2 + (2.3 * (self.y - y)) ** 2) / radius
        return soft((1.0 - distance) / edge)

    def near(self, low: float, high: float) -> float:
        """A number that varies between studies."""
        return self.dice.uniform(low, high)


def soft(value: Field) -> Field:
    """From 0 to 1 as the value passes from far below zero to far above: the logistic function, cheaply."""
    return 0.5 + 0.5 * value / (1.0 + numpy.abs(value))


def shade(least: float, more: float, strength: float) -> float:
    """How dense a finding is: from `least` on for what is there for sure, fainter below; `more` with its strength."""
    return least * min(1.0, strength / PRESENT_FROM) + more * strength


Appearance = Callable[[Canvas, float, int], None]


def atelectasis(canvas: Canvas, strength: float, side: int) -> None:
    """Flat bands above a raised diaphragm."""
    x = side * 0.42 * canvas.chest.thorax / 0.78
    y = canvas.chest.base - canvas.near(0.07, 0.11)
    tilt = side * canvas.near(0.02, 0.08)
    line = canvas.y - y - tilt * (canvas.x - x)
    across = numpy.exp(-(((canvas.x - x) / 0.3) ** 4))
    bands = numpy.exp(-((line / 0.014) ** 2)) + 0.8 * numpy.exp(-(((line - 0.05) / 0.012) ** 2))
    canvas.density += (
        shade(0.11, 0.15, strength) * across * (bands + 0.7 * numpy.exp(-((line / 0.07) ** 2))) * canvas.lungs
    )


def consolidation(canvas: Canvas, strength: float, side: int) -> None:
    """A dense patch in the mid lung."""
    y = canvas.near(0.44, 0.52)
    patch = canvas.blob(side * canvas.near(0.36, 0.46), y, 0.22, 0.085)
    patch = soft((patch - 0.42 + 0.12 * canvas.texture) * 9.0)
    canvas.density += shade(0.12, 0.2, strength) * patch * canvas.lungs


def edema(canvas: Canvas, strength: float, side: int) -> None:
    """A haze that spreads from both hila."""
    haze = canvas.blob(-0.3, 0.45, 0.32, 0.2) + canvas.blob(0.3, 0.45, 0.32, 0.2)
    canvas.density += shade(0.06, 0.14, strength) * haze * canvas.lungs * (1.0 + 0.2 * canvas.texture)


def fracture(canvas: Canvas, strength: float, side: int) -> None:
    """Callus and swelling where ribs are broken; the step in the ribs themselves is made as they are drawn."""
    edge = side * canvas.chest.thorax
    for y in (0.38, 0.46, 0.54):
        knot = canvas.disc(edge * canvas.near(0.86, 0.92), y + canvas.near(-0.012, 0.012), 0.075)
        canvas.density += shade(0.08, 0.17, strength) * knot
    canvas.density += shade(0.05, 0.1, strength) * canvas.blob(edge * 0.95, 0.46, 0.08, 0.14)


def lung_lesion(canvas: Canvas, strength: float, side: int) -> None:
    """A round nodule with a sharp edge."""
    x, y = side * canvas.near(0.34, 0.46), canvas.near(0.28, 0.34)
    canvas.density += shade(0.14, 0.2, strength) * canvas.disc(x, y, 0.07 + 0.07 * strength, edge=0.12)


def lung_opacity(canvas: Canvas, strength: float, side: int) -> None:
    """A vague haze in the upper lung."""
    haze = canvas.blob(side * canvas.near(0.32, 0.42), canvas.near(0.23, 0.28), 0.26, 0.09)
    canvas.density += shade(0.08, 0.15, strength) * haze * canvas.lungs * (1.0 + 0.2 * canvas.texture)


def pleural_effusion(canvas: Canvas, strength: float, side: int) -> None:
    """Fluid that rises along the wall and blunts the angle."""
    outward = canvas.x * side / canvas.chest.thorax
    level = canvas.chest.base + 0.06 - 0.17 * strength - 0.1 * numpy.clip(outward - 0.35, 0, 1) ** 2 / 0.35
    fluid = soft((canvas.y - level) * 60.0) * (outward > 0.0)
    canvas.density += shade(0.14, 0.26, strength) * fluid * canvas.lungs


def pleural_other(canvas: Canvas, strength: float, side: int) -> None:
    """A thick cap over the apex of the lung."""
    x = side * 0.4 * canvas.chest.thorax
    cap = canvas.blob(x, canvas.chest.apex + 0.025, 0.26, 0.045)
    canvas.density += shade(0.16, 0.2, strength) * soft((cap - 0.35) * 8.0) * (canvas.x * side > 0.05)


def pneumonia(canvas: Canvas, strength: float, side: int) -> None:
    """Patches in the lower lobe, mottled by air in the bronchi."""
    area = canvas.blob(side * canvas.near(0.32, 0.42), canvas.near(0.6, 0.64), 0.24, 0.09)
    mottled = soft((area - 0.35 + 0.35 * canvas.texture) * 7.0)
    canvas.density += shade(0.14, 0.22, strength) * mottled * soft((area - 0.1) * 14.0) * canvas.lungs


def pneumothorax(canvas: Canvas, strength: float, side: int) -> None:
    """Air without vessels beyond a fine line, at the apex and along the wall."""
    x = side * (0.36 - 0.02 * strength) * canvas.chest.thorax / 0.78
    y = canvas.chest.apex + 0.36 + 0.06 * strength
    wide, high = 0.36 - 0.1 * strength, 0.3 - 0.08 * strength
    outside = numpy.sqrt(((canvas.x - x) / wide) ** 2 + ((canvas.y - y) / high) ** 2) - 1.0
    air = soft(outside * 22.0) * canvas.lungs * (canvas.x * side > 0.08) * soft((y + 0.04 - canvas.y) * 30.0)
    line = numpy.exp(-((outside / 0.03) ** 2)) * canvas.lungs * (canvas.y < y) * (canvas.x * side > 0.1)
    canvas.density += shade(0.1, 0.0, strength) * line - shade(0.1, 0.12, strength) * air


# Heart and mediastinum are drawn at their width, and devices as lines: see `drawing`.
APPEARANCES: dict[str, Appearance] = {
    "Lung Opacity": lung_opacity,
    "Edema": edema,
    "Consolidation": consolidation,
    "Pneumonia": pneumonia,
    "Atelectasis": atelectasis,
    "Lung Lesion": lung_lesion,
    "Pneumothorax": pneumothorax,
    "Pleural Other": pleural_other,
    "Fracture": fracture,
    "Pleural Effusion": pleural_effusion,
}
