"""Small JPEG files, questions that link them, and trees of both."""

from __future__ import annotations

import io
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy
from PIL import Image

from clinseek_assets.benchmark.questions import Question

SUBJECT, STUDY = 19_990_001, 59_990_001
DICOM = "aaaaaaaa-bbbbbbbb-cccccccc-dddddddd-eeeeeeee"
PREFIX = "EHRXQAOriginalLinked_v1/mimic-cxr/2.0.0"
NESTED = f"files/p19/p{SUBJECT}/s{STUDY}/{DICOM}.jpg"
FLAT = f"p19_p{SUBJECT}_s{STUDY}_{DICOM}.jpg"
RELEASED = f"{PREFIX}/{NESTED}"


def grey(width: int = 60, height: int = 72, seed: int = 0) -> Image.Image:
    """Grain, as no two files have it."""
    pixels = numpy.random.default_rng(seed).integers(0, 256, (height, width))
    return Image.fromarray(pixels.astype("uint8"))


def encoded(image: Image.Image, kind: str = "JPEG", **how: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **how)
    return file.getvalue()


def put(path: Path, content: bytes | None = None) -> Path:
    """A file with its folders; a small film where no content is given."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(encoded(grey()) if content is None else content)
    return path


def released(number: int, study: int = STUDY) -> str:
    """The released path of one of the patient's images."""
    return f"{PREFIX}/files/p19/p{SUBJECT}/s{study}/{number:08x}-0-0-0-0.jpg"


def question(*images: str, qid: str = "ehrxqa_test_1", row_number: int = 1, **others: Any) -> Question:
    """A multimodal question that links these images."""
    given: dict[str, Any] = {
        "qid": qid,
        "row_number": row_number,
        "subject_id": SUBJECT,
        "hadm_id": None,
        "prediction_time": datetime(2150, 6, 1, 13, 30),
        "latest_event_time": None,
        "task": "finding_presence",
        "task_type": "ehrxqa_image",
        "label": [{"name": "yes"}],
        "gold": ("yes",),
        "answer_is_list": True,
        "candidates": None,
        "split": "multimodal",
        "dataset": "ehrxqa",
        "image_paths": images,
    }
    return Question(**{**given, **others})
