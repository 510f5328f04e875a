"""827 X-rays of 2,500 × 3,000 pixels, as many as the release links: found, decoded, hashed; then the same once more.

The yardstick is one thread that decodes them and does nothing with the pixels.
"""

from __future__ import annotations

import io
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy
from PIL import Image

from benchmarks.measuring import measure
from clinseek_assets.benchmark.groups import UNIQUE_IMAGES
from clinseek_assets.benchmark.questions import Question
from clinseek_assets.imaging.links import image_links
from clinseek_assets.imaging.paths import ImageFiles
from clinseek_assets.imaging.verifier import Verifier

IMAGES = sum(UNIQUE_IMAGES.values())
WIDTH, HEIGHT = 2_500, 3_000
DIFFERENT = 12
FIRST_SUBJECT = 19_000_000


def run(folder: Path) -> dict[str, Any]:
    """Write the case into `folder` and measure it.

    Returns:
        name, images, megabytes, seconds, processor_seconds, ratio (of seconds to decoding by one thread), peak_mb,
        second_run_seconds.
    """
    paths = _write_images(folder / "mimic-cxr-jpg")
    decoding = _seconds_to_decode(paths)
    first = measure("xray_links", str(folder))
    again = measure("xray_links", str(folder))
    for run in (first, again):
        if run.answer["usable"] != IMAGES:
            raise RuntimeError(f"{run.answer['usable']} of {IMAGES} images are usable")
    return {
        "name": f"{IMAGES} X-rays of {WIDTH:,} × {HEIGHT:,} linked and verified",
        "images": IMAGES,
        "megabytes": round(sum(path.stat().st_size for path in paths) / 1e6),
        "seconds": round(first.seconds, 2),
        "processor_seconds": round(first.answer["processor_seconds"], 2),
        "ratio": round(first.seconds / decoding, 2),
        "peak_mb": round(first.peak_mb),
        "second_run_seconds": round(again.seconds, 2),
    }


def xray_links(folder: str) -> dict[str, Any]:
    """The step that is measured: links of all images, with what earlier steps left in `folder`."""
    root = Path(folder)
    questions = [_question(number) for number in range(IMAGES)]
    started = time.perf_counter()
    links = image_links(questions, ImageFiles([root / "mimic-cxr-jpg"]), Verifier(root / "verified.sqlite"), {})
    return {"seconds": time.perf_counter() - started, "usable": int(links["status"].eq("ok").sum())}


def _released(number: int) -> str:
    subject = FIRST_SUBJECT + number
    return f"files/p19/p{subject}/s{50_000_000 + number}/{number:08x}-00000000-00000000-00000000-00000000.jpg"


def _question(number: int) -> Question:
    return Question(
        qid=f"q{number}",
        row_number=number + 1,
        subject_id=FIRST_SUBJECT + number,
        hadm_id=None,
        prediction_time=datetime(2150, 1, 1),
        latest_event_time=None,
        task="finding_presence",
        task_type="ehrxqa_image",
        label=["yes"],
        gold=("yes",),
        answer_is_list=True,
        candidates=None,
        split="multimodal",
        dataset="ehrxqa",
        image_paths=(f"EHRXQAOriginalLinked_v1/mimic-cxr/2.0.0/{_released(number)}",),
    )


def _write_images(root: Path) -> list[Path]:
    """A few images of soft structures and grain, written under all names, each file with a comment of its own."""
    random = numpy.random.default_rng(7)
    encoded = [_encoded(random) for _ in range(DIFFERENT)]
    paths = [root / _released(number) for number in range(IMAGES)]
    for number, path in enumerate(paths):
        path.parent.mkdir(parents=True)
        content = encoded[number % DIFFERENT]
        comment = f"{number:06}".encode()
        path.write_bytes(content[:2] + b"\xff\xfe" + (len(comment) + 2).to_bytes(2, "big") + comment + content[2:])
    return paths


def _encoded(random: numpy.random.Generator) -> bytes:
    soft = Image.fromarray(random.normal(128, 50, (30, 25)).clip(0, 255).astype("uint8"))
    pixels = numpy.asarray(soft.resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC), dtype="float32")
    grain = random.normal(0, 3, (HEIGHT, WIDTH)).astype("float32")
    file = io.BytesIO()
    Image.fromarray((pixels + grain).clip(0, 255).astype("uint8")).save(file, "JPEG", quality=90)
    return file.getvalue()


def _seconds_to_decode(paths: list[Path]) -> float:
    started = time.perf_counter()
    for path in paths:
        with Image.open(path) as image:
            image.load()
    return time.perf_counter() - started
