"""Multimodal questions with real images, that the tests of this folder share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy
import pandas as pd
from PIL import Image

from clinseek_assets.benchmark.questions import Question
from clinseek_assets.contexts.multimodal_layout import ShownTable, render_input_text
from clinseek_assets.imaging.paths import ImageFiles
from clinseek_assets.imaging.pictures import PictureShelf
from clinseek_assets.models.agent.image_tool_source import WithImageTools
from clinseek_assets.records.pinned.pin import Policy
from clinseek_assets.records.tools.specs import Toolbox
from clinseek_assets.storage import fingerprint
from clinseek_assets_tests.models.agent.scripted import Tools
from clinseek_assets_tests.models.cases import NOW

PATIENT = 19990001
INNER = "Given the study 50000001, is there pleural effusion in the left lung?"


def asked(
    qid: str = "ehrxqa_test_1",
    images: int = 2,
    inner: str = INNER,
    group: str = "finding_presence",
    task_type: str = "ehrxqa_image",
    **changes: Any,
) -> Question:
    """A multimodal question with so many linked images, each of a study of its own."""
    studies = [50000001 + place for place in range(images)]
    released = (
        f"<task_instruction>\nUse the linked evidence.\n</task_instruction>\n\n<patient_info>\nCurrent time: {NOW}\n"
        f"subject_id: {PATIENT}\n</patient_info>\n\n<question>\n{inner}\n</question>"
    )
    fields: dict[str, Any] = {
        "qid": qid,
        "row_number": 1,
        "subject_id": PATIENT,
        "hadm_id": None,
        "prediction_time": NOW,
        "latest_event_time": None,
        "task": group,
        "task_type": task_type,
        "label": [{"name": "GOLD-ANSWER"}],
        "gold": ("GOLD-ANSWER",),
        "answer_is_list": True,
        "candidates": None,
        "question": released,
        "split": "multimodal",
        "dataset": "ehrxqa" if task_type == "ehrxqa_image" else "medmod",
        "image_paths": tuple(
            f"EHRXQAOriginalLinked_v1/mimic-cxr/2.0.0/files/p19/p{PATIENT}/s{study}/image-{study}.jpg"
            for study in studies
        ),
    }
    return Question(**{**fields, **changes})


def drawn(seed: int, size: tuple[int, int] = (120, 100)) -> Image.Image:
    """A grey image that no other seed gives."""
    noise = numpy.random.default_rng(seed).integers(0, 255, (size[1] // 10, size[0] // 10), dtype="uint8")
    return Image.fromarray(noise).resize(size, Image.Resampling.NEAREST)


def links_of(folder: Path, questions: Sequence[Question], size: tuple[int, int] = (120, 100)) -> pd.DataFrame:
    """The frame of `image_links` of these questions, their images written into a folder."""
    rows = []
    for place, question in enumerate(questions):
        for position, released in enumerate(question.image_paths, start=1):
            file = folder / f"{place}-{position}.jpg"
            drawn(10 * place + position, size).save(file, "JPEG")
            study = int(released.split("/s")[-1].split("/")[0])
            rows.append(
                {
                    "qid": question.qid,
                    "row_number": question.row_number,
                    "subject_id": question.subject_id,
                    "subtask": question.task,
                    "dataset": question.dataset,
                    "position": position,
                    "released_path": released,
                    "path": str(file),
                    "status": "ok",
                    "study_id": study,
                    "dicom_id": f"image-{study}",
                    "study_time": pd.Timestamp(2150, 1, position, 10),
                    "sha256": fingerprint.of_file(file),
                }
            )
    return pd.DataFrame(rows)


def shelf_of(folder: Path, questions: Sequence[Question], size: tuple[int, int] = (120, 100)) -> PictureShelf:
    """The pictures of these questions."""
    return PictureShelf(links_of(folder, questions, size), folder / "copies")


def contexts_for(questions: Sequence[Question]) -> pd.DataFrame:
    """A context around each question."""
    shown = [ShownTable("tb_cxr", ("study_id", "studydatetime"), ((50000001, "2150-01-01 10:00:00"),), (1,), 1)]
    contexts = [render_input_text(question.question or "", shown, question.image_paths) for question in questions]
    return pd.DataFrame(
        {
            "qid": [question.qid for question in questions],
            "context": contexts,
            "context_sha256": [fingerprint.of_text(context) for context in contexts],
        }
    )


@dataclass
class SomeRecord:
    """A source of a few tools over no record."""

    policy: Policy = "strict"
    version: str = "1"
    box: Tools = field(default_factory=Tools)

    def record_sha256(self, question: Question) -> str | None:
        return "0" * 64

    @contextmanager
    def opened(self, question: Question) -> Iterator[Toolbox]:
        yield self.box


def tools_over(shelf: PictureShelf, **changes: Any) -> WithImageTools:
    """A few EHR tools and the image tools."""
    return WithImageTools(SomeRecord(), shelf, ImageFiles([]), **changes)
