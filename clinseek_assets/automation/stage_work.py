"""What a stage has to do, and doing it: the runs over its artifacts that are behind.

Whether an artifact is behind is decided by its receipt (`assets/artifact.py`) and by the event log, the same way that
the assets themselves and the sweep decide it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import dagster as dg
from dagster._core.execution.plan.objects import ErrorSource

from clinseek_assets.assets.artifact import WHOLE, Artifact
from clinseek_assets.assets.graph import Stage
from clinseek_assets.automation.code_location import CodeLocation
from clinseek_assets.automation.pools import wait_for_pools
from clinseek_assets.automation.ranges import runs_over
from clinseek_assets.automation.recorded import unrecorded
from clinseek_assets.automation.wanted import Wanted
from clinseek_assets.resources.home import Home
from clinseek_assets.resources.instance import process_tag

QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


@dataclass(frozen=True)
class Work:
    """What a stage has to do.

    Attributes:
        stage: its title.
        behind: artifact's name -> the partitions that are behind, in their order; (None,) for an unpartitioned one.
        wanted: the partitions that may be made on the way.
    """

    stage: str
    behind: Mapping[str, Sequence[str | None]]
    wanted: Wanted

    @property
    def parts(self) -> int:
        """How many partitions and unpartitioned artifacts that is."""
        return sum(map(len, self.behind.values()))


@dataclass
class Outcome:
    """What came out of a stage.

    Attributes:
        stage: its title.
        worked: the assets that were worked on.
        faults: what failed, in the words of the steps and of the failed checks.
        interrupted: whether a signal broke it off.
    """

    stage: str
    worked: set[dg.AssetKey] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)
    interrupted: bool = False


def work_of(stage: Stage, location: CodeLocation, instance: dg.DagsterInstance, wanted: Wanted) -> Work:
    """What a stage has to do: what is behind, what this instance does not know of, and what rests on either."""
    behind: dict[str, list[str | None]] = {}
    upstream: set[dg.AssetKey] = set()
    for artifact in stage.artifacts:
        keys = wanted.partitions(artifact)
        late = set(artifact.behind(location.home, keys)) | set(unrecorded(artifact, location, instance, keys))
        if any(dep in upstream for dep in artifact.definition.asset_deps[artifact.keys[0]]):
            late |= set(keys)
        if late:
            behind[artifact.name] = [key for key in keys if key in late]
            upstream |= set(artifact.keys)
    return Work(stage.title, behind, wanted)


def do(work: Work, location: CodeLocation, instance: dg.DagsterInstance) -> Outcome:
    """Run what a stage has to do, in this process."""
    outcome = Outcome(work.stage)
    job = location.definitions.resolve_implicit_global_asset_job_def()
    artifacts = {artifact.name: artifact for artifact in location.graph.artifacts}
    behind = {artifacts[name]: keys for name, keys in work.behind.items()}
    for together, tags in runs_of(behind, location.home, work.wanted):
        keys = [key for artifact in together for key in artifact.keys]
        wait_for_pools([artifact.definition for artifact in together], instance, location.progress)
        result = job.execute_in_process(
            run_config=QUIET,
            instance=instance,
            asset_selection=keys,
            tags={**tags, **process_tag()},
            raise_on_error=False,
        )
        outcome.worked.update(keys)
        outcome.faults += failures(result)
        if interrupted(result):
            outcome.interrupted = True
            break
    return outcome


def runs_of(
    behind: Mapping[Artifact, Sequence[str | None]], home: Home, wanted: Wanted
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
