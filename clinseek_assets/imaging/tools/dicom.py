"""`dicom_processor`: a DICOM file as a picture. Only tags that shape pixels are read, none of the patient's.

Source of the rules: DICOM PS3.3, C.7.6.3 (MONOCHROME1 shows its lowest values white), C.11.1 and C.11.2 (modality
and window transformations; where several windows are given, the first counts).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy
import pydicom
from PIL import Image
from pydicom.multival import MultiValue
from pydicom.pixels.processing import apply_modality_lut

from clinseek_assets.imaging.pictures import encode
from clinseek_assets.imaging.verification import MOST_PIXELS
from clinseek_assets.records.tools.mistakes import Mistake

# All that is read of a file; its syntax comes with the header.
PIXEL_TAGS = (
    "SamplesPerPixel",
    "PhotometricInterpretation",
    "NumberOfFrames",
    "Rows",
    "Columns",
    "BitsAllocated",
    "BitsStored",
    "HighBit",
    "PixelRepresentation",
    "PlanarConfiguration",
    "RescaleIntercept",
    "RescaleSlope",
    "ModalityLUTSequence",
    "WindowCenter",
    "WindowWidth",
    "VOILUTFunction",
    "VOILUTSequence",
    "ImagerPixelSpacing",
    "PixelSpacing",
    "PixelData",
)
NOT_SHOWN = "The DICOM file of this image cannot be shown: "


@dataclass(frozen=True)
class Window:
    """The values around `center` that are spread from black to white over `width`."""

    center: float
    width: float


@dataclass(frozen=True)
class Rendered:
    """A DICOM file as it is shown.

    Attributes:
        picture: a JPEG as it is sent.
        facts: what a model is told of the pixels: size, bits, the window that was used, millimetres a pixel.
    """

    picture: bytes
    facts: str


def render(path: Path, wanted: Window | None = None) -> Rendered:
    """Draw a DICOM file.

    Args:
        path: the file.
        wanted: the window to use; else the file's first, else all of its values.

    Raises:
        Mistake: `unavailable`: the file cannot be read, is no single grey image, or is packed in a way that no
            installed decoder knows.
    """
    pixels = _read(path)
    try:
        values = apply_modality_lut(pixels.pixel_array, pixels).astype("float32")
        shades, used = _shades(values, pixels, wanted)
    except Exception:  # decoders raise what they like, and their messages quote the file
        raise Mistake("unavailable", f"{NOT_SHOWN}its pixels are damaged or packed in an unknown way.") from None
    if pixels.PhotometricInterpretation == "MONOCHROME1":
        shades = 1 - shades
    image = Image.fromarray((shades * 255).round().astype("uint8"))
    return Rendered(encode(image), _facts(pixels, used))


def _read(path: Path) -> pydicom.Dataset:
    try:
        pixels = pydicom.dcmread(path, specific_tags=list(PIXEL_TAGS))
        samples, size = int(pixels.SamplesPerPixel), int(pixels.Rows) * int(pixels.Columns)
        frames, shades = int(pixels.get("NumberOfFrames") or 1), str(pixels.PhotometricInterpretation)
    except Exception:
        raise Mistake("unavailable", f"{NOT_SHOWN}it cannot be read.") from None
    if samples != 1 or frames != 1 or not shades.startswith("MONOCHROME"):
        raise Mistake("unavailable", f"{NOT_SHOWN}it is not one grey image.")
    if not 0 < size <= MOST_PIXELS:
        raise Mistake("unavailable", f"{NOT_SHOWN}it claims to be larger than any X-ray.")
    return pixels


def _shades(values: numpy.ndarray, pixels: pydicom.Dataset, wanted: Window | None) -> tuple[numpy.ndarray, str]:
    """Shades from 0 to 1, before MONOCHROME1 is turned over, and what they were made by."""
    own = _own_window(pixels)
    if wanted is None and pixels.get("VOILUTSequence"):
        return _looked_up(values, pixels.VOILUTSequence[0]), "the file's own table of shades"
    if window := wanted or own:
        function = "LINEAR" if wanted else str(pixels.get("VOILUTFunction") or "LINEAR")
        given = "as asked for" if wanted else "the file's own"
        return _spread(values, window, function), f"window center {window.center:g}, width {window.width:g} ({given})"
    lowest, highest = float(values.min()), float(values.max())
    return (values - lowest) / ((highest - lowest) or 1), f"all values, {lowest:g} to {highest:g}"


def _spread(values: numpy.ndarray, window: Window, function: str) -> numpy.ndarray:
    if function == "SIGMOID":
        return 1 / (1 + numpy.exp(numpy.clip(-4 * (values - window.center) / window.width, -50, 50)))
    if function == "LINEAR_EXACT":
        return numpy.clip((values - window.center) / window.width + 0.5, 0, 1)
    if window.width <= 1:
        return (values > window.center - 0.5).astype("float32")
    return numpy.clip((values - (window.center - 0.5)) / (window.width - 1) + 0.5, 0, 1)


def _looked_up(values: numpy.ndarray, item: pydicom.Dataset) -> numpy.ndarray:
    """Shades by a table: its descriptor says how many entries, the value of the first, and the bits of each."""
    entries, first, bits = (int(number) for number in item.LUTDescriptor)
    data = item.LUTData
    table = numpy.frombuffer(data, "<u2") if isinstance(data, bytes) else numpy.asarray(data)
    places = numpy.clip(values.round().astype("int64") - first, 0, min(entries or 65_536, len(table)) - 1)
    return numpy.clip(table[places] / (2**bits - 1), 0, 1)


def _own_window(pixels: pydicom.Dataset) -> Window | None:
    center, width = _first(pixels.get("WindowCenter")), _first(pixels.get("WindowWidth"))
    return Window(center, width) if center is not None and width is not None and width > 0 else None


def _first(value: Any) -> float | None:
    """The first of one or several numbers; None where there is none."""
    if isinstance(value, MultiValue | list | tuple):
        value = value[0] if len(value) else None
    return None if value is None or value == "" else float(value)


def _facts(pixels: pydicom.Dataset, used: str) -> str:
    spacing = _first(pixels.get("ImagerPixelSpacing") or pixels.get("PixelSpacing"))
    scale = f", {spacing:g} mm a pixel" if spacing else ""
    turned = ", shown inverted (MONOCHROME1)" if pixels.PhotometricInterpretation == "MONOCHROME1" else ""
    return f"{pixels.Columns} × {pixels.Rows} pixels of {pixels.BitsStored} bits{scale}; {used}{turned}"
