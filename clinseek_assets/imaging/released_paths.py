"""The paths by which a release names X-rays and reports, read and checked against the row that names them.

A released path starts with the name of an upstream package (`EHRXQAOriginalLinked_v1/`), which is no folder anywhere.
What counts is the tail: patient, study, image. Files are later looked for by these alone, so nothing else of a path can
lead anywhere.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from clinseek_assets.imaging.troubles import ImageFault

PACKAGE_MARK = "OriginalLinked_v1"
PACKAGES = {"ehrxqa": f"EHRXQA{PACKAGE_MARK}", "medmod": f"MedMod{PACKAGE_MARK}"}
REPORTS = "mimic-cxr-reports"
_SEGMENT = re.compile(r"(?!\.+$)[A-Za-z0-9._-]+", re.ASCII)
_TAIL = r"files/p(?P<group>\d{2})/p(?P<subject>[1-9]\d{0,17})/s(?P<study>[1-9]\d{0,17})"
_IMAGE = re.compile(rf"(?:.*/)?{_TAIL}/(?P<dicom>[A-Za-z0-9-]{{1,80}})\.jpg", re.ASCII)
_REPORT = re.compile(rf"(?:.*/)?{REPORTS}/{_TAIL}\.txt", re.ASCII)


@dataclass(frozen=True)
class ReleasedImage:
    """An X-ray as a release names it.

    Attributes:
        dataset: `ehrxqa` or `medmod`.
        subject_id, study_id: the patient and the study.
        dicom_id: the image's own name.
    """

    dataset: str
    subject_id: int
    study_id: int
    dicom_id: str

    @property
    def folder(self) -> str:
        """The study's folder below a `files/` tree."""
        return f"p{str(self.subject_id)[:2]}/p{self.subject_id}/s{self.study_id}"

    @property
    def flat_name(self) -> str:
        """The name that it has where all images lie in one folder, without its ending."""
        return f"{self.folder.replace('/', '_')}_{self.dicom_id}"


@dataclass(frozen=True)
class ReleasedReport:
    """A report as a release names it: the patient and the study."""

    dataset: str
    subject_id: int
    study_id: int


def read_image_path(released: str, dataset: str, subject_id: int) -> ReleasedImage:
    """What a released path says.

    Args:
        released: the path as the manifest has it.
        dataset, subject_id: those of the row.

    Raises:
        ImageFault: `not_a_path`, `foreign_prefix` or `wrong_patient`.
    """
    found = _read(_IMAGE, released, dataset, subject_id)
    return ReleasedImage(dataset, subject_id, int(found["study"]), found["dicom"])


def read_report_path(released: str, dataset: str, subject_id: int) -> ReleasedReport:
    """What a released path of a report says; otherwise as `read_image_path`."""
    return ReleasedReport(dataset, subject_id, int(_read(_REPORT, released, dataset, subject_id)["study"]))


def _read(form: re.Pattern[str], released: str, dataset: str, subject_id: int) -> re.Match[str]:
    segments = released.split("/")
    if not all(map(_SEGMENT.fullmatch, segments)):  # among others: absolute, `..`, `\`, a drive, a line break
        raise ImageFault("not_a_path")
    package = segments[0] if segments[0].endswith(PACKAGE_MARK) else None
    if package is not None and package != PACKAGES.get(dataset):
        raise ImageFault("foreign_prefix")
    found = form.fullmatch("/".join(segments[package is not None :]))
    if found is None:
        raise ImageFault("not_a_path")
    if found["subject"] != str(subject_id) or found["group"] != found["subject"][:2]:
        raise ImageFault("wrong_patient")
    return found
