"""Messages about what somebody should look at: a run that failed, and answers that are missing.

Each stands in the log; where `operate.alerts` of models.yaml names a webhook, it is posted there too. A message holds
counts, and names of jobs, arms and models: nothing of a patient, a question or an answer, and no text of an error.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator, Mapping
from logging import Logger
from typing import Any

import dagster as dg

from clinseek_assets.assets.arms import Arm, every_arm
from clinseek_assets.assets.predictions import outcomes_of
from clinseek_assets.automation.jobs import evaluation
from clinseek_assets.automation.ranges import END, START
from clinseek_assets.automation.reloading import page_of
from clinseek_assets.automation.schedules import MODEL_TAG
from clinseek_assets.faults import EndpointFault
from clinseek_assets.models.outcomes import MISSING
from clinseek_assets.partitions import cell, grid_key
from clinseek_assets.resources.home import Home
from clinseek_assets.resources.operating import Alerts
from clinseek_assets.resources.webhook import post
from clinseek_assets.storage.fingerprint import of_value

RUNNING = dg.DefaultSensorStatus.RUNNING
MISSING_OUTCOMES = frozenset(map(str, MISSING))
UNDER_WAY = [dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING]
GRID_TAG = "dagster/partition/model"


def tell(settings: Alerts, message: Mapping[str, Any], log: Logger) -> str:
    """Say a message in the log, and post it where a webhook is named; what came of it, in words."""
    log.warning(str(message["text"]))
    try:
        url = settings.webhook(os.environ)
    except EndpointFault as fault:
        log.error(str(fault))
        return "not posted: the webhook's variable is not as it should be"
    if url is None:
        return "no webhook is named"
    delivery = post(url, message)
    told = f"{'posted' if delivery.done else 'not posted'} ({delivery.told}, attempts: {delivery.attempts})"
    (log.info if delivery.done else log.error)(f"The message was {told}.")
    return told


def link(settings: Alerts, path: str) -> str | None:
    """Where the page shows it; None where nobody said where the page is."""
    page = (settings.page or page_of(os.environ)).rstrip("/")
    return f"{page}/{path}" if page else None


def run_failed(settings: Alerts) -> dg.SensorDefinition:
    """The sensor that tells of each failed run, whoever started it."""

    @dg.run_failure_sensor(
        name="run_failed",
        monitor_all_code_locations=True,  # also the runs of the command line
        default_status=RUNNING,
        minimum_interval_seconds=30,
        description="Tells of each failed run: in the log, and to the webhook of `operate.alerts` in models.yaml.",
    )
    def look(context: dg.RunFailureSensorContext) -> None:
        tell(settings, message_of_run(context.dagster_run, failed_steps(context), settings), context.log)

    return look


def failed_steps(context: dg.RunFailureSensorContext) -> list[str]:
    """The steps of a run that failed, by name; none where the run itself could not go on."""
    return sorted({event.step_key for event in context.get_step_failure_events() if event.step_key})


def message_of_run(run: dg.DagsterRun, steps: list[str], settings: Alerts) -> dict[str, Any]:
    """The message about a failed run."""
    names = {run.job_name, *steps, *(key.to_user_string() for key in run.asset_selection or ())}
    arm = next((arm for arm in every_arm() if names & {evaluation(arm), arm.predictions}), None)
    model = model_of(run)
    about = f" ({model}, {arm.name} arm, {arm.split.name} split)" if arm and model else ""
    return {
        "event": "run_failed",
        "text": f"The run {run.run_id[:8]} of {run.job_name} failed{about}: "
        f"{', '.join(steps) or 'before or between its steps'}.",
        "job": run.job_name,
        "run_id": run.run_id,
        "split": arm.split.name if arm else None,
        "arm": arm.name if arm else None,
        "model": model,
        "failed_steps": steps,
        "link": link(settings, f"runs/{run.run_id}"),
    }


def model_of(run: dg.DagsterRun) -> str | None:
    """The model of a run over cells of a grid, where it is one."""
    first, last = (cell(run.tags.get(tag, ""))[0] for tag in (START, END))
    of_range = first if first and first == last else None
    return run.tags.get(MODEL_TAG) or run.tags.get(GRID_TAG) or of_range


def coverage_low(home: Home, settings: Alerts) -> dg.SensorDefinition:
    """The sensor that tells of each model and arm with too few answers, once until that changes."""

    @dg.sensor(
        name="coverage_low",
        minimum_interval_seconds=120,
        default_status=RUNNING,
        description="Tells of models and arms with fewer answers than `operate.alerts.least_coverage` of models.yaml.",
    )
    def look(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        told_before: dict[str, str] = json.loads(context.cursor) if context.cursor else {}
        told: dict[str, str] = {}
        results = []
        busy = arms_under_way(context.instance)
        for message in low_coverages(home, settings):
            place = "/".join(str(message[part]) for part in ("split", "arm", "model"))
            state = of_value(message["missing"])
            if (message["split"], message["arm"]) in busy:
                state = told_before.get(place, "")  # its answers are still coming in
            elif told_before.get(place) != state:
                results.append(f"{message['text']} {tell(settings, message, context.log)}")
            if state:
                told[place] = state
        context.update_cursor(json.dumps(told))
        return dg.SkipReason("\n".join(results) or "No model and arm is newly below the least coverage.")

    return look


def arms_under_way(instance: dg.DagsterInstance) -> set[tuple[str, str]]:
    """The splits and arms in which models are asked at the moment."""
    runs = instance.get_runs(dg.RunsFilter(statuses=UNDER_WAY))
    names = {run.job_name for run in runs} | {key.to_user_string() for run in runs for key in run.asset_selection or ()}
    return {(arm.split.name, arm.name) for arm in every_arm() if names & {evaluation(arm), arm.predictions}}


def low_coverages(home: Home, settings: Alerts) -> Iterator[dict[str, Any]]:
    """The message about each model and arm that has been run and has too few answers."""
    for arm in every_arm():
        for model in home.models:
            outcomes = outcomes_in(home, arm, model)
            questions = outcomes.total()
            missing = {name: count for name, count in sorted(outcomes.items()) if name in MISSING_OUTCOMES}
            coverage = 1 - sum(missing.values()) / questions if questions else 1.0
            if coverage < settings.least_coverage:
                yield {
                    "event": "low_coverage",
                    "text": f"{model} has answers to {coverage:.1%} of {questions:,} questions in the {arm.name} arm "
                    f"of the {arm.split.name} split; asked for are {settings.least_coverage:.0%}.",
                    "split": arm.split.name,
                    "arm": arm.name,
                    "model": model,
                    "questions": questions,
                    "missing": missing,
                    "coverage": round(coverage, 4),
                    "link": link(settings, f"assets/{arm.predictions}"),
                }


def outcomes_in(home: Home, arm: Arm, model: str) -> Counter[str]:
    """How the answers of a model in an arm ended, over the cells that were run, as their receipts have it."""
    counts: Counter[str] = Counter()
    for subtask in arm.split.subtasks:
        if receipt := home.receipts.read(arm.predictions, grid_key(model, subtask)):
            counts.update(outcomes_of(receipt))
    return counts
