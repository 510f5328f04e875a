"""The image tools as a model uses them: what is offered, which image is meant, what comes back."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as some
from PIL import Image

from clinseek_assets.imaging.tools.engines import Reading, Unavailable
from clinseek_assets.imaging.tools.names import (
    CLASSIFIER,
    DICOM,
    GROUNDING,
    IMAGE_TOOLS,
    MODEL_TOOLS,
    REPORT,
    SEGMENTATION,
    VISUALIZER,
)
from clinseek_assets.imaging.tools.references import meant
from clinseek_assets.records.tools.mistakes import Mistake
from clinseek_assets.records.tools.specs import Picture
from clinseek_assets_tests.imaging.films import PREFIX, SUBJECT, encoded, grey, put
from clinseek_assets_tests.imaging.tools.conftest import Ward


@dataclass
class Scripted:
    """An engine that answers what it is told to."""

    tools: frozenset[str] = frozenset(MODEL_TOOLS)
    reading: Reading | Unavailable = field(default_factory=lambda: Reading({"Edema": 0.7}))
    version: str = "scripted"
    asked: list[tuple[str, bytes, Mapping[str, Any], str]] = field(default_factory=list)

    def read(self, tool: str, image: bytes, arguments: Mapping[str, Any], qid_sha256: str) -> Reading:
        self.asked.append((tool, image, arguments, qid_sha256))
        if isinstance(self.reading, Unavailable):
            raise self.reading
        return self.reading


def opened(picture: Picture) -> Image.Image:
    image = Image.open(io.BytesIO(picture.data))
    image.load()
    return image


def names(ward: Ward, *engines: Scripted, seeing: bool = True) -> list[str]:
    return [spec.name for spec in ward.tools(*engines, seeing=seeing).specs]


def test_what_is_not_there_is_not_offered(ward: Ward) -> None:
    assert names(ward) == [VISUALIZER]
    assert names(ward, Scripted(frozenset({CLASSIFIER}))) == [VISUALIZER, CLASSIFIER]
    assert names(ward, Scripted(), seeing=False) == list(MODEL_TOOLS)
    assert names(ward, seeing=False) == []
    assert ward.tools().call(CLASSIFIER, {"image_path": 1}).problem == "unknown_tool"


def test_with_everything_there_the_published_six_are_offered_in_order(ward_with_dicom: Ward) -> None:
    assert names(ward_with_dicom, Scripted()) == list(IMAGE_TOOLS)
    published = {
        VISUALIZER: ["image_path", "title", "description", "figsize", "cmap"],
        DICOM: ["dicom_path", "window_center", "window_width"],
        CLASSIFIER: ["image_path"],
        REPORT: ["image_path"],
        GROUNDING: ["image_path", "phrase", "max_new_tokens"],
        SEGMENTATION: ["image_path", "organs"],
    }
    for spec in ward_with_dicom.tools(Scripted()).specs:
        wanted = published[spec.name]
        assert list(spec.parameters["properties"])[: len(wanted)] == wanted
        json.dumps(spec.parameters)


@pytest.mark.parametrize(
    "said",
    [2, "2", 2.0, "Image 2", "image_2", "#2", f"{2:08x}-0-0-0-0", f"{2:08x}-0-0-0-0.jpg"],
)
def test_an_image_is_meant_by_its_number_or_its_id(ward: Ward, said: object) -> None:
    assert meant(said, ward.shelf.images(ward.question)).number == 2


def test_an_image_is_meant_by_its_path_or_by_its_study_where_that_has_only_one(ward: Ward) -> None:
    images = ward.shelf.images(ward.question)
    path = ward.question.image_paths[1]
    assert meant(path, images).number == meant(path.removeprefix(f"{PREFIX.split('/')[0]}/"), images).number == 2
    assert meant("study 7", images).number == meant("s7", images).number == 3
    with pytest.raises(Mistake, match="More than one"):
        meant(str(images[0].study_id), images)


@given(
    some.one_of(some.text(), some.integers(), some.floats(), some.none(), some.lists(some.text(max_size=3), max_size=2))
)
def test_no_file_of_a_model_s_choosing_is_ever_meant(said: object) -> None:
    with pytest.raises(Mistake) as raised:
        meant(said, ())
    assert raised.value.problem == "not_found"


def test_files_on_this_disk_cannot_be_named(ward: Ward) -> None:
    other = put(ward.root / "files/p19/p19990002/s1/other.jpg")
    tools = ward.tools()
    for said in (str(other), str(ward.path(1)), "../other.jpg", "/etc/passwd", "files", "file:///etc/passwd", 0, 4, -1):
        reply = tools.call(VISUALIZER, {"image_path": said})
        assert (reply.problem, reply.pictures) == ("not_found", ())
        assert "1 (study" in reply.text


def test_a_picture_is_drawn_again(ward: Ward) -> None:
    reply = ward.tools().call(VISUALIZER, {"image_path": 1, "title": "Left base"})
    assert reply.problem is None and len(reply.pictures) == 1
    assert reply.pictures[0].caption.startswith("Image 1 of 3: study") and "Left base" in reply.pictures[0].caption
    assert opened(reply.pictures[0]).size == (833, 1000)


def test_a_region_is_cut_out_in_full_resolution(ward: Ward) -> None:
    pixels = numpy.zeros((3000, 2000), dtype="uint8")
    pixels[:1500:2, 1000:] = 255  # lines that vanish in any smaller copy
    put(ward.path(1), encoded(Image.fromarray(pixels), quality=95))
    arguments = {"image_path": 1, "region": [0.9, 0.1, 1.0, 0.15], "figsize": [15, 15]}
    reply = ward.tools().call(VISUALIZER, arguments)
    shown = numpy.asarray(opened(reply.pictures[0]), dtype="int16")
    assert numpy.percentile(shown, 90) - numpy.percentile(shown, 10) > 150


def test_shades_and_contrast(ward: Ward) -> None:
    put(ward.path(1), encoded(Image.fromarray(numpy.tile(numpy.arange(256, dtype="uint8"), (256, 1))), quality=100))

    def row(**arguments: object) -> numpy.ndarray:
        reply = ward.tools().call(VISUALIZER, {"image_path": 1, "figsize": [2.56, 2.56], **arguments})
        return numpy.asarray(opened(reply.pictures[0]), dtype="int16")[128]

    assert abs(row() - numpy.arange(256)).max() <= 6
    assert abs(row(cmap="gray_r") - numpy.arange(255, -1, -1)).max() <= 6
    stretched = row(window=[100, 200])
    assert stretched[:95].max() < 12 and stretched[206:].min() > 243 and 110 < stretched[150] < 145
    assert row(cmap="viridis").shape == (256, 3)


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"image_path": 1, "cmap": "no such map"},
        {"image_path": 1, "region": [0, 0, 2, 1]},
        {"image_path": 1, "region": [0.5, 0.5, 0.5, 0.5]},
        {"image_path": 1, "region": "somewhere"},
        {"image_path": 1, "window": [200, 100]},
        {"image_path": 1, "figsize": [0, 10]},
        {"image_path": 1, "figsize": [1e9, float("nan")]},
        {"image_path": 1, "path": "/etc/passwd"},
    ],
)
def test_what_a_model_gets_wrong_is_told(ward: Ward, arguments: dict[str, object]) -> None:
    reply = ward.tools().call(VISUALIZER, arguments)
    assert (reply.problem, reply.pictures) == ("bad_arguments", ())


def test_lists_that_were_written_as_texts_are_read(ward: Ward) -> None:
    reply = ward.tools().call(VISUALIZER, {"image_path": "1", "figsize": "[4, 4]", "region": "(0, 0, 1, 0.5)"})
    assert opened(reply.pictures[0]).size == (400, 240)


def test_an_engine_is_given_the_picture_as_it_is_sent_and_nothing_of_the_patient(ward: Ward) -> None:
    engine = Scripted()
    tools = ward.tools(engine)
    reply = tools.call(GROUNDING, {"image_path": 2, "phrase": "effusion", "max_new_tokens": "50"})
    assert reply.problem is None and '{"Edema": 0.7}' in reply.text and "Image 2 of 3" in reply.text
    ((tool, image, arguments, _),) = engine.asked
    assert (tool, arguments) == (GROUNDING, {"phrase": "effusion", "max_new_tokens": 50})
    assert image == ward.shelf.of(ward.question).pictures[1].data
    assert str(SUBJECT).encode() not in image
    tools.call(SEGMENTATION, {"image_path": 2, "organs": ["heart", "LEFT LUNG"]})
    assert engine.asked[-1][2] == {"organs": ("Heart", "Left Lung")}
    assert tools.call(SEGMENTATION, {"image_path": 2, "organs": ["spleen"]}).problem == "bad_arguments"


def test_the_first_of_two_engines_runs_a_tool(ward: Ward) -> None:
    first, second = Scripted(frozenset({CLASSIFIER})), Scripted()
    ward.tools(first, second).call(CLASSIFIER, {"image_path": 1})
    ward.tools(first, second).call(REPORT, {"image_path": 1})
    assert ([one[0] for one in first.asked], [one[0] for one in second.asked]) == ([CLASSIFIER], [REPORT])


def test_an_engine_s_picture_is_encoded_anew(ward: Ward) -> None:
    large = encoded(grey(2000, 400), "PNG", pnginfo=None)
    engine = Scripted(reading=Reading("boxes", large))
    reply = ward.tools(engine).call(GROUNDING, {"image_path": 1, "phrase": "x"})
    assert opened(reply.pictures[0]).size == (1568, 314) and opened(reply.pictures[0]).format == "JPEG"
    blind = ward.tools(engine, seeing=False).call(GROUNDING, {"image_path": 1, "phrase": "x"})
    assert blind.pictures == () and "cannot be shown" in blind.text
    damaged = Scripted(reading=Reading("boxes", large[:200]))
    reply = ward.tools(damaged).call(GROUNDING, {"image_path": 1, "phrase": "x"})
    assert reply.pictures == () and "cannot be read" in reply.text and '"boxes"' in reply.text


def test_an_engine_that_gives_nothing_and_one_that_gives_too_much(ward: Ward) -> None:
    down = ward.tools(Scripted(reading=Unavailable("Down.")))
    assert down.call(REPORT, {"image_path": 1}).problem == "unavailable"
    long = ward.tools(Scripted(reading=Reading("x" * 30_000))).call(REPORT, {"image_path": 1})
    assert len(long.text) < 21_000 and "10002 more characters are not shown" in long.text


def test_an_image_that_changed_since_is_told(ward: Ward) -> None:
    tools = ward.tools()
    put(ward.path(1), encoded(grey(seed=50)))
    assert tools.call(VISUALIZER, {"image_path": 1}).problem == "unavailable"


def test_the_version_tells_engines_and_offers_apart(ward: Ward, ward_with_dicom: Ward) -> None:
    versions = {
        ward.tools(seeing=False).version,
        ward.tools().version,
        ward.tools(Scripted()).version,
        ward.tools(Scripted(version="other")).version,
    }
    assert len(versions) == 4 and ward.tools().version in versions
