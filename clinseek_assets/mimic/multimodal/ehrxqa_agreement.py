"""EHRXQA's own questions, answers and studies against the manifest's EHRXQA rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import pandas

from clinseek_assets.benchmark.multimodal.grouping import inner_question
from clinseek_assets.benchmark.multimodal.qids import parse_qid
from clinseek_assets.benchmark.questions import Question
from clinseek_assets.mimic.multimodal.agreement import Point, agreement_frame
from clinseek_assets.mimic.multimodal.ehrxqa_questions import EhrxqaQuestion
from clinseek_assets.mimic.multimodal.linked_studies import LinkedImage


def ehrxqa_agreement(
    questions: Iterable[Question], upstream: Mapping[int, EhrxqaQuestion], linked: Iterable[LinkedImage], tb_cxr: Path
) -> pandas.DataFrame:
    """Compare EHRXQA rows with their sources.

    Points: `in test.json` (there is a record with the qid's id), and of those that have one `answer` (the same names,
    in any order) and `question` (the same text, white space aside); `image in tb_cxr` for each linked image (that study
    of that patient has that image).

    Args:
        questions: the manifest's rows; those of other datasets play no part.
        upstream: the records of `test.json` by id.
        linked: the images that the rows link.
        tb_cxr: the extracted `ehrxqa/tb_cxr`.

    Returns:
        Columns row_number, what, agrees.
    """
    own = [question for question in questions if question.dataset == "ehrxqa"]
    return agreement_frame([*_of_records(own, upstream), *_of_studies(linked, tb_cxr)])


def _of_records(questions: Iterable[Question], upstream: Mapping[int, EhrxqaQuestion]) -> Iterator[Point]:
    for question in questions:
        parts = parse_qid(question.qid)
        record = upstream.get(parts.record_id) if parts and parts.record_id is not None else None
        yield Point(question.row_number, "in test.json", record is not None)
        if record is not None:
            yield Point(question.row_number, "answer", _names(record.answer) == _names(question.gold))
            yield Point(
                question.row_number,
                "question",
                _words(record.question) == _words(inner_question(question.question or "")),
            )


def _of_studies(linked: Iterable[LinkedImage], tb_cxr: Path) -> Iterator[Point]:
    frame = pandas.read_parquet(tb_cxr, columns=["subject_id", "study_id", "image_id"])
    known = set(frame.itertuples(index=False, name=None))
    for image in linked:
        key = (image.question.subject_id, image.study_id, image.dicom_id)
        if image.question.dataset == "ehrxqa":
            yield Point(image.question.row_number, "image in tb_cxr", key in known)


def _names(answer: Iterable[str]) -> frozenset[str]:
    return frozenset(_words(name) for name in answer)


def _words(text: str) -> str:
    """A text with its white space made single and its case dropped."""
    return " ".join(text.split()).casefold()
