"""The reading of films by hand-made measures: on films that are drawn here, and on anything at all."""

from __future__ import annotations

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from PIL import Image, ImageDraw, ImageFilter

from clinseek_assets.benchmark.vocabularies import CHEXPERT_LABELS
from clinseek_assets.imaging.appearance import findings_seen


def film(
    *,
    heart: float = 0.44,
    mediastinum: float = 0.2,
    white: tuple[float, float, float, float] | None = None,
    disc: tuple[float, float, float] | None = None,
    line: tuple[tuple[float, float], tuple[float, float]] | None = None,
    size: tuple[int, int] = (400, 480),
) -> Image.Image:
    """A plain frontal chest: lungs, heart, spine, diaphragm; lengths as shares of the film."""
    width, height = size
    image = Image.new("L", size, 130)
    pen = ImageDraw.Draw(image)

    def box(left: float, top: float, right: float, bottom: float) -> tuple[float, float, float, float]:
        return left * width, top * height, right * width, bottom * height

    for left, right in ((0.12, 0.47), (0.53, 0.88)):
        pen.rounded_rectangle(box(left, 0.12, right, 0.76), radius=0.14 * width, fill=55)
    pen.ellipse(box(0.5 - 0.34 * heart * 0.76, 0.48, 0.5 + 0.66 * heart * 0.76, 0.82), fill=165)
    pen.rectangle(box(0.5 - mediastinum * 0.38, 0.08, 0.5 + mediastinum * 0.38, 0.5), fill=165)
    pen.rectangle(box(0.46, 0.0, 0.54, 1.0), fill=190)
    pen.ellipse(box(0.06, 0.7, 0.94, 1.5), fill=140)
    if white:
        pen.rectangle(box(*white), fill=120)
    if disc:
        x, y, radius = disc
        pen.ellipse(
            (
                x * width - radius * width,
                y * height - radius * width,
                (x + radius) * width,
                (y * height + radius * width),
            ),
            fill=130,
        )
    image = image.filter(ImageFilter.GaussianBlur(4))
    if line:
        points = [(x * width, y * height) for x, y in line]
        ImageDraw.Draw(image).line(points, fill=240, width=4)
    grain = numpy.random.default_rng(1).normal(0, 4, (height, width))
    return Image.fromarray((numpy.asarray(image) + grain).clip(0, 255).astype("uint8"))


PLAIN = findings_seen(film())


def test_a_plain_chest_shows_nothing() -> None:
    assert tuple(PLAIN) == CHEXPERT_LABELS
    assert PLAIN["No Finding"] > 0.5
    assert all(score < 0.5 for label, score in PLAIN.items() if label != "No Finding")


@pytest.mark.parametrize(
    ("label", "shown"),
    [
        ("Cardiomegaly", {"heart": 0.66}),
        ("Enlarged Cardiomediastinum", {"mediastinum": 0.5}),
        ("Atelectasis", {"white": (0.16, 0.63, 0.42, 0.66)}),
        ("Pleural Effusion", {"white": (0.1, 0.66, 0.36, 0.8)}),
        ("Consolidation", {"white": (0.18, 0.42, 0.36, 0.54)}),
        ("Lung Opacity", {"white": (0.16, 0.2, 0.4, 0.34)}),
        ("Lung Lesion", {"disc": (0.3, 0.33, 0.035)}),
        ("Support Devices", {"line": ((0.49, 0.0), (0.5, 0.33))}),
    ],
)
def test_what_is_drawn_is_seen(label: str, shown: dict[str, object]) -> None:
    seen = findings_seen(film(**shown))  # type: ignore[arg-type]
    assert seen[label] > 0.5 > PLAIN[label]
    if label != "Support Devices":
        assert seen["No Finding"] < 0.5


@pytest.mark.parametrize("size", [(200, 240), (1200, 1400), (480, 400)])
def test_the_film_s_size_matters_little(size: tuple[int, int]) -> None:
    seen = findings_seen(film(size=size))
    assert seen["No Finding"] > 0.5 and findings_seen(film(size=size, heart=0.66))["Cardiomegaly"] > 0.5


def test_colours_and_exposure_matter_little() -> None:
    darker = film(heart=0.66).point([value * 0.8 for value in range(256)]).convert("RGB")
    assert findings_seen(darker)["Cardiomegaly"] > 0.5


def test_the_same_film_gives_the_same_scores_and_is_left_as_it_was() -> None:
    image = film()
    before = image.tobytes()
    assert findings_seen(image) == findings_seen(image.copy()) == PLAIN
    assert image.tobytes() == before


@settings(max_examples=30)
@given(
    some.sampled_from(["L", "RGB", "1", "CMYK", "I;16", "RGBA"]),
    some.tuples(some.integers(1, 60), some.integers(1, 60)),
    some.integers(0, 255),
)
def test_any_image_at_all_has_scores(mode: str, size: tuple[int, int], shade: int) -> None:
    seen = findings_seen(Image.new("L", size, shade).convert(mode))
    assert tuple(seen) == CHEXPERT_LABELS and all(0 <= score <= 1 for score in seen.values())
