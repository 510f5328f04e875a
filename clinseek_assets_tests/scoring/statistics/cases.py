"""Made-up scores: rows as `score_predictions` gives them, with patients in several subtasks and answers that miss."""

from __future__ import annotations

import numpy
import pandas

from clinseek_assets.benchmark.subtasks import SUBTASKS

ARMS = ("curated", "curated_strict", "seeking", "seeking_compat")
NAMES = ("Inpatient_Mortality", "LengthOfStay_3day", "LengthOfStay_7day", "labevents", "microbiologyevents")


def rows_of(figures, *, model="m", arm="seeking", mode="strict", run_index=1):
    """Scores from (qid, patient, subtask, f1) rows; an f1 of None is a missing answer."""
    qids, patients, subtasks, scores = zip(*figures, strict=True)
    f1 = numpy.array(scores, dtype=float)
    return pandas.DataFrame(
        {
            "qid": pandas.array(qids, dtype="str"),
            "subject_id": patients,
            "subtask": pandas.array(subtasks, dtype="str"),
            "task_type": pandas.array([SUBTASKS[name].task_type for name in subtasks], dtype="str"),
            "model": pandas.array([model] * len(qids), dtype="str"),
            "arm": pandas.array([arm] * len(qids), dtype="str"),
            "mode": pandas.array([mode] * len(qids), dtype="str"),
            "run_index": run_index,
            "scored": ~numpy.isnan(f1),
            "f1": f1,
        }
    )


def made_up(seed=1, models=("a", "b"), questions=60, patients=25, runs=1, missing=0.1):
    """Scores of some models in all arms on the same questions."""
    random = numpy.random.default_rng(seed)
    asked = [(f"q{i}", int(random.integers(patients)), NAMES[int(random.integers(5)) % 5]) for i in range(questions)]
    frames = []
    for model in models:
        for arm in ARMS:
            for run in range(1, runs + 1):
                f1 = numpy.where(random.random(questions) < missing, numpy.nan, random.random(questions).round(2))
                figures = [(*question, score) for question, score in zip(asked, f1, strict=True)]
                frames.append(rows_of(figures, model=model, arm=arm, run_index=run))
    return pandas.concat(frames, ignore_index=True)
