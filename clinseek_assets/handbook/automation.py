"""The page of jobs, schedules and sensors: what can be started, and what starts by itself."""

from __future__ import annotations

from collections.abc import Iterator

import dagster as dg

from clinseek_assets.handbook.keys import named
from clinseek_assets.handbook.markdown import code, table

# How Dagster names the job of a sensor that is given assets instead of one.
OF_A_SELECTION = "__anonymous"
HEAD = """# Jobs, schedules, sensors

Predictions cost money: no condition starts them, only a person, a schedule that was switched on, or a command. What
is downstream follows by itself while the daemon runs (`clinseek ui`), or at once with `clinseek evaluate`.
"""


def automation_page(definitions: dg.Definitions) -> Iterator[str]:
    """Every job, schedule and sensor of a code location."""
    repository = definitions.get_repository_def()
    yield HEAD
    yield from ("## Jobs", "")
    rows = [
        (f"`{job.name}`", job.description or "", named(job.asset_layer.selected_asset_keys))
        for job in (repository.get_job(each.name) for each in definitions.jobs or ())
    ]
    yield from table(("job", "what it does", "assets"), rows)
    yield from ("## Schedules", "")
    yield from table(
        ("schedule", "when", "at first", "job", "what it does"), map(of_schedule, repository.schedule_defs)
    )
    yield from ("## Sensors", "")
    rows_of_sensors = map(of_sensor, sorted(repository.sensor_defs, key=lambda sensor: sensor.name))
    yield from table(("sensor", "looks every", "at first", "jobs", "what it does"), rows_of_sensors)


def of_schedule(schedule: dg.ScheduleDefinition) -> tuple[str, str, str, str, str]:
    """A line of the schedules."""
    when = schedule.cron_schedule if isinstance(schedule.cron_schedule, str) else ", ".join(schedule.cron_schedule)
    return (
        f"`{schedule.name}`",
        f"`{when}` {schedule.execution_timezone or 'UTC'}",
        "on" if schedule.default_status is dg.DefaultScheduleStatus.RUNNING else "off",
        f"`{schedule.job_name}`",
        schedule.description or "",
    )


def of_sensor(sensor: dg.SensorDefinition) -> tuple[str, str, str, str, str]:
    """A line of the sensors."""
    jobs = sorted({target.job_name for target in sensor.targets})
    return (
        f"`{sensor.name}`",
        f"{sensor.minimum_interval_seconds} s" if sensor.minimum_interval_seconds else "30 s",
        "on" if sensor.default_status is dg.DefaultSensorStatus.RUNNING else "off",
        code(name for name in jobs if not name.startswith(OF_A_SELECTION)),
        sensor.description or "",
    )
