"""Answers of the models: one asset an arm, a partition a model and subtask.

No automation condition stands here: predictions cost money. People, schedules and sensors start them.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import dagster as dg
import pandas

from clinseek_assets.assets.arms import Arm, Asked
from clinseek_assets.assets.artifact import (
    Artifact,
    Explanation,
    Made,
    MadePartitions,
    metadata_of,
    partitioned_artifact,
)
from clinseek_assets.assets.asking_progress import of_calls
from clinseek_assets.assets.observed import Source, Version, of_registry
from clinseek_assets.assets.prediction_run import PredictionRun
from clinseek_assets.assets.shown import of_frame
from clinseek_assets.campaign.analysis_plan import fix_plan
from clinseek_assets.checks import predictions as checks
from clinseek_assets.models.call_tally import CallTally
from clinseek_assets.models.outcomes import Outcome
from clinseek_assets.partitions import cell
from clinseek_assets.resources.home import Home
from clinseek_assets.resources.progress import Progress
from clinseek_assets.resources.runs import wanted_runs
from clinseek_assets.storage.fingerprint import of_parts
from clinseek_assets.storage.parquet import write_frame
from clinseek_assets.storage.receipts import Receipt

GROUP = "predictions"
OUTCOME = "outcome "  # begins what counts the questions of one
# These can come out otherwise when the same question is asked again, so the partition is not finished.
TO_BE_TRIED_AGAIN = (Outcome.ENDPOINT_FAILED, Outcome.OVER_BUDGET)


def path_of(home: Home, arm: Arm, key: str) -> Path:
    """The answers of one model to one subtask."""
    model, subtask = cell(key)
    return home.layout.predictions(arm.split.name, arm.name, model, subtask)


def registered_models(models: dg.StaticPartitionsDefinition, listed: int) -> Source:
    """The registry as a source, a partition a model: what shapes its answers, and how many answers a question.

    Args:
        models: the enabled ones.
        listed: how many the registry has in all.
    """

    def versions(home: Home) -> dict[str | None, Version]:
        runs = home.registry.campaign.runs
        return {
            name: Version(of_parts([home.models[name].fingerprint, f"runs {runs}"]), {"answers a question": runs})
            for name in models.get_partition_keys()
            if name in home.models
        }

    spec = dg.AssetSpec(
        "models",
        group_name=GROUP,
        kinds={"yaml"},
        owners=["team:evaluation"],
        description="The registry of models (models.yaml): floor rows, baselines, and the endpoints switched on.",
        metadata={"enabled": len(models.get_partition_keys()), "listed": listed},
        partitions_def=models,
    )
    return of_registry(versions, spec)


def predictions(arm: Arm, grid: dg.MultiPartitionsDefinition, registry: Source) -> Artifact:
    """The prediction asset of an arm; `registry` is the source that its models stand in."""

    def inputs(home: Home, key: str) -> list[str]:
        model, subtask = cell(key)
        return [
            home.models[model].fingerprint,
            arm.split.fingerprint(home, subtask),
            f"runs {wanted_runs(home, arm.split.name, arm.name, model)}",
            *arm.inputs(home, subtask),
        ]

    @partitioned_artifact(
        Explanation(
            name=arm.predictions,
            group=GROUP,
            description=f"Answers in the {arm.name} arm, one row a question. {arm.description} Nothing starts this by "
            "itself, since models cost money; a finished question is never paid for twice.",
            kinds=frozenset({"parquet", "llm"}),
            owners=("team:evaluation",),
            code=arm.code,
            deps=(arm.split.manifest, *arm.evidence),
            sources=(registry, *arm.sources),
        ),
        partitions_def=grid,
        inputs=inputs,
        output=lambda home, key: path_of(home, arm, key),
        checks=lambda home, keys: checks.of_predictions([path_of(home, arm, key) for key in keys]),
        check_specs=checks.specs(arm.predictions),
    )
    def answered(home: Home, keys: Sequence[str], progress: Progress) -> MadePartitions:
        fix_plan(home)  # what is tested, and how, stands before the first answer

        def answer(key: str, asked: Asked) -> Made:
            path, begun = path_of(home, arm, key), time.monotonic()
            frame = arm.answer(home, asked)
            content = write_frame(path, frame)
            seconds = time.monotonic() - begun
            return Made(content, shown(path, frame, asked.tally, seconds), complete=finished(frame))

        # `answered` is the artifact by the time that this runs.
        run = PredictionRun(home, arm, keys, lambda key: answered.current(home, key) is not None, answer)
        yield from run.results(dg.AssetExecutionContext.get(), progress)

    return answered


def finished(frame: pandas.DataFrame) -> bool:
    """Whether asking again with the same inputs could change nothing."""
    return not frame["outcome"].isin([str(outcome) for outcome in TO_BE_TRIED_AGAIN]).any()


def shown(path: Path, frame: pandas.DataFrame, tally: CallTally, seconds: float) -> dict[str, object]:
    """Counts by outcome, tokens and time, and what the calls came to; no answer and no question."""
    outcomes = frame["outcome"].value_counts().sort_index()
    return {
        **of_frame(path, frame),
        **{f"{OUTCOME}{outcome}": int(count) for outcome, count in outcomes.items()},
        "prompt tokens": int(frame["prompt_tokens"].fillna(0).sum()),
        "completion tokens": int(frame["completion_tokens"].fillna(0).sum()),
        "seconds": round(float(frame["seconds"].fillna(0).sum()), 3),
        "seconds from first to last": round(seconds, 3),
        **({f"this time: {name}": value for name, value in of_calls(tally).items()} if tally != CallTally() else {}),
    }


def outcomes_of(receipt: Receipt) -> Counter[str]:
    """The questions of a cell by outcome, as `shown` has counted them in its receipt."""
    counts = {name: count for name, count in receipt.facts.items() if name.startswith(OUTCOME)}
    told = metadata_of(replace(receipt, facts=counts))
    return Counter({name.removeprefix(OUTCOME): int(count.value) for name, count in told.items()})
