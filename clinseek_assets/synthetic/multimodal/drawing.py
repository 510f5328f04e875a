"""X-ray-like pictures: a chest out of its proportions, what a study shows in it, exposure and noise. No text is drawn.

Soft shapes are drawn at half the size and enlarged, what is thin and grainy at full size: nothing is lost, and a
picture costs some hundredths of a second.
"""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy
from PIL import Image, ImageDraw, ImageFilter

from clinseek_assets.synthetic.multimodal.appearances import APPEARANCES, Canvas, Field, soft
from clinseek_assets.synthetic.multimodal.chest import Chest, heart_ratio, mediastinum_ratio
from clinseek_assets.synthetic.multimodal.findings import SUPPORT_DEVICES
from clinseek_assets.synthetic.multimodal.studies import Sight, Study
from clinseek_assets.synthetic.randomness import Dice

QUALITY = 88
SIDES = {"right": (-1,), "left": (1,), "both": (-1, 1), "middle": (1,)}

Size = tuple[int, int]
Point = tuple[float, float]


def film(chest: Chest, study: Study, size: Size, seed: int) -> bytes:
    """The study's frontal image as an 8-bit grey JPG of that width and height, without EXIF: always the same bytes."""
    out = io.BytesIO()
    draw(chest, study, size, seed).save(out, "JPEG", quality=QUALITY)
    return out.getvalue()


def draw(chest: Chest, study: Study, size: Size, seed: int) -> Image.Image:
    """The study's frontal image, in grey."""
    dice = Dice(f"{seed}/film/{study.dicom_id}")
    canvas = _canvas(chest, study, (size[0] // 2, size[1] // 2), dice)
    drawn = {sight.label: sight for sight in study.sights}
    for label, appear in APPEARANCES.items():
        if label in drawn:
            for side in SIDES[drawn[label].side]:
                appear(canvas, drawn[label].strength, side)
    density = numpy.asarray(Image.fromarray(canvas.density).resize(size, Image.Resampling.BICUBIC))
    if SUPPORT_DEVICES in drawn:
        density = density + _metal(drawn[SUPPORT_DEVICES], size, dice)
    return Image.fromarray(_exposed(density, study, dice), "L")


def _canvas(chest: Chest, study: Study, size: Size, dice: Dice) -> Canvas:
    """The chest without findings but for the widths of heart and mediastinum."""
    width, height = size
    shift, scale = dice.uniform(-0.03, 0.03), dice.uniform(0.96, 1.04)
    x = (numpy.linspace(-1, 1, width, dtype=numpy.float32)[None, :] - shift) * scale
    y = (numpy.linspace(0, 1, height, dtype=numpy.float32)[:, None] - dice.uniform(-0.015, 0.015)) * scale
    depth = dice.uniform(-0.02, 0.015) - 0.02 * (study.view == "AP")
    floor = _floor(chest, x, depth)
    lungs = _lungs(chest, x, y, floor)
    texture = _texture(chest, size, dice)
    density = _body(chest, x, y)
    density -= lungs * (0.44 + 0.03 * (study.view == "PA"))
    density += lungs * texture * (0.035 + 0.05 * numpy.exp(-((numpy.abs(x) / 0.4) ** 2)))
    density += _ribs(chest, x, y, study)
    density += _middle(chest, x, y, study)
    return Canvas(x, y, density.astype(numpy.float32), lungs, floor, texture, chest, dice)


def _body(chest: Chest, x: Field, y: Field) -> Field:
    """Soft tissue: shoulders above, flanks at the sides, the abdomen below; arms and air around."""
    shoulders = chest.thorax + 0.02 + 0.3 * numpy.clip(0.3 - y, 0, 1) - 0.9 * numpy.clip(0.06 - y, 0, 1)
    body = soft((shoulders + 0.1 + chest.flesh - numpy.abs(x)) * 40.0)
    breasts = chest.breasts * (
        numpy.exp(-(((numpy.abs(x) - 0.42) / 0.26) ** 4)) * numpy.exp(-(((y - 0.62) / 0.14) ** 4))
    )
    return body * (0.62 + chest.flesh + 0.1 * numpy.clip(y - 0.6, 0, 1)) + breasts


def _floor(chest: Chest, x: Field, depth: float) -> Field:
    """The diaphragm: two domes, the patient's right one higher, falling off to the angles."""
    dome = numpy.abs(numpy.abs(x) / chest.thorax - 0.45)
    return chest.base + depth - 0.02 * (x < 0) + 0.34 * dome**2


def _lungs(chest: Chest, x: Field, y: Field, floor: Field) -> Field:
    top = numpy.clip((y - chest.apex) / 0.5, 1e-3, 1.0)
    outer = chest.thorax * (0.42 + 0.58 * numpy.sqrt(1.0 - (1.0 - top) ** 2))
    inner = 0.1 + 0.08 * numpy.clip((y - 0.3) / 0.4, 0, 1)
    inside = soft((outer - numpy.abs(x)) * 60.0) * soft((numpy.abs(x) - inner) * 50.0)
    return (inside * soft((y - chest.apex) * 90.0) * soft((floor - y) * 110.0)).astype(numpy.float32)


def _texture(chest: Chest, size: Size, dice: Dice) -> Field:
    """Vessels as coarse noise: mostly the person's own, a little different in every study."""
    shape = (size[1] // 5, size[0] // 5)
    own = numpy.random.default_rng(chest.seed).standard_normal(shape, dtype=numpy.float32)
    new = numpy.random.default_rng(dice.getrandbits(48)).standard_normal(shape, dtype=numpy.float32)
    return numpy.asarray(Image.fromarray(0.5 * own + 0.3 * new).resize(size, Image.Resampling.BICUBIC))


def _ribs(chest: Chest, x: Field, y: Field, study: Study) -> Field:
    """Ribs as arcs, behind and before; on a broken side they step at the break. Clavicles above."""
    away = numpy.abs(x)
    phase = chest.ribs * (y - chest.slope * away**1.6)
    broken = study.present.get("Fracture")
    if broken:
        for side in SIDES[broken.side]:
            beyond = soft((x * side - 0.78 * chest.thorax) * 60.0) * ((y > 0.33) & (y < 0.6))
            phase = phase + 0.45 * broken.strength * beyond
    behind = numpy.maximum(0.0, numpy.cos(2 * numpy.pi * phase)) ** 3
    before = numpy.maximum(0.0, numpy.cos(2 * numpy.pi * (chest.ribs * 0.8 * (y + 1.3 * chest.slope * away)))) ** 4
    within = soft((chest.thorax + 0.03 - away) * 40.0) * (away > 0.1) * soft((y - 0.06) * 30.0) * soft((0.9 - y) * 20.0)
    clavicle = numpy.exp(-(((y - 0.13 + 0.1 * away) / 0.014) ** 2)) * ((away > 0.12) & (away < 0.85))
    return within * (0.085 * behind + 0.035 * before) + 0.14 * clavicle


def _middle(chest: Chest, x: Field, y: Field, study: Study) -> Field:
    """Spine, mediastinum, hila, heart, and what of them lies over the lungs."""
    straight = x - chest.lean * (y - 0.5)
    spine = numpy.exp(-((straight / 0.085) ** 4)) * (0.2 + 0.03 * numpy.cos(2 * numpy.pi * 18 * y))
    half = mediastinum_ratio(chest, study) * chest.thorax
    upper = soft((half - numpy.abs(straight)) * 45.0) * soft((0.5 - y) * 30.0) * soft((y - 0.04) * 40.0)
    width = heart_ratio(chest, study) * 2 * chest.thorax
    # A third of the heart lies to the patient's right of the midline, the rest to the left.
    middle, radius = width / 2 - 0.34 * width, width / 2
    round_part = ((straight - middle) / radius) ** 2 + ((y - (chest.base - 0.12)) / (0.1 + 0.13 * width)) ** 2
    heart = soft((1.0 - round_part) * 9.0)
    trachea = numpy.exp(-((straight / 0.045) ** 4)) * soft((0.3 - y) * 50.0)
    hila = numpy.exp(-(((numpy.abs(x) - 0.2) / 0.08) ** 2)) * numpy.exp(-(((y - 0.42) / 0.06) ** 2))
    return spine + 0.26 * upper + 0.36 * heart * soft((0.9 - y) * 20.0) + 0.09 * hila - 0.11 * trachea


def _metal(sight: Sight, size: Size, dice: Dice) -> Field:
    """Lines, tubes and leads at full size."""
    layer = Image.new("L", size, 0)
    pen = ImageDraw.Draw(layer)
    for device in sight.devices:
        _DEVICES[device](pen, size, dice)
    blurred = layer.filter(ImageFilter.GaussianBlur(size[0] / 500))
    return numpy.asarray(blurred, dtype=numpy.float32) * (0.0026 * (0.7 + 0.5 * sight.strength))


def _line(pen: ImageDraw.ImageDraw, size: Size, points: Sequence[Point], thick: float, grey: int) -> None:
    pixels = [((x + 1) / 2 * size[0], y * size[1]) for x, y in points]
    pen.line(pixels, fill=grey, width=max(1, round(thick * size[0])), joint="curve")


def _dot(pen: ImageDraw.ImageDraw, size: Size, middle: Point, radius: float, grey: int) -> None:
    x, y, r = (middle[0] + 1) / 2 * size[0], middle[1] * size[1], radius * size[0]
    pen.ellipse((x - r, y - r, x + r, y + r), fill=grey)


def _endotracheal_tube(pen: ImageDraw.ImageDraw, size: Size, dice: Dice) -> None:
    tip = dice.uniform(0.25, 0.31)
    for x in (-0.02, 0.02):
        _line(pen, size, [(x - 0.02, 0.0), (x, 0.12), (x, tip)], 0.008, 150)
    _line(pen, size, [(0.0, 0.0), (0.0, tip)], 0.016, 60)


def _enteric_tube(pen: ImageDraw.ImageDraw, size: Size, dice: Dice) -> None:
    bend = dice.uniform(0.15, 0.3)
    _line(pen, size, [(0.03, 0.0), (0.05, 0.4), (0.06, 0.7), (bend * 0.6, 0.82), (bend, 0.9)], 0.011, 140)


def _central_line(pen: ImageDraw.ImageDraw, size: Size, dice: Dice) -> None:
    neck, tip = dice.uniform(-0.3, -0.2), dice.uniform(0.38, 0.46)
    _line(pen, size, [(neck, 0.0), (neck + 0.05, 0.12), (-0.15, 0.22), (-0.13, tip)], 0.011, 150)


def _monitor_leads(pen: ImageDraw.ImageDraw, size: Size, dice: Dice) -> None:
    for x, y in ((-0.55, 0.2), (0.55, 0.2), (0.6, 0.66), (-0.58, 0.64)):
        place = (x + dice.uniform(-0.06, 0.06), y + dice.uniform(-0.03, 0.03))
        _dot(pen, size, place, 0.021, 190)
        _line(pen, size, [place, (place[0] * 0.7, place[1] + 0.12), (0.12, 0.98)], 0.006, 90)


_DEVICES = {
    "endotracheal tube": _endotracheal_tube,
    "enteric tube": _enteric_tube,
    "central venous line": _central_line,
    "cardiac monitor leads": _monitor_leads,
}


def _exposed(density: Field, study: Study, dice: Dice) -> numpy.ndarray:
    """Density to grey levels: exposure and contrast differ from study to study, and the beam is grainy."""
    gain, contrast = dice.uniform(0.9, 1.08), dice.uniform(0.9, 1.15)
    light = numpy.clip(density, 0.0, 1.35) / 1.35
    grain = numpy.random.default_rng(dice.getrandbits(48)).standard_normal(density.shape, dtype=numpy.float32)
    grey = 255.0 * gain * light**contrast + (3.5 + 2.5 * (study.view == "AP")) * grain
    return numpy.clip(grey, 0, 255).astype(numpy.uint8)
