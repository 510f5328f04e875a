"""What follows by itself: scores, tables and reports, never predictions.

The conditions stand on the assets. They act on what happens from one tick to the next and can lose what lands just
after a request; the sweep finds that by content, whenever it happened.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import dagster as dg

from clinseek_assets.assets.arms import ARMS_OF
from clinseek_assets.assets.graph import Graph
from clinseek_assets.assets.scores import model_scores_of
from clinseek_assets.assets.splits import SPLITS
from clinseek_assets.automation.jobs import PUBLISH, gathering, scoring
from clinseek_assets.automation.ranges import runs_over
from clinseek_assets.resources.home import Home
from clinseek_assets.storage.fingerprint import of_parts

FOLLOWING = ("scores", "marts", "reports")


def downstream_follows() -> dg.AutomationConditionSensorDefinition:
    """The sensor that evaluates the conditions of scores, tables and reports."""
    return dg.AutomationConditionSensorDefinition(
        "downstream_follows",
        target=dg.AssetSelection.groups(*FOLLOWING),
        default_status=dg.DefaultSensorStatus.RUNNING,
        minimum_interval_seconds=30,
        description="Scores, tables and reports follow the predictions. Predictions are never started from here.",
    )


def sweep(graph: Graph, home: Home, jobs: Sequence[dg.UnresolvedAssetJobDefinition]) -> dg.SensorDefinition:
    """A sensor that compares what is recorded with today's inputs and requests the first thing that is behind."""
    job_of = {
        **{arm.scores: scoring(arm) for arms in ARMS_OF.values() for arm in arms.values()},
        **{model_scores_of(name): gathering(split) for name, split in SPLITS.items()},
    }
    following = [
        (artifact, job_of.get(artifact.name, PUBLISH))
        for stage in graph.stages
        for artifact in stage.artifacts
        if stage.follows
    ]

    @dg.sensor(
        name="sweep",
        jobs=[job for job in jobs if job.name in {name for _, name in following}],
        minimum_interval_seconds=300,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Finds scores and tables that are behind their inputs by content, and requests them once.",
    )
    def find_lost(context: dg.SensorEvaluationContext) -> Iterator[dg.RunRequest]:
        for artifact, job_name in following:
            ready = {key for key in artifact.partitions if artifact.ready(home, key)}
            behind = artifact.behind(home)
            # Named by what it is made from, so that a run that failed is not requested again and again.
            inputs = of_parts(artifact.inputs(home, partition) for partition in behind)
            for tags in runs_over(artifact.partitions, ready, behind):
                yield dg.RunRequest(job_name=job_name, run_key=f"{job_name} {tags} {inputs}", tags=tags)
            if not all(artifact.tried(home, partition) for partition in behind):
                return  # what comes after it waits for the next look

    return find_lost
