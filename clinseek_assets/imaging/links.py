"""Which files each question's X-rays and reports are, and whether they are whole: one row a link, none left out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas

from clinseek_assets.benchmark.questions import Question
from clinseek_assets.faults import Fault
from clinseek_assets.imaging.paths import ImageFiles
from clinseek_assets.imaging.released_paths import read_image_path, read_report_path
from clinseek_assets.imaging.report_texts import ReportTexts
from clinseek_assets.imaging.schema import IMAGE_TYPES, REPORT_TYPES
from clinseek_assets.imaging.troubles import OK, ImageFault
from clinseek_assets.imaging.verifier import Verifier
from clinseek_assets.storage.fingerprint import of_bytes


def image_links(
    questions: Iterable[Question],
    files: ImageFiles,
    verifier: Verifier,
    study_times: Mapping[int, datetime],
    progress: Callable[[int, int], None] | None = None,
) -> pandas.DataFrame:
    """Every linked image of these questions, found and decoded.

    Args:
        questions: of the multimodal split.
        files: where images are looked for.
        verifier: decodes what it has not seen yet.
        study_times: when each study was taken (`study_times.study_times`).
        progress: told different files done, and in all.

    Returns:
        One row a question and image in the release's order, in the columns of `schema.IMAGE_TYPES`. `position` counts
        from 1; `status` is `ok` or a kind of `troubles.TROUBLES`; what is not known of an image is NA.
    """
    rows = [_image_row(files, *place) for place in _places(questions, "image_paths")]
    results = verifier.verified((Path(row["path"]) for row in rows if "path" in row), progress)
    for row in rows:
        if "path" in row:
            row |= asdict(results[Path(row["path"])])
        row["study_time"] = study_times.get(row.get("study_id", 0))
    return _frame(rows, IMAGE_TYPES)


def report_links(questions: Iterable[Question], texts: ReportTexts) -> pandas.DataFrame:
    """Every linked report of these questions, found and read; their texts stay where they are.

    Args:
        questions: of the multimodal split.
        texts: the reports.

    Returns:
        One row a question and report in the release's order, in the columns of `schema.REPORT_TYPES`; `where` is the
        file, or the zip and its member. Otherwise as `image_links`.
    """
    read: dict[tuple[int, int], dict[str, Any]] = {}
    rows = []
    for question, position, released in _places(questions, "report_paths"):
        row = _row(question, position, released)
        try:
            report = read_report_path(released, question.dataset, question.subject_id)
        except ImageFault as fault:
            rows.append(row | {"status": fault.kind})
            continue
        study = (report.subject_id, report.study_id)
        if study not in read:
            read[study] = _read_report(texts, *study)
        rows.append(row | {"study_id": report.study_id, **read[study]})
    return _frame(rows, REPORT_TYPES)


Place = tuple[Question, int, str]


def _places(questions: Iterable[Question], attribute: str) -> Iterator[Place]:
    """Question, 1-based position and released path of every link."""
    for question in questions:
        for position, released in enumerate(getattr(question, attribute), 1):
            yield question, position, released


def _row(question: Question, position: int, released: str) -> dict[str, Any]:
    return {
        "qid": question.qid,
        "row_number": question.row_number,
        "subject_id": question.subject_id,
        "subtask": question.task,
        "dataset": question.dataset,
        "position": position,
        "released_path": released,
    }


def _image_row(files: ImageFiles, question: Question, position: int, released: str) -> dict[str, Any]:
    """The row of an image with its file, or with why there is none."""
    row = _row(question, position, released)
    try:
        image = read_image_path(released, question.dataset, question.subject_id)
        row |= {"study_id": image.study_id, "dicom_id": image.dicom_id}
        return row | {"path": str(files.file(image))}
    except ImageFault as fault:
        return row | {"status": fault.kind}


def _read_report(texts: ReportTexts, subject_id: int, study_id: int) -> dict[str, Any]:
    """Place, status, size and hash of a report."""
    where = None
    try:
        where = texts.locate(subject_id, study_id)
        if where is None:
            return {"status": "missing"}
        content = texts.read(subject_id, study_id)
        content.decode("utf-8")
    except (Fault, OSError, UnicodeDecodeError):
        return {"where": where, "status": "unreadable"}
    status = OK if content.strip() else "empty"
    return {"where": where, "status": status, "bytes": len(content), "sha256": of_bytes(content)}


def _frame(rows: list[dict[str, Any]], types: Mapping[str, str]) -> pandas.DataFrame:
    columns = {name: [row.get(name) for row in rows] for name in types}
    return pandas.DataFrame({name: pandas.Series(columns[name], dtype=kind) for name, kind in types.items()})
