"""The schedules: re-evaluation by arm, and the report. Off until `operate` in models.yaml, or somebody on the page,
switches them on: models cost money.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence

import dagster as dg

from clinseek_assets.assets.arms import Arm, every_arm
from clinseek_assets.assets.graph import Graph
from clinseek_assets.assets.scores import intervals_of
from clinseek_assets.assets.splits import SPLITS
from clinseek_assets.automation.due import Due, due_of, told_of, want_another_run
from clinseek_assets.automation.jobs import PUBLISH, evaluation
from clinseek_assets.partitions import MODEL
from clinseek_assets.resources.home import Home
from clinseek_assets.resources.operating import Operating, Reevaluation, Report

ON, OFF = dg.DefaultScheduleStatus.RUNNING, dg.DefaultScheduleStatus.STOPPED
REPORT = "report"
GRACE = dt.timedelta(hours=1)
DUE_TAG, MODEL_TAG = "clinseek/due", f"clinseek/{MODEL}"


def schedules(graph: Graph, home: Home, operating: Operating) -> Iterator[dg.ScheduleDefinition]:
    """All schedules: one an arm, and the report's."""
    for arm in every_arm():
        yield reevaluation(graph, home, arm, operating.reevaluation)
    yield report(home, operating.report)


def schedule_of(arm: Arm) -> str:
    """The name of the schedule that re-evaluates an arm."""
    return f"reevaluate_{arm.split.name}_{arm.name}"


def chosen(home: Home, arm: Arm, settings: Reevaluation) -> bool:
    """Whether an arm is one that is to be re-evaluated by itself."""
    return arm.name in (settings.arms or home.registry.campaign.arms) and arm.split.name in settings.splits


def reevaluation(graph: Graph, home: Home, arm: Arm, settings: Reevaluation) -> dg.ScheduleDefinition:
    """Asks for what is due of each model in an arm, as one run a model; says what it asks for, or why for nothing."""

    @dg.schedule(
        name=schedule_of(arm),
        job_name=evaluation(arm),
        cron_schedule=settings.cron,
        execution_timezone=settings.timezone,
        default_status=ON if settings.enabled and chosen(home, arm, settings) else OFF,
        description=f"Asks for what is not complete, or stale, in the {arm.name} arm of the {arm.split.name} split. "
        "Off unless `operate` in models.yaml or you switch it on: it costs money.",
    )
    def ask(context: dg.ScheduleEvaluationContext) -> Iterator[dg.RunRequest | dg.SkipReason]:
        models = [name for name in settings.models or home.models if name in home.models]
        dues = list(due_of(graph, home, arm, models))
        if days := settings.another_run_after_days:
            done = [name for name in models if name not in {due.model for due in dues}]
            again = list(want_another_run(home, arm, done, days, context.scheduled_execution_time))
            dues += due_of(graph, home, arm, again)
        asked = list(requests(dues, context.scheduled_execution_time.isoformat(timespec="minutes")))
        if asked:
            context.log.info(f"Asks for {told_of(dues)}.")
            yield from asked
        else:
            yield dg.SkipReason(why_nothing(home, arm, dues))

    return ask


def age_limit(settings: Report) -> dg.FreshnessPolicy | None:
    """How old the report may be before the page says that its schedule did not do its work; None without a schedule.

    Only what is made anew at each tick has an age that says something: anything else is up to date for as long as its
    inputs are.
    """
    return dg.FreshnessPolicy.time_window(settings.longest_pause + GRACE) if settings.enabled else None


def requests(dues: Sequence[Due], tick: str, job: str | None = None) -> Iterator[dg.RunRequest]:
    """The runs that ask for what is due; what each asks for stands in its key, which the tick shows, and in a tag.

    Args:
        dues: what is due.
        tick: what distinguishes these requests from earlier ones for the same.
        job: the job to start, where who asks has several.
    """
    for due in dues:
        for place, tags in enumerate(due.runs, start=1):
            part = f" (part {place} of {len(due.runs)})" if len(due.runs) > 1 else ""
            yield dg.RunRequest(
                job_name=job,
                run_key=f"{tick} {due.model}: {due.told}{part}",
                tags={**tags, MODEL_TAG: due.model, DUE_TAG: due.told},
            )


def why_nothing(home: Home, arm: Arm, dues: Sequence[Due]) -> str:
    """Why a tick asks for nothing."""
    if not arm.split.present(home):
        return f"The release has no {arm.split.name} split."
    if dues:
        first = "Bring that up to date first (the jobs `rebuild_…`, `curate_…`, `audit_…`)."
        return f"Nothing can be asked for yet: {told_of(dues)}. {first}"
    return f"Nothing is due: every answer of the {arm.name} arm is there and of today's inputs."


def report(home: Home, settings: Report) -> dg.ScheduleDefinition:
    """Makes tables and report anew, also where nothing changed, so that their age says whether this works."""

    @dg.schedule(
        name=REPORT,
        job_name=PUBLISH,
        cron_schedule=settings.cron,
        execution_timezone=settings.timezone,
        default_status=ON if settings.enabled else OFF,
        description="Makes tables and report anew. Off unless `operate` in models.yaml or you switch it on.",
    )
    def ask(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        if not any(home.receipts.read(intervals_of(split)) for split in SPLITS):
            return dg.SkipReason("There are no scores yet: run a model first (`clinseek evaluate --model …`).")
        return dg.RunRequest(run_key=f"report {context.scheduled_execution_time.isoformat(timespec='minutes')}")

    return ask
