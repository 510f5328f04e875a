"""A question with three images, the second of which has a DICOM file beside it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy
import pydicom
import pytest
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from clinseek_assets.benchmark.questions import Question
from clinseek_assets.imaging.paths import ImageFiles
from clinseek_assets.imaging.pictures import PictureShelf
from clinseek_assets.imaging.tools.engines import Engine
from clinseek_assets.imaging.tools.image_tools import ImageTools
from clinseek_assets_tests.imaging.films import PREFIX, SUBJECT, encoded, grey, put, question, released
from clinseek_assets_tests.imaging.test_links import linked

NAME, ID, BIRTHDAY = "SECRET^PATIENT", "SECRET-19990001", "19010203"


@dataclass
class Ward:
    """The question, and where its files lie."""

    question: Question
    root: Path
    copies: Path

    @property
    def shelf(self) -> PictureShelf:
        return PictureShelf(linked(self.root, self.question), self.copies)

    def tools(self, *engines: Engine, seeing: bool = True) -> ImageTools:
        return ImageTools(self.question, self.shelf, ImageFiles([self.root]), engines, seeing=seeing)

    def path(self, number: int) -> Path:
        return self.root / self.question.image_paths[number - 1].removeprefix(f"{PREFIX}/")


@pytest.fixture
def ward(tmp_path: Path) -> Ward:
    asked = question(released(1), released(2), released(3, study=7))
    ward = Ward(asked, tmp_path / "jpg", tmp_path / "copies")
    for number, size in enumerate([(400, 480), (60, 72), (60, 72)], 1):
        put(ward.path(number), encoded(grey(*size, seed=number)))
    return ward


@pytest.fixture
def ward_with_dicom(ward: Ward) -> Ward:
    write_dicom(ward.path(2).with_suffix(".dcm"), ramp())
    return ward


def ramp() -> numpy.ndarray:
    """Values from 0 to 4000, from left to right."""
    return numpy.tile(numpy.linspace(0, 4000, 64), (48, 1)).astype("uint16")


def write_dicom(path: Path, pixels: numpy.ndarray, photometric: str = "MONOCHROME2", **tags: object) -> None:
    """A DICOM file with a patient's tags in it."""
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = pydicom.uid.DigitalXRayImageStorageForPresentation
    meta.MediaStorageSOPInstanceUID = "1.2.3"
    file = FileDataset(str(path), {}, file_meta=meta, preamble=b"\0" * 128)
    file.PatientName, file.PatientID, file.PatientBirthDate = NAME, ID, BIRTHDAY
    file.StudyDate, file.InstitutionName = "21500601", "SECRET HOSPITAL"
    file.Rows, file.Columns = pixels.shape
    file.SamplesPerPixel, file.PhotometricInterpretation = 1, photometric
    file.BitsAllocated, file.BitsStored, file.HighBit, file.PixelRepresentation = 16, 12, 11, 0
    file.PixelData = pixels.tobytes()
    for name, value in tags.items():
        setattr(file, name, value)
    path.parent.mkdir(parents=True, exist_ok=True)
    file.save_as(path, enforce_file_format=True)


assert str(SUBJECT) in ID
