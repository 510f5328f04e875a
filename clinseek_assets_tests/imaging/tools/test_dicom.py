"""DICOM files as pictures: windows, turned shades, damage, and no word of the patient."""

from __future__ import annotations

import io
from pathlib import Path

import numpy
import pytest
from PIL import Image
from pydicom.dataset import Dataset

from clinseek_assets.imaging.tools.dicom import Window, render
from clinseek_assets.imaging.tools.names import DICOM
from clinseek_assets.records.tools.mistakes import Mistake
from clinseek_assets_tests.imaging.tools.conftest import BIRTHDAY, Ward, ramp, write_dicom


def row(path: Path, wanted: Window | None = None) -> numpy.ndarray:
    """The shades of a row in the middle, from left to right."""
    image = Image.open(io.BytesIO(render(path, wanted).picture))
    return numpy.asarray(image, dtype="int16")[24]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "film.dcm"


def test_all_values_are_spread_where_the_file_has_no_window(path: Path) -> None:
    write_dicom(path, ramp())
    assert abs(row(path) - numpy.linspace(0, 255, 64)).max() < 8


def test_monochrome1_is_turned_over(path: Path) -> None:
    write_dicom(path, ramp(), "MONOCHROME1")
    assert abs(row(path) - numpy.linspace(255, 0, 64)).max() < 8
    assert "shown inverted" in render(path).facts


@pytest.mark.parametrize(("centers", "widths"), [(1000, 400), ([1000, 3000], [400, 400])])
def test_the_file_s_first_window_counts(path: Path, centers: object, widths: object) -> None:
    write_dicom(path, ramp(), WindowCenter=centers, WindowWidth=widths)
    shades = row(path)
    assert shades[:10].max() < 12 and shades[22:].min() > 243
    assert "window center 1000, width 400 (the file's own)" in render(path).facts


def test_a_window_that_is_asked_for_goes_before_the_file_s(path: Path) -> None:
    write_dicom(path, ramp(), WindowCenter=1000, WindowWidth=400)
    shades = row(path, Window(3000, 400))
    assert shades[:40].max() < 12 and shades[54:].min() > 243


def test_rescaled_values_are_what_windows_are_about(path: Path) -> None:
    write_dicom(path, ramp(), RescaleSlope=2, RescaleIntercept=-1000, WindowCenter=1000, WindowWidth=400)
    shades = row(path)  # values 0 to 4000 are -1000 to 7000: the window lies at 900 to 1100 of the file
    assert shades[:13].max() < 12 and shades[19:].min() > 243


def test_a_sigmoid_window_is_soft(path: Path) -> None:
    write_dicom(path, ramp(), WindowCenter=2000, WindowWidth=2000, VOILUTFunction="SIGMOID")
    by_the_standard = 255 / (1 + numpy.exp(-4 * (ramp()[0].astype(float) - 2000) / 2000))
    assert abs(row(path) - by_the_standard).max() < 8


def test_a_flat_image_and_a_window_of_no_width_do_no_harm(path: Path) -> None:
    write_dicom(path, numpy.full((48, 64), 7, dtype="uint16"), WindowCenter=7, WindowWidth=0)
    assert row(path).max() == 0


def test_the_tool_shows_it_and_no_tag_of_the_patient(ward_with_dicom: Ward) -> None:
    reply = ward_with_dicom.tools().call(DICOM, {"dicom_path": 2, "window_center": 2000, "window_width": 1000})
    assert reply.problem is None and len(reply.pictures) == 1
    assert "64 × 48 pixels of 12 bits" in reply.text
    told = (reply.text + reply.pictures[0].caption).encode() + reply.pictures[0].data
    for secret in (b"SECRET", BIRTHDAY.encode(), b"HOSPITAL"):
        assert secret not in told
        assert secret in ward_with_dicom.path(2).with_suffix(".dcm").read_bytes()


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ({"dicom_path": 1}, "not_found"),  # it has none
        ({"dicom_path": 9}, "not_found"),
        ({"dicom_path": 2, "window_center": 5}, "bad_arguments"),
        ({"dicom_path": 2, "window_center": 5, "window_width": 0}, "bad_arguments"),
        ({"dicom_path": 2, "window_center": "wide", "window_width": 1}, "bad_arguments"),
    ],
)
def test_what_a_model_gets_wrong_is_told(ward_with_dicom: Ward, arguments: dict[str, object], problem: str) -> None:
    reply = ward_with_dicom.tools().call(DICOM, arguments)
    assert (reply.problem, reply.pictures) == (problem, ())


def damaged(path: Path, kind: str) -> None:
    if kind == "no dicom":
        path.write_bytes(b"SECRET text" * 100)
    elif kind == "cut":
        path.write_bytes(path.read_bytes()[:-2000])
    elif kind == "colour":
        write_dicom(path, ramp(), SamplesPerPixel=3)
    elif kind == "frames":
        write_dicom(path, ramp(), NumberOfFrames=2)
    elif kind == "bomb":
        write_dicom(path, ramp(), Rows=60_000, Columns=60_000)
    elif kind == "packed":
        content = path.read_bytes()
        path.write_bytes(content.replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.5\0"))


@pytest.mark.filterwarnings("ignore:The number of bytes of compressed")
@pytest.mark.parametrize("kind", ["no dicom", "cut", "colour", "frames", "bomb", "packed"])
def test_damage_is_told_without_a_word_of_the_file(path: Path, kind: str) -> None:
    write_dicom(path, ramp())
    damaged(path, kind)
    with pytest.raises(Mistake) as raised:
        render(path)
    assert raised.value.problem == "unavailable" and "SECRET" not in str(raised.value)
    assert raised.value.__cause__ is None


def test_a_file_s_own_table_of_shades_is_used(path: Path) -> None:
    table = Dataset()
    table.add_new("LUTDescriptor", "US", [4096, 0, 8])
    table.add_new("LUTData", "US", [255 if value > 2000 else 0 for value in range(4096)])
    write_dicom(path, ramp(), VOILUTSequence=[table])
    shades = row(path)
    assert shades[:28].max() < 15 and shades[36:].min() > 240
    assert "own table" in render(path).facts
