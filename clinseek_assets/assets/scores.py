"""Scores: one asset an arm on the arm's grid, all of a model's scores in one file, and for the tables intervals and the
differences between arms.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import dagster as dg
import pandas

from clinseek_assets.assets.arms import ARMS_OF, Arm
from clinseek_assets.assets.artifact import (
    ONE_RUN_AFTERWARDS,
    Artifact,
    Explanation,
    Made,
    MadePartitions,
    artifact,
    code_of,
    partitioned_artifact,
)
from clinseek_assets.assets.predictions import path_of as predictions_path
from clinseek_assets.assets.rescored import FACT, SCORER, earlier_scores, keep_what_changed, scorer_version
from clinseek_assets.assets.shown import of_frame
from clinseek_assets.assets.split_scoring import SCORING
from clinseek_assets.assets.splits import Split
from clinseek_assets.checks import rescored
from clinseek_assets.checks import scores as checks
from clinseek_assets.faults import ResultsFault
from clinseek_assets.partitions import cell, grid_key
from clinseek_assets.resources.home import Home
from clinseek_assets.resources.progress import Progress
from clinseek_assets.scoring.score_predictions import score_predictions
from clinseek_assets.scoring.statistics import adjusted, contrasts, levels
from clinseek_assets.storage.parquet import write_frame

GROUP = "scores"
OWNERS = ("team:evaluation",)
OF_SCORING = ("scores", "split_scoring", "rescored")
# The condition of what gathers several upstreams: it follows whichever of them are there.
WHICHEVER_ARE_THERE = dg.AutomationCondition.eager().without(~dg.AutomationCondition.any_deps_missing())


def model_scores_of(split: str) -> str:
    """The asset of all scores of a model in a split."""
    return f"{split}_model_scores"


def intervals_of(split: str) -> str:
    """The asset of a split's figures with intervals."""
    return f"{split}_intervals"


def contrasts_of(split: str) -> str:
    """The asset of the differences between a split's arms."""
    return f"{split}_contrasts"


def path_of(home: Home, arm: Arm, key: str) -> Path:
    """The scores of one model on one subtask."""
    model, subtask = cell(key)
    return home.layout.scores(arm.split.name, arm.name, model, subtask)


def arm_scores(arm: Arm, grid: dg.MultiPartitionsDefinition) -> Artifact:
    """The score asset of an arm, on its split's grid."""
    split, scoring = arm.split, SCORING[arm.split.name]

    def checked(home: Home, keys: Sequence[str]) -> Iterator[dg.AssetCheckResult]:
        yield from checks.of_scores(split.name, [path_of(home, arm, key) for key in keys])
        found = [home.layout.rescorings(split.name, arm.name, *cell(key)) for key in keys]
        yield from rescored.of_rescorings(scorer_version(home, split.name), found)

    @partitioned_artifact(
        Explanation(
            name=arm.scores,
            group=GROUP,
            description=f"Precision, recall and F1 of each answer of the {arm.name} arm, {scoring.told}",
            kinds=frozenset({"parquet"}),
            owners=OWNERS,
            code=code_of(*SCORER, "scoring/schema.py", *(f"assets/{name}.py" for name in OF_SCORING)),
            deps=(split.manifest, arm.predictions),
            condition=dg.AutomationCondition.eager(),
        ),
        partitions_def=grid,
        backfill_policy=ONE_RUN_AFTERWARDS,
        inputs=lambda home, key: [
            split.fingerprint(home, cell(key)[1]),
            home.receipts.content(arm.predictions, key),
            *scoring.further(home),
        ],
        output=lambda home, key: path_of(home, arm, key),
        checks=checked,
        check_specs=(*checks.specs(arm.scores), rescored.spec(arm.scores)),
        ready=lambda home, key: home.receipts.read(arm.predictions, key) is not None,
    )
    def scored(home: Home, keys: Sequence[str], progress: Progress) -> MadePartitions:
        version = scorer_version(home, split.name)
        for done, key in enumerate(keys, start=1):
            model, subtask = cell(key)
            answers = home.read(arm.predictions, key, predictions_path(home, arm, key))
            judge = scoring.judge(home, arm.name)
            frame = score_predictions(answers, split.questions(home, subtask), scoring.rules(judge))
            path = path_of(home, arm, key)
            keep_what_changed(home, arm, key, earlier_scores(home, arm, key), frame, version)
            content = write_frame(path, frame)
            progress(f"{arm.name} scores of {model}", done, len(keys))
            failed = dict(judge.failures) if judge else {}
            told = {**shown(path, frame), FACT: version, **unjudged(failed)}
            yield key, Made(content, told, complete=not failed)

    return scored


def shown(path: Path, frame: pandas.DataFrame) -> dict[str, object]:
    """The file, the mean F1 by rule over what has a score, and what decided how many rows."""
    return {**of_frame(path, frame), **means(frame), **deciders(frame)}


def deciders(frame: pandas.DataFrame) -> dict[str, int]:
    """What decided how many rows of the published rule, where rows go different ways."""
    if "decided_by" not in frame:
        return {}
    counts = frame.loc[frame["mode"] == "compat", "decided_by"].value_counts()
    return {f"compat decided by {name}": int(count) for name, count in counts.items()}


def means(frame: pandas.DataFrame) -> dict[str, float]:
    """The mean F1 by rule, over what has a score."""
    of_mode = frame[frame["scored"]].groupby("mode")["f1"].mean()
    return {f"F1 {mode}": round(float(value), 4) for mode, value in of_mode.items()}


def unjudged(failures: Mapping[str, int]) -> dict[str, int]:
    """How many cases the judge left open, by reason; they are asked again the next time."""
    return {f"no verdict ({reason})": count for reason, count in failures.items()}


def model_scores(split: Split, models: dg.StaticPartitionsDefinition) -> Artifact:
    """All scores of a model over arms and subtasks: the level that keeps what is downstream below 100 partitions."""
    arms = tuple(ARMS_OF[split.name].values())

    def parts(home: Home, model: str) -> list[tuple[Arm, str]]:
        cells = [(arm, grid_key(model, subtask)) for arm in arms for subtask in split.subtasks]
        return [(arm, key) for arm, key in cells if home.receipts.read(arm.scores, key)]

    @partitioned_artifact(
        Explanation(
            name=model_scores_of(split.name),
            group=GROUP,
            description=f"All scores of one model in the {split.name} split, over all arms and subtasks that were run.",
            kinds=frozenset({"parquet"}),
            owners=OWNERS,
            code=code_of("assets/scores.py"),
            deps=tuple(arm.scores for arm in arms),
            condition=WHICHEVER_ARE_THERE,
        ),
        partitions_def=models,
        inputs=lambda home, model: [home.receipts.content(arm.scores, key) for arm, key in parts(home, model)],
        output=lambda home, model: home.layout.model_scores(split.name, model),
        ready=lambda home, model: bool(parts(home, model)),
    )
    def gathered(home: Home, names: Sequence[str], progress: Progress) -> MadePartitions:
        for model in names:
            frames = [home.read(arm.scores, key, path_of(home, arm, key)) for arm, key in parts(home, model)]
            if not frames:
                raise ResultsFault(
                    f"The model {model!r} has no scores yet.", mend=f"Run `clinseek evaluate --model {model}` first."
                )
            frame = pandas.concat([frame for frame in frames if len(frame)] or frames[:1], ignore_index=True)
            path = home.layout.model_scores(split.name, model)
            yield model, Made(write_frame(path, frame), shown(path, frame))

    return gathered


def intervals(split: Split) -> Artifact:
    """The figures of a split with their intervals, over all models."""

    @artifact(
        Explanation(
            name=intervals_of(split.name),
            group=GROUP,
            description=f"Mean F1 of every model and arm by column of the tables of the {split.name} split (subtask, "
            "category, task type, overall), with 95% intervals clustered by patient (subtasks are fixed, patients "
            "random), and whether it is tied with the best of its arm.",
            kinds=frozenset({"parquet", "scipy"}),
            owners=OWNERS,
            code=code_of("scoring/statistics", "assets/scores.py"),
            deps=(model_scores_of(split.name),),
            condition=WHICHEVER_ARE_THERE,
        ),
        inputs=lambda home: contents(home, split),
        output=lambda home: home.intervals(split.name),
        ready=lambda home: bool(scored_models(home, split)),
    )
    def estimated(home: Home, progress: Progress) -> Made:
        frame = levels(of_models(home, split), SCORING[split.name].task_types)
        path = home.intervals(split.name)
        return Made(write_frame(path, frame), of_frame(path, frame))

    return estimated


def arm_contrasts(split: Split) -> Artifact:
    """The differences between the arms of a split, over all models."""
    name = contrasts_of(split.name)

    @artifact(
        Explanation(
            name=name,
            group=GROUP,
            description="Differences in F1 between two arms on the questions that both answered, for every contrast, "
            f"model and column of the {split.name} split: 95% intervals clustered by patient, sign-flip tests, and "
            "their corrections over all models of a contrast (floor rows are no part of it).",
            kinds=frozenset({"parquet", "scipy"}),
            owners=OWNERS,
            code=code_of("scoring/statistics", "assets/scores.py"),
            deps=(model_scores_of(split.name),),
            condition=WHICHEVER_ARE_THERE,
        ),
        inputs=lambda home: [*contents(home, split), *floor_rows(home)],
        output=lambda home: home.contrasts(split.name),
        checks=lambda home: checks.of_contrasts(home.contrasts(split.name)),
        check_specs=checks.contrast_specs(name),
        ready=lambda home: bool(scored_models(home, split)),
    )
    def compared(home: Home, progress: Progress) -> Made:
        found = contrasts(of_models(home, split), SCORING[split.name].task_types)
        frame = corrected(found, floor_rows(home))
        path = home.contrasts(split.name)
        return Made(write_frame(path, frame), of_frame(path, frame))

    return compared


def corrected(found: pandas.DataFrame, floor: Sequence[str]) -> pandas.DataFrame:
    """Contrasts with corrected p; what answers by a constant is not tested, and makes nobody else's correction harsher.

    Args:
        found: as `contrasts` gives them.
        floor: the models that give constant answers; they are left without a corrected p.
    """
    tested = adjusted(found[~found["model"].isin(floor)])
    return found.join(tested[["p_holm", "p_bh"]])


def scored_models(home: Home, split: Split) -> list[str]:
    """The enabled models that have scores in a split."""
    return [model for model in home.models if home.receipts.read(model_scores_of(split.name), model)]


def contents(home: Home, split: Split) -> list[str]:
    """Fingerprints of the scores of every enabled model in a split."""
    return [f"{model} {home.receipts.content(model_scores_of(split.name), model)}" for model in home.models]


def floor_rows(home: Home) -> list[str]:
    """The enabled models that give constant answers."""
    return [name for name, model in home.models.items() if model.kind == "floor"]


def of_models(home: Home, split: Split) -> pandas.DataFrame:
    """All scores of a split.

    Raises:
        ResultsFault: no model has any.
        Fault: scores were changed after they were recorded.
    """
    models = scored_models(home, split)
    if not models:
        raise ResultsFault("No model has scores yet.", mend="Run `clinseek demo` or `clinseek evaluate` first.")
    name = model_scores_of(split.name)
    frames = [home.read(name, model, home.layout.model_scores(split.name, model)) for model in models]
    return pandas.concat(frames, ignore_index=True)
