"""Faults of the X-rays and reports that rows link."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from pathlib import Path

from PIL import Image

from clinseek_assets_tests.release.bed import Bed
from clinseek_assets_tests.release.faults import PlantedFault

EHRXQA, MEDMOD = "ehrxqa", "medmod"
IMAGES, REPORTS = "multimodal_images", "multimodal_reports"
WEB_PAGE = b"<!DOCTYPE html>\n<html><body>404 Not Found</body></html>\n"


def in_form(mode: str, form: str) -> bytes:
    """A whole picture of some other kind than a grey JPEG."""
    buffer = io.BytesIO()
    Image.new(mode, (64, 80), 100 if mode != "CMYK" else (10, 20, 30, 40)).save(buffer, form)
    return buffer.getvalue()


def _claiming(content: bytes, side: int) -> bytes:
    """A JPEG whose header claims a picture of many more pixels."""
    frame = next(place for place in range(len(content)) if content[place : place + 2] in (b"\xff\xc0", b"\xff\xc2"))
    return content[: frame + 5] + side.to_bytes(2, "big") * 2 + content[frame + 9 :]


def _of_twelve_bits(content: bytes) -> bytes:
    frame = next(place for place in range(len(content)) if content[place : place + 2] in (b"\xff\xc0", b"\xff\xc2"))
    return content[: frame + 4] + b"\x0c" + content[frame + 5 :]


def image(name: str, state: str, dataset: str, content: Callable[[bytes], bytes], *also: str) -> PlantedFault:
    """Another content of the first image of a dataset's first row."""

    def plant(bed: Bed) -> Sequence[str]:
        question = bed.of_task("multimodal", dataset)
        return bed.alter_image(question, content(bed.image(question).read_bytes()))

    return PlantedFault(f"image: {name}", IMAGES, f"multimodal: linked images {state}", plant, also)


def _at(change: Callable[[Path], object]) -> Callable[[Bed], Sequence[str]]:
    """Something done to the file of EHRXQA's first image."""

    def plant(bed: Bed) -> Sequence[str]:
        question = bed.of_task("multimodal", EHRXQA)
        change(bed.image(question))
        return (bed.first_row(question.image_paths[0]),)

    return plant


def _out_of_the_root(bed: Bed) -> Sequence[str]:
    question = bed.of_task("multimodal", EHRXQA)
    path = bed.image(question)
    path.rename(outside := bed.root / "an-image.jpg")
    path.symlink_to(outside)
    return (bed.first_row(question.image_paths[0]),)


def _to_itself(path: Path) -> None:
    path.unlink()
    path.symlink_to(path.name)


def _as_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _swapped(bed: Bed) -> Sequence[str]:
    question = bed.of_task("multimodal", EHRXQA)
    other = bed.another_patient(question)
    first, second = bed.image(question), bed.image(other)
    contents = first.read_bytes(), second.read_bytes()
    bed.replace(first, contents[1])
    bed.replace(second, contents[0])
    return (bed.first_row(question.image_paths[0]), bed.first_row(other.image_paths[0]))


def _saved_again(content: bytes) -> bytes:
    buffer = io.BytesIO()
    Image.open(io.BytesIO(content)).save(buffer, "JPEG", quality=40)
    return buffer.getvalue()


def _links(what: str, change: Callable[[Bed, Path], object]) -> Callable[[Bed], Sequence[str]]:
    """Something done to the kept links of the group of EHRXQA's first row."""

    def plant(bed: Bed) -> Sequence[str]:
        question = bed.of_task("multimodal", EHRXQA)
        change(bed, bed.layout.links(what, question.task))
        return (f"row {question.row_number}",)

    return plant


def _without_first_link(bed: Bed, path: Path) -> None:
    with bed.frame(path) as frame:
        frame.drop(index=0, inplace=True)


def _listed_elsewhere(bed: Bed) -> Sequence[str]:
    question = bed.of_task("multimodal", MEDMOD)
    dicom = bed.image(question).stem
    with bed.frame(bed.layout.dataset_table("mimic_cxr", "metadata")) as frame:
        frame.loc[frame["dicom_id"] == dicom, "study_id"] += 1
    return (bed.first_row(question.image_paths[0]),)


FAULTS_OF_IMAGES = (
    PlantedFault("image: missing", IMAGES, "multimodal: linked images that are there", _at(Path.unlink)),
    PlantedFault(
        "image: renamed",
        IMAGES,
        "multimodal: linked images that are there",
        _at(lambda path: path.rename(path.with_name("another.jpg"))),
    ),
    PlantedFault(
        "image: renamed to .JPG",
        IMAGES,
        "multimodal: linked images that are there",
        _at(lambda path: path.rename(path.with_suffix(".JPG"))),
    ),
    PlantedFault(
        "image: its study's folder renamed",
        IMAGES,
        "multimodal: linked images that are there",
        _at(lambda path: path.parent.rename(path.parent.with_name("s1"))),
    ),
    PlantedFault("image: a link to itself", IMAGES, "multimodal: linked images that are there", _at(_to_itself)),
    PlantedFault(
        "image: a link out of the root", IMAGES, "multimodal: linked images inside their root", _out_of_the_root
    ),
    PlantedFault(
        "image: a folder", IMAGES, "multimodal: linked images that can be read and decoded", _at(_as_a_folder)
    ),
    image("no bytes", "with content", EHRXQA, lambda content: b""),
    image("a PNG named jpg", "that are JPEG", MEDMOD, lambda content: in_form("L", "PNG")),
    image("a BMP named jpg", "that are JPEG", EHRXQA, lambda content: in_form("RGB", "BMP")),
    image("a web page", "that are JPEG", EHRXQA, lambda content: WEB_PAGE),
    image("zeros", "that are JPEG", MEDMOD, lambda content: bytes(len(content))),
    image("cut in the middle", "that are whole", EHRXQA, lambda content: content[: len(content) // 2]),
    image("cut before the end", "that are whole", MEDMOD, lambda content: content[:-2]),
    image("cut in the header", "that are whole", MEDMOD, lambda content: content[:30]),
    image("header of a bomb", "of a size that an X-ray can have", EHRXQA, lambda content: _claiming(content, 60_000)),
    image("CMYK", "without colours of a print", EHRXQA, lambda content: in_form("CMYK", "JPEG")),
    image("16 bits", "of 8 bits a channel", MEDMOD, lambda content: in_form("I;16", "PNG")),
    image("12 bits", "of 8 bits a channel", EHRXQA, _of_twelve_bits),
    PlantedFault(
        "image: swapped with another patient's",
        IMAGES,
        "multimodal: linked images that are as image_links has them",
        _swapped,
    ),
    image("saved again", "that are as image_links has them", EHRXQA, _saved_again),
    PlantedFault(
        "image: no links of a group",
        IMAGES,
        "multimodal: image_links of all links",
        _links("image_links", lambda bed, path: path.unlink()),
    ),
    PlantedFault(
        "image: links of a group cut",
        IMAGES,
        "multimodal: image_links of all links",
        _links("image_links", lambda bed, path: bed.cut(path)),
    ),
    PlantedFault(
        "image: a link is missing",
        IMAGES,
        "multimodal: image_links of all links",
        _links("image_links", _without_first_link),
    ),
    PlantedFault(
        "image: listed under another study",
        IMAGES,
        "multimodal: linked images that the metadata list has for their patient and study",
        _listed_elsewhere,
    ),
)


def report(name: str, state: str, content: Callable[[bytes], bytes | None]) -> PlantedFault:
    """Another content of the first report of EHRXQA's first row; None removes it."""

    def plant(bed: Bed) -> Sequence[str]:
        return bed.alter_report(bed.of_task("multimodal", EHRXQA), content)

    return PlantedFault(f"report: {name}", REPORTS, f"multimodal: linked reports {state}", plant)


def _archive(change: Callable[[Bed, Path], object], *says: str) -> Callable[[Bed], Sequence[str]]:
    def plant(bed: Bed) -> Sequence[str]:
        change(bed, bed.report_archive)
        return says

    return plant


FAULTS_OF_REPORTS = (
    report("missing", "that are there", lambda content: None),
    report("no bytes", "with content", lambda content: b""),
    report("blank", "with content", lambda content: b" \n\n"),
    report("not UTF-8", "in UTF-8", lambda content: b"FINDINGS: caf\xe9\n"),
    report("altered", "that are as report_links has them", lambda content: content + b"No change.\n"),
    PlantedFault(
        "report: zip cut",
        REPORTS,
        "multimodal: radiology reports",
        _archive(lambda bed, path: bed.cut(path), "is not a whole zip"),
    ),
    PlantedFault(
        "report: a web page named zip",
        REPORTS,
        "multimodal: radiology reports",
        _archive(lambda bed, path: bed.replace(path, WEB_PAGE), "is not a whole zip"),
    ),
    PlantedFault(
        "report: no zip",
        REPORTS,
        "multimodal: radiology reports",
        _archive(lambda bed, path: path.unlink(), "mimic-cxr-reports.zip"),
    ),
    PlantedFault(
        "report: no links of a group",
        REPORTS,
        "multimodal: report_links of all links",
        _links("report_links", lambda bed, path: path.unlink()),
    ),
    PlantedFault(
        "report: a link is missing",
        REPORTS,
        "multimodal: report_links of all links",
        _links("report_links", _without_first_link),
    ),
)

FAULTS = (*FAULTS_OF_IMAGES, *FAULTS_OF_REPORTS)
