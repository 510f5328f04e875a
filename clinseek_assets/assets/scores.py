"""Scores: one asset an arm on the arm's grid, all of a model's scores in one file, and intervals for the tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import dagster as dg
import pandas

from clinseek_assets.assets.arms import ARMS, Arm
from clinseek_assets.assets.artifact import (
    ONE_RUN_AFTERWARDS,
    Artifact,
    Explanation,
    Made,
    artifact,
    code_of,
    partitioned_artifact,
)
from clinseek_assets.assets.predictions import path_of as predictions_path
from clinseek_assets.assets.shown import of_frame
from clinseek_assets.benchmark.subtasks import SUBTASKS
from clinseek_assets.checks import scores as checks
from clinseek_assets.faults import ResultsFault
from clinseek_assets.partitions import cell, grid_key
from clinseek_assets.resources.home import Home
from clinseek_assets.resources.progress import Progress
from clinseek_assets.scoring.score_predictions import score_predictions
from clinseek_assets.scoring.statistics import group_intervals
from clinseek_assets.storage.parquet import write_frame

GROUP = "scores"
OWNERS = ("team:evaluation",)
MODEL_SCORES = "text_model_scores"
INTERVALS = "text_intervals"
# The condition of what gathers several upstreams: it follows whichever of them are there.
WHICHEVER_ARE_THERE = dg.AutomationCondition.eager().without(~dg.AutomationCondition.any_deps_missing())


def path_of(home: Home, arm: Arm, key: str) -> Path:
    """The scores of one model on one subtask."""
    model, subtask = cell(key)
    return home.layout.scores("text", arm.name, model, subtask)


def arm_scores(arm: Arm, grid: dg.MultiPartitionsDefinition) -> Artifact:
    """The score asset of an arm."""

    @partitioned_artifact(
        Explanation(
            name=arm.scores,
            group=GROUP,
            description=f"Precision, recall and F1 of each answer of the {arm.name} arm, by both rules: `strict` "
            "(ours, the headline) and `compat` (the published scorer's, to the digit). A missing answer has no score.",
            kinds=frozenset({"parquet"}),
            owners=OWNERS,
            code=code_of("scoring", "assets/scores.py"),
            deps=("text_manifest", arm.predictions),
            condition=dg.AutomationCondition.eager(),
        ),
        partitions_def=grid,
        backfill_policy=ONE_RUN_AFTERWARDS,
        inputs=lambda home, key: [
            home.questions_fingerprint(cell(key)[1]),
            home.receipts.content(arm.predictions, key),
        ],
        output=lambda home, key: path_of(home, arm, key),
        checks=lambda home, keys: checks.of_scores([path_of(home, arm, key) for key in keys]),
        check_specs=checks.specs(arm.scores),
        ready=lambda home, key: home.receipts.read(arm.predictions, key) is not None,
    )
    def scored(home: Home, keys: Sequence[str], progress: Progress) -> Iterator[tuple[str, Made]]:
        for done, key in enumerate(keys, start=1):
            answers = home.read(arm.predictions, key, predictions_path(home, arm, key))
            frame = score_predictions(answers, home.questions(cell(key)[1]))
            content = write_frame(path_of(home, arm, key), frame)
            progress(f"{arm.name} scores of {cell(key)[0]}", done, len(keys))
            yield key, Made(content, {**of_frame(path_of(home, arm, key), frame), **means(frame)})

    return scored


def means(frame: pandas.DataFrame) -> dict[str, float]:
    """The mean F1 by rule, over what has a score."""
    of_mode = frame[frame["scored"]].groupby("mode")["f1"].mean()
    return {f"F1 {mode}": round(float(value), 4) for mode, value in of_mode.items()}


def model_scores(models: dg.StaticPartitionsDefinition) -> Artifact:
    """All scores of a model over arms and subtasks: the level that keeps what is downstream below 100 partitions."""

    def parts(home: Home, model: str) -> list[tuple[Arm, str]]:
        cells = [(arm, grid_key(model, subtask)) for arm in ARMS.values() for subtask in SUBTASKS]
        return [(arm, key) for arm, key in cells if home.receipts.read(arm.scores, key)]

    @partitioned_artifact(
        Explanation(
            name=MODEL_SCORES,
            group=GROUP,
            description="All scores of one model, over all arms and subtasks that were run.",
            kinds=frozenset({"parquet"}),
            owners=OWNERS,
            code=code_of("assets/scores.py"),
            deps=tuple(arm.scores for arm in ARMS.values()),
            condition=WHICHEVER_ARE_THERE,
        ),
        partitions_def=models,
        inputs=lambda home, model: [home.receipts.content(arm.scores, key) for arm, key in parts(home, model)],
        output=lambda home, model: home.layout.model_scores("text", model),
        ready=lambda home, model: bool(parts(home, model)),
    )
    def gathered(home: Home, names: Sequence[str], progress: Progress) -> Iterator[tuple[str, Made]]:
        for model in names:
            frames = [home.read(arm.scores, key, path_of(home, arm, key)) for arm, key in parts(home, model)]
            if not frames:
                raise ResultsFault(
                    f"The model {model!r} has no scores yet.", mend=f"Run `clinseek evaluate --model {model}` first."
                )
            frame = pandas.concat([frame for frame in frames if len(frame)] or frames[:1], ignore_index=True)
            path = home.layout.model_scores("text", model)
            yield model, Made(write_frame(path, frame), {**of_frame(path, frame), **means(frame)})

    return gathered


def anything_scored(home: Home) -> bool:
    """Whether any model has scores."""
    return any(home.receipts.read(MODEL_SCORES, model) for model in home.models)


@artifact(
    Explanation(
        name=INTERVALS,
        group=GROUP,
        kinds=frozenset({"parquet", "scipy"}),
        owners=OWNERS,
        code=code_of("scoring/statistics.py", "assets/scores.py"),
        deps=(MODEL_SCORES,),
        condition=WHICHEVER_ARE_THERE,
    ),
    inputs=lambda home: [f"{model} {home.receipts.content(MODEL_SCORES, model)}" for model in home.models],
    output=lambda home: home.intervals_file,
    ready=anything_scored,
)
def text_intervals(home: Home, progress: Progress) -> Made:
    """Mean F1 of every model and arm by subtask, task type and overall, with 95% intervals clustered by patient
    (subtasks are fixed, patients random).
    """
    scored = [model for model in home.models if home.receipts.read(MODEL_SCORES, model)]
    if not scored:
        raise ResultsFault("No model has scores yet.", mend="Run `clinseek demo` or `clinseek evaluate` first.")
    frames = [home.read(MODEL_SCORES, model, home.layout.model_scores("text", model)) for model in scored]
    frame = pandas.concat([group_intervals(scores) for scores in frames], ignore_index=True)
    return Made(write_frame(home.intervals_file, frame), of_frame(home.intervals_file, frame))
