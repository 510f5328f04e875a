"""The classifier and the segmentation of the optional `imaging` extra: torchxrayvision, in this process.

Source of the models: the published tools' own (DenseNet121 res224 «all», ChestX-Det PSPNet). Here an image is brought
to a model's size before it goes in, boxes are those of the image as it was, and a structure's score is the mean over
the structure and not over the whole image. Nothing is ever downloaded: weights that are not on this disk are not used.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import io
import threading
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy
from PIL import Image, ImageOps

from clinseek_assets.imaging.tools.engines import Reading, Unavailable
from clinseek_assets.imaging.tools.names import CLASSIFIER, SEGMENTATION
from clinseek_assets.storage.fingerprint import of_value

PACKAGE = "torchxrayvision"
WEIGHTS = {
    CLASSIFIER: "nih-pc-chex-mimic_ch-google-openi-kaggle-densenet121-d121-tw-lr001-rot45-tr15-sc15-seed0-best.pt",
    SEGMENTATION: "pspnet_chestxray_best_model_4.pth",
}
"""Where the package looks for them: `~/.torchxrayvision/models_data/`."""
CLASSIFIER_EDGE, SEGMENTATION_EDGE = 224, 512
LIKELY = 0.5
SHADES = ((230, 80, 60), (60, 140, 230), (90, 190, 90), (230, 180, 50), (170, 90, 210), (60, 190, 190), (230, 120, 170))


def weights_folder() -> Path:
    """Where torchxrayvision keeps weights."""
    return Path.home() / ".torchxrayvision" / "models_data"


def installed_engine() -> TorchXRayVision | None:
    """The engine with those tools whose weights are here; None where the package or all of them are missing."""
    if importlib.util.find_spec(PACKAGE) is None:
        return None
    files = {tool: path for tool, name in WEIGHTS.items() if (path := weights_folder() / name).is_file()}
    return TorchXRayVision(files) if files else None


def missing_pieces() -> list[str]:
    """What a user lacks for these tools, one sentence each; empty where all of them work."""
    if importlib.util.find_spec(PACKAGE) is None:
        return [f"{PACKAGE} is not installed: pip install 'clinseek-assets[imaging]'"]
    return [
        f"{tool} has no weights: put {name} (torchxrayvision's release v1) into {weights_folder()}"
        for tool, name in WEIGHTS.items()
        if not (weights_folder() / name).is_file()
    ]


class TorchXRayVision:
    """An `engines.Engine` over models of torchxrayvision, each loaded when it is first needed.

    Args:
        weights: tool -> the file of its weights, which is there.
    """

    def __init__(self, weights: Mapping[str, Path]) -> None:
        self._weights = weights
        self._models: dict[str, Any] = {}
        self._lock = threading.Lock()  # one image at a time: torch itself uses all processors
        self.tools = frozenset(weights)

    @cached_property
    def version(self) -> str:
        """A hash of the package's version and of the weights."""
        sizes = {tool: [path.name, path.stat().st_size] for tool, path in sorted(self._weights.items())}
        return of_value([PACKAGE, importlib.metadata.version(PACKAGE), sizes])

    def read(self, tool: str, image: bytes, arguments: Mapping[str, Any], qid_sha256: str) -> Reading:
        """What a model makes of an image; see `engines.Engine.read`.

        Raises:
            Unavailable: the model cannot be loaded, or gives nothing.
        """
        with self._lock:
            try:
                with Image.open(io.BytesIO(image)) as opened:
                    return READERS[tool](self._model(tool), opened.convert("L"), arguments)
            except Exception as error:
                told = f"The tool cannot be run here ({type(error).__name__}). Go on without it."
                raise Unavailable(told) from None

    def _model(self, tool: str) -> Any:
        if tool not in self._models:
            import torchxrayvision

            folder = str(self._weights[tool].parent)
            self._models[tool] = (
                torchxrayvision.models.DenseNet(weights="densenet121-res224-all", cache_dir=folder)
                if tool == CLASSIFIER
                else torchxrayvision.baseline_models.chestx_det.PSPNet(cache_dir=folder)
            ).eval()
        return self._models[tool]


def _classified(model: Any, image: Image.Image, arguments: Mapping[str, Any]) -> Reading:
    """Finding -> probability, the likeliest first."""
    middle = ImageOps.fit(image, (CLASSIFIER_EDGE, CLASSIFIER_EDGE), Image.Resampling.BILINEAR)
    probabilities = _run(model, middle)
    named = {name: round(float(value), 4) for name, value in zip(model.pathologies, probabilities, strict=True) if name}
    return Reading({"probabilities": dict(sorted(named.items(), key=lambda item: -item[1]))})


def _segmented(model: Any, image: Image.Image, arguments: Mapping[str, Any]) -> Reading:
    """Structure -> where it is, and the image with all of them in colours."""
    wanted = arguments.get("organs") or tuple(model.targets)
    square = ImageOps.pad(image, (SEGMENTATION_EDGE, SEGMENTATION_EDGE), Image.Resampling.BILINEAR)
    chances = 1 / (1 + numpy.exp(-numpy.clip(_run(model, square), -50, 50)))
    placed = [_unpadded(chances[model.targets.index(organ)], image.size) for organ in wanted]
    structures = {organ: _structure(chance, image) for organ, chance in zip(wanted, placed, strict=True)}
    return Reading({"structures": structures}, _overlay(image, placed))


READERS: dict[str, Callable[[Any, Image.Image, Mapping[str, Any]], Reading]] = {
    CLASSIFIER: _classified,
    SEGMENTATION: _segmented,
}


def _run(model: Any, image: Image.Image) -> numpy.ndarray:
    """The model's first and only row for a grey image, whose levels it takes from -1024 to 1024."""
    import torch

    levels = (2 * numpy.asarray(image, dtype="float32") / 255 - 1) * 1024
    with torch.inference_mode():
        output: numpy.ndarray = model(torch.from_numpy(levels)[None, None])[0].numpy()
    return output


def _unpadded(chance: numpy.ndarray, size: tuple[int, int]) -> numpy.ndarray:
    """A square map of chances, with what was padded cut off, in the size of the image."""
    scale = SEGMENTATION_EDGE / max(size)
    width, height = (max(1, round(edge * scale)) for edge in size)
    left, top = (SEGMENTATION_EDGE - width) // 2, (SEGMENTATION_EDGE - height) // 2
    part = Image.fromarray(chance[top : top + height, left : left + width].astype("float32"))
    return numpy.asarray(part.resize(size, Image.Resampling.BILINEAR))


def _structure(chance: numpy.ndarray, image: Image.Image) -> dict[str, Any] | None:
    """Area as a part of the image, middle, box (left, top, right, bottom, parts of the whole), grey level and score."""
    rows, columns = numpy.nonzero(chance > LIKELY)
    if not len(rows):
        return None
    height, width = chance.shape
    box = (columns.min() / width, rows.min() / height, (columns.max() + 1) / width, (rows.max() + 1) / height)
    return {
        "area": round(len(rows) / chance.size, 4),
        "middle": [round(float(columns.mean() / width), 3), round(float(rows.mean() / height), 3)],
        "box": [round(float(side), 3) for side in box],
        "mean_grey": round(float(numpy.asarray(image)[rows, columns].mean()), 1),
        "score": round(float(chance[rows, columns].mean()), 3),
    }


def _overlay(image: Image.Image, chances: list[numpy.ndarray]) -> bytes:
    shown = numpy.asarray(image.convert("RGB"), dtype="float32").copy()
    for place, chance in enumerate(chances):
        inside = chance > LIKELY
        shown[inside] = 0.6 * shown[inside] + 0.4 * numpy.asarray(SHADES[place % len(SHADES)], dtype="float32")
    file = io.BytesIO()
    Image.fromarray(shown.round().astype("uint8")).save(file, "PNG")
    return file.getvalue()
