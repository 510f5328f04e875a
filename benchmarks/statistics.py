"""Contrasts and levels of 12 models × 45 subtasks × 4 arms with 10,000 draws, and reading 50,000 stored scores."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy
import pandas

from clinseek_assets.benchmark.subtasks import SUBTASKS
from clinseek_assets.scoring.statistics import DRAWS, adjusted, contrasts, levels
from clinseek_assets.storage.parquet import write_frame

MODELS = 12
ARMS = ("curated", "curated_strict", "seeking", "seeking_compat")
QUESTIONS_A_SUBTASK = 40
PATIENTS = 1_563
MISSING = 0.01
STORED = 50_000
SEED = 7


def run(folder: Path) -> dict[str, Any]:
    """Make the scores and measure; the fastest of some rounds counts, the first of which also makes the draws.

    Returns:
        name, rows, draws, seconds of the first and of the fastest round, milliseconds to read stored scores.
    """
    scores = _scores(numpy.random.default_rng(SEED))
    path = folder / "scores.parquet"
    write_frame(path, scores.head(STORED))
    of_contrasts = [_seconds(lambda: adjusted(contrasts(scores))) for _ in range(3)]
    of_levels = [_seconds(lambda: levels(scores)) for _ in range(3)]
    reading = min(_seconds(lambda: pandas.read_parquet(path)) for _ in range(5))
    return {
        "name": f"statistics of {MODELS} models × {len(SUBTASKS)} subtasks × {len(ARMS)} arms",
        "rows": len(scores),
        "draws": DRAWS,
        "contrasts_first_seconds": round(of_contrasts[0], 2),
        "contrasts_seconds": round(min(of_contrasts), 2),
        "levels_with_ties_seconds": round(min(of_levels), 2),
        f"read_{STORED}_scores_milliseconds": round(1_000 * reading, 1),
    }


def _scores(random: numpy.random.Generator) -> pandas.DataFrame:
    """Rows as `score_predictions` stores them, in one mode: half of the scores 0 or 1, some missing."""
    subtasks = numpy.repeat(list(SUBTASKS), QUESTIONS_A_SUBTASK)
    questions = len(subtasks)
    asked = pandas.DataFrame(
        {
            "qid": [f"{subtask}_{number}" for number, subtask in enumerate(subtasks)],
            "row_number": numpy.arange(1, questions + 1),
            "subject_id": 10_000_000 + random.integers(0, PATIENTS, questions),
            "subtask": subtasks,
            "task_type": [SUBTASKS[subtask].task_type for subtask in subtasks],
        }
    )
    frames = [
        asked.assign(model=f"model_{model}", arm=arm, run_index=1, outcome="finished", mode="strict")
        for model in range(MODELS)
        for arm in ARMS
    ]
    together = pandas.concat(frames, ignore_index=True)
    size = len(together)
    f1 = numpy.where(random.random(size) < 0.5, random.integers(0, 2, size), random.random(size))
    f1[random.random(size) < MISSING] = numpy.nan
    figures = {"scored": ~numpy.isnan(f1), "precision": f1, "recall": f1, "f1": f1, "exact_match": (f1 == 1) * 1.0}
    return together.assign(**figures, gold_size=1, answer_size=1, decided=pandas.array([None] * size, dtype="boolean"))


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
