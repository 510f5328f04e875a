"""What the multimodal questions need of the sources: which linked files are there, and the list of those to fetch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from clinseek_assets.benchmark.multimodal.manifest_file import read_multimodal_manifest
from clinseek_assets.benchmark.questions import Question
from clinseek_assets.faults import Fault, SettingsFault
from clinseek_assets.imaging.paths import ImageFiles
from clinseek_assets.imaging.released_paths import ReleasedImage, ReleasedReport, read_image_path, read_report_path
from clinseek_assets.imaging.troubles import ImageFault
from clinseek_assets.locations.dataset_versions import versions_of
from clinseek_assets.locations.multimodal_inputs import Asked
from clinseek_assets.locations.physionet import MIMIC_CXR, MIMIC_CXR_JPG, Dataset
from clinseek_assets.locations.settings import Settings
from clinseek_assets.mimic.catalogue import CXR_TABLES
from clinseek_assets.mimic.multimodal.radiology_reports import ReportTexts
from clinseek_assets.mimic.multimodal.study_paths import study_folder
from clinseek_assets.storage.atomic import write_text


def questions_asked(settings: Settings) -> list[Question]:
    """The questions of the multimodal manifest; none where the release has no such manifest.

    Raises:
        ManifestFault: the manifest cannot be taken.
    """
    path = settings.multimodal_manifest
    return read_multimodal_manifest(path) if path.is_file() else []


def needs_of(settings: Settings, questions: Sequence[Question]) -> Asked | None:
    """What the questions need, and how much of it is there; None without questions. Nothing is opened but one zip."""
    if not questions:
        return None
    files = ImageFiles([settings.mimic_cxr_jpg_root, settings.mimic_cxr_root, settings.release_root])
    texts = ReportTexts(settings.mimic_cxr_root)
    images, reports = images_of(questions), reports_of(questions)
    return Asked(
        questions,
        (sum(_is_there(files, image) for image in images), len(images)),
        (sum(_can_be_read(texts, report) for report in reports), len(reports)),
    )


def images_of(questions: Iterable[Question]) -> list[ReleasedImage]:
    """The different X-rays that questions link, by patient, study and image; paths that name none are left out."""
    found = {}
    for question in questions:
        for released in question.image_paths:
            try:
                image = read_image_path(released, question.dataset, question.subject_id)
            except ImageFault:
                continue
            found[(image.subject_id, image.study_id, image.dicom_id)] = image
    return [found[key] for key in sorted(found)]


def reports_of(questions: Iterable[Question]) -> list[ReleasedReport]:
    """The different reports that questions link, by patient and study; paths that name none are left out."""
    found = {}
    for question in questions:
        for released in question.report_paths:
            try:
                report = read_report_path(released, question.dataset, question.subject_id)
            except ImageFault:
                continue
            found[(report.subject_id, report.study_id)] = report
    return [found[key] for key in sorted(found)]


def _is_there(files: ImageFiles, image: ReleasedImage) -> bool:
    try:
        files.file(image)
    except ImageFault:
        return False
    return True


def _can_be_read(texts: ReportTexts, report: ReleasedReport) -> bool:
    try:
        return texts.locate(report.subject_id, report.study_id) is not None
    except Fault:  # a damaged zip, which the input's own state tells
        return False


def write_fetch_list(settings: Settings, path: Path) -> int:
    """Write the paths that the questions need, relative to PhysioNet's `files/`; readable by their owner only.

    The manifest alone decides: three lists of images, then the linked X-rays, then the linked reports, one a line.

    Args:
        settings: names the manifest; the folders of MIMIC-CXR and -JPG, where they are named, tell the versions.
        path: the file to write.

    Returns:
        How many lines were written.

    Raises:
        SettingsFault: there is no multimodal manifest.
        ManifestFault: it cannot be taken.
    """
    questions = questions_asked(settings)
    if not questions:
        raise SettingsFault(
            f"{settings.multimodal_manifest} is not there: without it nobody knows which X-rays are needed.",
            mend="Name the folder of the released manifests as CLINSEEK_RELEASE_ROOT.",
        )
    lines = list(needed_paths(settings, questions))
    write_text(path, "".join(f"{line}\n" for line in lines))
    return len(lines)


def needed_paths(settings: Settings, questions: Sequence[Question]) -> Iterator[str]:
    """The paths that questions need, as PhysioNet has them below `files/`."""
    versions = versions_of(settings)
    jpg = _folder(MIMIC_CXR_JPG, versions.mimic_cxr_jpg)
    cxr = _folder(MIMIC_CXR, versions.mimic_cxr)
    yield from (f"{jpg}/mimic-cxr-2.0.0-{name}.csv.gz" for name in CXR_TABLES)
    yield from (f"{jpg}/files/{image.folder}/{image.dicom_id}.jpg" for image in images_of(questions))
    for report in reports_of(questions):
        yield f"{cxr}/files/{study_folder(report.subject_id, report.study_id)}.txt"


def _folder(dataset: Dataset, version: str | None) -> str:
    """A dataset's folder on PhysioNet: of the version that the user has, else of the benchmark's own."""
    return f"{dataset.slug}/{version if version in dataset.versions else dataset.versions[0]}"
