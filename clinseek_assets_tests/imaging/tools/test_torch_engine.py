"""The optional extra: absent without a word of harm, and right where it is installed (its weights made up here)."""

from __future__ import annotations

import importlib.util
import io
from pathlib import Path

import numpy
import pytest
from PIL import Image

from clinseek_assets.imaging.tools import torch_engine
from clinseek_assets.imaging.tools.engines import Unavailable
from clinseek_assets.imaging.tools.names import CLASSIFIER, SEGMENTATION
from clinseek_assets.imaging.tools.parameters import ORGANS
from clinseek_assets.imaging.tools.torch_engine import WEIGHTS, TorchXRayVision, installed_engine, missing_pieces
from clinseek_assets_tests.imaging.films import encoded, grey, put

FILM = encoded(grey(400, 500))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The place of weights, in a home of our own."""
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path / ".torchxrayvision" / "models_data"


@pytest.fixture
def package_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: found("json" if name == "torchxrayvision" else name))


def test_without_the_package_nothing_is_offered_and_the_mend_told(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert installed_engine() is None
    assert "clinseek-assets[imaging]" in missing_pieces()[0]


@pytest.mark.usefixtures("package_is_there")
def test_only_tools_whose_weights_are_here_are_offered(folder: Path) -> None:
    assert installed_engine() is None
    assert [line.split()[0] for line in missing_pieces()] == [CLASSIFIER, SEGMENTATION]
    put(folder / WEIGHTS[CLASSIFIER], b"weights")
    engine = installed_engine()
    assert engine is not None and engine.tools == {CLASSIFIER}
    assert len(missing_pieces()) == 1 and WEIGHTS[SEGMENTATION] in missing_pieces()[0]


def test_a_model_that_cannot_be_loaded_is_told(folder: Path) -> None:
    engine = TorchXRayVision({CLASSIFIER: put(folder / WEIGHTS[CLASSIFIER], b"no weights")})
    with pytest.raises(Unavailable, match="cannot be run here"):
        engine.read(CLASSIFIER, FILM, {}, "h")


class Segmenter:
    """Plays the segmentation: the heart is what is bright, the rest is nothing."""

    targets = ORGANS


def test_boxes_are_those_of_the_image_before_it_was_made_square(monkeypatch: pytest.MonkeyPatch) -> None:
    image = Image.new("L", (400, 800), 20)
    image.paste(200, (100, 600, 300, 800))

    def bright(model: Segmenter, square: Image.Image) -> numpy.ndarray:
        assert square.size == (512, 512)
        logits = numpy.full((len(ORGANS), 512, 512), -9.0)
        logits[ORGANS.index("Heart")] = numpy.where(numpy.asarray(square) > 100, 9.0, -9.0)
        return logits

    monkeypatch.setattr(torch_engine, "_run", bright)
    reading = torch_engine.READERS[SEGMENTATION](Segmenter(), image, {"organs": ("Heart", "Aorta")})
    assert list(reading.output["structures"]) == ["Heart", "Aorta"]
    heart = reading.output["structures"]["Heart"]
    assert heart["box"] == pytest.approx([0.25, 0.75, 0.75, 1.0], abs=0.01)
    assert heart["area"] == pytest.approx(0.125, abs=0.005) and heart["middle"] == pytest.approx([0.5, 0.875], abs=0.01)
    assert heart["mean_grey"] == pytest.approx(200, abs=5) and heart["score"] > 0.95
    assert reading.output["structures"]["Aorta"] is None
    assert reading.picture is not None
    shown = Image.open(io.BytesIO(reading.picture))
    assert shown.size == image.size and shown.getpixel((200, 100)) == (20, 20, 20)
    assert shown.getpixel((200, 700)) != (200, 200, 200)


def test_the_classifier_s_image_is_made_fit_and_its_findings_ranked(monkeypatch: pytest.MonkeyPatch) -> None:
    class Classifier:
        pathologies = ("Edema", "", "Mass")

    def fixed(model: Classifier, square: Image.Image) -> numpy.ndarray:
        assert square.size == (224, 224)
        return numpy.array([0.25, 0.9, 0.5])

    monkeypatch.setattr(torch_engine, "_run", fixed)
    reading = torch_engine.READERS[CLASSIFIER](Classifier(), grey(400, 500), {})
    assert list(reading.output["probabilities"].items()) == [("Mass", 0.5), ("Edema", 0.25)]


def test_the_real_package_runs_both_tools(folder: Path) -> None:
    torch, xrv = pytest.importorskip("torch"), pytest.importorskip("torchxrayvision")
    folder.mkdir(parents=True)
    torch.save(xrv.models.DenseNet(num_classes=18), folder / WEIGHTS[CLASSIFIER])
    network = xrv.baseline_models.chestx_det.pspnet(14)
    torch.save(
        {f"module.{name}": value for name, value in network.state_dict().items()}, folder / WEIGHTS[SEGMENTATION]
    )
    engine = installed_engine()
    assert engine is not None and engine.tools == {CLASSIFIER, SEGMENTATION} and missing_pieces() == []
    probabilities = engine.read(CLASSIFIER, FILM, {}, "h").output["probabilities"]
    assert len(probabilities) == 18 and all(0 <= value <= 1 for value in probabilities.values())
    reading = engine.read(SEGMENTATION, FILM, {"organs": ("Heart",)}, "h")
    assert list(reading.output["structures"]) == ["Heart"] and reading.picture is not None
