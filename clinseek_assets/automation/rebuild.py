"""Bring the graph up to date in this process: the stages in order, and of each only what is behind.

Whether an artifact is behind is decided by its receipt (`assets/artifact.py`) and by the event log, the same way that
the assets themselves and the sweep decide it. So a second run over unchanged inputs starts no run at all.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field

import dagster as dg
from dagster._core.execution.plan.objects import ErrorSource

from clinseek_assets.assets.artifact import WHOLE, Artifact
from clinseek_assets.assets.text_graph import Stage
from clinseek_assets.automation.code_location import CodeLocation
from clinseek_assets.automation.ranges import runs_over
from clinseek_assets.faults import Fault
from clinseek_assets.partitions import cell
from clinseek_assets.resources.home import Home
from clinseek_assets.resources.instance import process_tag

QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


@dataclass(frozen=True)
class Wanted:
    """Which partitions to bring up to date; None means all of that kind."""

    models: Collection[str] | None = None
    subtasks: Collection[str] | None = None
    arms: Collection[str] | None = None

    def stage(self, stage: Stage) -> bool:
        """Whether a stage is needed for a wanted arm, or for none in particular."""
        return not stage.arms or self.arms is None or bool(set(stage.arms) & set(self.arms))

    def partitions(self, artifact: Artifact) -> list[str | None]:
        """The wanted partitions of an artifact, in their order."""
        return [key for key in artifact.partitions if key is None or self._wants(artifact, key)]

    def _wants(self, artifact: Artifact, key: str) -> bool:
        model, subtask = cell(key)
        if not subtask:  # a grid of one dimension: either the models or the subtasks
            kind = self.models if artifact.name.endswith("model_scores") else self.subtasks
            return kind is None or key in kind
        return (self.models is None or model in self.models) and (self.subtasks is None or subtask in self.subtasks)


@dataclass
class Rebuilt:
    """What a rebuild did.

    Attributes:
        assets: how many assets there are to bring up to date.
        worked: those that had work to do.
        faults: what went wrong in stages that others need not wait for.
    """

    assets: int
    worked: set[dg.AssetKey] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)


def rebuild(
    location: CodeLocation,
    instance: dg.DagsterInstance,
    *,
    wanted: Wanted = Wanted(),
    tell: Callable[[str, int, int], None] = lambda stage, behind, of_all: None,
) -> Rebuilt:
    """Bring the wanted part of the graph up to date.

    Args:
        location: the code location.
        instance: where runs and events are recorded.
        wanted: the partitions; what they rest on is brought up to date with them.
        tell: told of each stage: its title, how many partitions are behind, and how many there are.

    Raises:
        Fault: a step failed; what does not depend on it was finished, and the next call continues.
        KeyboardInterrupt: a signal asked for an end; what was finished is kept.
    """
    job = location.definitions.resolve_implicit_global_asset_job_def()
    stages = [stage for stage in location.graph.stages if wanted.stage(stage)]
    rebuilt = Rebuilt(sum(len(artifact.keys) for stage in stages for artifact in stage.artifacts))
    for stage in stages:
        behind = behind_in(stage, location, instance, wanted)
        parts = sum(len(keys) for keys in behind.values())
        tell(stage.title, parts, sum(len(wanted.partitions(artifact)) for artifact in stage.artifacts))
        faults: list[str] = []
        for artifacts, tags in runs_of(behind, location.home, wanted):
            result = job.execute_in_process(
                run_config=QUIET,
                instance=instance,
                asset_selection=[key for artifact in artifacts for key in artifact.keys],
                tags={**tags, **process_tag()},
                raise_on_error=False,
            )
            rebuilt.worked |= {key for artifact in artifacts for key in artifact.keys}
            if interrupted(result):
                raise KeyboardInterrupt
            faults += failures(result)
        if faults and stage.required:
            raise told_together([*rebuilt.faults, *faults])
        rebuilt.faults += faults
    if rebuilt.faults:
        raise told_together(rebuilt.faults)
    return rebuilt


def told_together(faults: Sequence[str]) -> Fault:
    """One fault out of those of several steps, each of which has told its own mend."""
    return Fault("\n".join([*faults, "What is finished is kept: the same command continues from there."]))


def behind_in(
    stage: Stage, location: CodeLocation, instance: dg.DagsterInstance, wanted: Wanted
) -> dict[Artifact, list[str | None]]:
    """What a stage has to do: what is behind, what this instance does not know of, and what rests on either."""
    behind: dict[Artifact, list[str | None]] = {}
    for artifact in stage.artifacts:
        keys = wanted.partitions(artifact)
        late = set(artifact.behind(location.home, keys)) | set(unrecorded(artifact, location, instance, keys))
        upstream = {key for earlier in behind for key in earlier.keys}
        if any(dep in upstream for dep in artifact.definition.asset_deps[artifact.keys[0]]):
            late |= set(keys)
        if late:
            behind[artifact] = [key for key in keys if key in late]
    return behind


def unrecorded(
    artifact: Artifact, location: CodeLocation, instance: dg.DagsterInstance, keys: Sequence[str | None]
) -> Iterator[str | None]:
    """The partitions that are up to date on disk but that this instance has no record of (its folder was removed)."""
    key = artifact.keys[0]
    if artifact.partitions == WHOLE:
        known: set[str | None] = {None} if instance.get_latest_materialization_event(key) else set()
    else:
        known = set(instance.get_materialized_partitions(key))
    for partition in keys:
        if partition not in known and artifact.ready(location.home, partition):
            yield partition


def runs_of(
    behind: dict[Artifact, list[str | None]], home: Home, wanted: Wanted
) -> Iterator[tuple[list[Artifact], dict[str, str]]]:
    """The runs of a stage: one over all its unpartitioned artifacts, one a range of a partitioned one."""
    whole = [artifact for artifact in behind if artifact.partitions == WHOLE]
    if whole:
        yield whole, {}
    for artifact, keys in behind.items():
        if artifact not in whole:
            allowed = {key for key in wanted.partitions(artifact) if artifact.ready(home, key)}
            for tags in runs_over(artifact.partitions, allowed, keys):
                yield [artifact], tags


def interrupted(result: dg.ExecuteInProcessResult) -> bool:
    """Whether a step was broken off by a signal: then nothing further is begun, least of all what costs money."""
    return any(
        event.is_step_failure and event.step_failure_data.error_source is ErrorSource.INTERRUPT
        for event in result.all_events
    )


def failures(result: dg.ExecuteInProcessResult) -> list[str]:
    """What failed, in the words of the steps and of the failed checks."""
    told = []
    for event in result.all_events:
        if event.is_step_failure:
            data = event.step_failure_data
            reason = data.user_failure_data.description if data.user_failure_data else None
            told.append(f"{event.step_key}: {reason or failed_checks(result, event) or 'the step failed'}")
    return told


def failed_checks(result: dg.ExecuteInProcessResult, failure: dg.DagsterEvent) -> str:
    """The failed checks of a step, by name with their counts."""
    return "; ".join(
        f"check {found.check_name} failed ({found.description or 'see the asset in the web page'})"
        for found in result.get_asset_check_evaluations()
        if not found.passed and found.severity is dg.AssetCheckSeverity.ERROR
        if "__".join(found.asset_key.path) == failure.step_key
    )
