"""The linked X-rays by the bytes that were decoded, when each was taken, and the linked reports by their text."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime

import pandas
import pyarrow as pa

from clinseek_assets.benchmark.groups import GROUPS
from clinseek_assets.benchmark.questions import Question
from clinseek_assets.imaging.links import image_links
from clinseek_assets.imaging.released_paths import read_report_path
from clinseek_assets.imaging.troubles import OK, ImageFault
from clinseek_assets.imaging.verifier import Verifier
from clinseek_assets.locations.settings import Settings
from clinseek_assets.mimic.multimodal.radiology_reports import ReportFault, ReportTexts
from clinseek_assets.release.linked_images import LINKS, image_files, verifications
from clinseek_assets.release.seal.canonical import of_value
from clinseek_assets.release.seal.parts import Part

SPLIT = "multimodal"
TIME_COLUMNS = ["qid", "position", "study_time"]


def linked_parts(
    questions: Sequence[Question], settings: Settings, progress: Callable[[int, int], None]
) -> Iterator[Part]:
    """What the multimodal questions link.

    Args:
        questions: all of the split.
        settings: where the files and the artifacts lie.
        progress: told the images verified and their number.
    """
    images = _images(questions, settings, progress)
    yield Part("image_links", SPLIT, ("mimic_cxr_jpg/files",), tuple(_image_content(q, images) for q in questions))
    times = _study_times(settings)
    upstream = ("mimic_cxr/metadata", "ehrxqa/tb_cxr")
    yield Part("image_links/study_time", SPLIT, upstream, tuple(_times_content(q, times) for q in questions))
    texts = ReportTexts(settings.mimic_cxr_root)
    reports = tuple(_report_content(question, texts) for question in questions)
    yield Part("report_links", SPLIT, ("mimic_cxr/mimic-cxr-reports",), reports)


def _images(
    questions: Sequence[Question], settings: Settings, progress: Callable[[int, int], None]
) -> dict[tuple[str, int], str | None]:
    """qid and position -> SHA-256 of the file that was decoded; None where it cannot be used."""
    verifier = Verifier(verifications(settings.layout))
    found = image_links(questions, image_files(settings), verifier, {}, progress)
    rows = zip(found["qid"], found["position"], found["status"], found["sha256"], strict=True)
    return {(qid, position): sha256 if status == OK else None for qid, position, status, sha256 in rows}


def _image_content(question: Question, images: Mapping[tuple[str, int], str | None]) -> bytes | None:
    hashes = [images[(question.qid, position)] for position, _ in enumerate(question.image_paths, 1)]
    return None if None in hashes else of_value(list(zip(question.image_paths, hashes, strict=True)))


def _study_times(settings: Settings) -> dict[tuple[str, int], datetime | None]:
    """qid and position -> when the image was taken, as the graph keeps it; None where that is not known."""
    times: dict[tuple[str, int], datetime | None] = {}
    for group in GROUPS:
        try:
            kept = pandas.read_parquet(settings.layout.links(LINKS, group), columns=TIME_COLUMNS)
        except (OSError, ValueError, pa.ArrowException):
            continue
        for qid, position, time in kept.itertuples(index=False):
            times[(qid, position)] = None if pandas.isna(time) else time.to_pydatetime()
    return times


def _times_content(question: Question, times: Mapping[tuple[str, int], datetime | None]) -> bytes | None:
    places = [(question.qid, position) for position, _ in enumerate(question.image_paths, 1)]
    return of_value([times[place] for place in places]) if all(place in times for place in places) else None


def _report_content(question: Question, texts: ReportTexts) -> bytes | None:
    told = []
    for released in question.report_paths:
        try:
            report = read_report_path(released, question.dataset, question.subject_id)
            told.append([released, texts.text(report.subject_id, report.study_id)])
        except (ImageFault, ReportFault):
            return None
    return of_value(told)
