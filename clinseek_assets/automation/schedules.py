"""The weekly re-evaluation: off until someone switches it on, since models cost money."""

from __future__ import annotations

from collections.abc import Sequence

import dagster as dg

from clinseek_assets.assets.arms import Arm
from clinseek_assets.automation.jobs import evaluation
from clinseek_assets.automation.ranges import of_range
from clinseek_assets.partitions import MODEL, grid_key

MONDAY_NIGHT = "0 3 * * 1"


def weekly_evaluation(arm: Arm, models: Sequence[str]) -> dg.ScheduleDefinition:
    """One run a model over all subtasks of an arm, every Monday at 03:00 UTC.

    What is up to date is not asked again: a new model, changed questions and answers that an endpoint owed are.
    """
    first, last = arm.split.subtasks[0], arm.split.subtasks[-1]

    @dg.schedule(
        name=f"weekly_{arm.split.name}_{arm.name}",
        job_name=evaluation(arm),
        cron_schedule=MONDAY_NIGHT,
        execution_timezone="UTC",
        default_status=dg.DefaultScheduleStatus.STOPPED,
        description=f"Brings the {arm.name} arm of each model up to date every week. Off by default: it costs money.",
    )
    def weekly(context: dg.ScheduleEvaluationContext) -> list[dg.RunRequest]:
        tick = context.scheduled_execution_time.date().isoformat()
        return [
            dg.RunRequest(
                run_key=f"{tick} {model}",
                tags={**of_range(grid_key(model, first), grid_key(model, last)), f"clinseek/{MODEL}": model},
            )
            for model in models
        ]

    return weekly
