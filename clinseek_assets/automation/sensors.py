"""What follows by itself: scores, tables and reports, never predictions.

The conditions stand on the assets. They act on what happens from one tick to the next and can lose what lands just
after a request; the sweep finds that by content, whenever it happened.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import itemgetter

import dagster as dg
from dagster._core.storage.dagster_run import NOT_FINISHED_STATUSES

from clinseek_assets.assets.arms import every_arm
from clinseek_assets.assets.artifact import WHOLE, Artifact
from clinseek_assets.assets.graph import Graph
from clinseek_assets.assets.scores import model_scores_of
from clinseek_assets.assets.splits import SPLITS
from clinseek_assets.automation.jobs import PUBLISH, gathering, jobs_before_models, scoring
from clinseek_assets.automation.ranges import runs_over
from clinseek_assets.faults import Fault
from clinseek_assets.resources.home import Home
from clinseek_assets.resources.operating import Watch
from clinseek_assets.storage.fingerprint import of_parts

FOLLOWING = ("scores", "marts", "reports")
MOST_LOOKED_AT = 1000


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
        **{arm.scores: scoring(arm) for arm in every_arm()},
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
        yield from first_behind(following, home)

    return find_lost


def upstream_follows(
    graph: Graph, home: Home, jobs: Sequence[dg.UnresolvedAssetJobDefinition], watch: Watch
) -> dg.SensorDefinition:
    """A sensor that brings up to date what lies before the models, step by step; on where `watch.rebuild` says so."""
    job_of = jobs_before_models(graph)
    leading = [(artifact, job_of[artifact.name]) for artifact in graph.artifacts if artifact.name in job_of]

    @dg.sensor(
        name="upstream_follows",
        jobs=[job for job in jobs if job.name in job_of.values()],
        minimum_interval_seconds=60,
        default_status=dg.DefaultSensorStatus.RUNNING if watch.rebuild else dg.DefaultSensorStatus.STOPPED,
        description="Tables, databases, contexts and audits follow changed manifests and source files. No model is "
        "asked. Off unless `operate.watch.rebuild` in models.yaml or you switch it on.",
    )
    def rebuild_what_changed(context: dg.SensorEvaluationContext) -> Iterator[dg.RunRequest | dg.SkipReason]:
        unfinished = dg.RunsFilter(statuses=list(NOT_FINISHED_STATUSES))
        runs = context.instance.get_runs(unfinished, limit=MOST_LOOKED_AT)
        if busy := sorted({run.job_name for run in runs} & set(job_of.values())):
            yield dg.SkipReason(f"{', '.join(busy)} is still at work.")
            return
        asked = list(first_behind(leading, home))
        yield from asked
        if not asked:
            yield dg.SkipReason("Everything before the models is up to date.")

    return rebuild_what_changed


def first_behind(artifacts: Iterable[tuple[Artifact, str]], home: Home) -> Iterator[dg.RunRequest]:
    """Requests for the first artifacts that are behind, of one job; what comes after them waits for the next look.

    A request is named by what is made and what from, so that a run that failed is not requested again and again.

    Args:
        artifacts: in their order, each with the job that makes it.
        home: where they lie.
    """
    for job_name, group in groupby(artifacts, key=itemgetter(1)):
        behind = [(artifact, behind_of(artifact, home)) for artifact, _ in group]
        yield from requests_for(job_name, [each for each in behind if each[1]], home)
        if not all(artifact.tried(home, partition) for artifact, keys in behind for partition in keys):
            return


def requests_for(
    job_name: str, behind: Sequence[tuple[Artifact, Sequence[str | None]]], home: Home
) -> Iterator[dg.RunRequest]:
    """The runs of a job over what is behind: one over all that has no partitions, one a range of anything else."""
    whole = [artifact for artifact, _ in behind if artifact.partitions == WHOLE]
    if whole:
        made = f"{len(whole)} of it, from {of_parts(artifact.inputs(home, None) for artifact in whole)}"
        keys = [key for artifact in whole for key in artifact.keys]
        yield dg.RunRequest(job_name=job_name, run_key=f"{job_name} {made}", asset_selection=keys)
    for artifact, keys_behind in behind:
        if artifact not in whole:
            inputs = of_parts(artifact.inputs(home, partition) for partition in keys_behind)
            ready = {key for key in artifact.partitions if artifact.ready(home, key)}
            for tags in runs_over(artifact.partitions, ready, keys_behind):
                yield dg.RunRequest(job_name=job_name, run_key=f"{job_name} {tags} {inputs}", tags=tags)


def behind_of(artifact: Artifact, home: Home) -> list[str | None]:
    """The partitions that are behind and can be made."""
    return [key for key in artifact.behind(home) if can_be_made(artifact, home, key)]


def can_be_made(artifact: Artifact, home: Home, partition: str | None) -> bool:
    """Whether what it is made from can be told at all: without a release nothing can be, and that is nobody's fault."""
    try:
        artifact.inputs(home, partition)
    except Fault:
        return False
    return True
