"""The Dagster instance of a home: its settings file, and what a killed run left behind."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Any

import dagster as dg
import psutil
import yaml
from dagster._core.instance.ref import InstanceRef

from clinseek_assets.locations.layout import Layout
from clinseek_assets.resources.event_log import BATCH_SIZE, OpenEventLog
from clinseek_assets.storage.atomic import private_folder, write_text

PROCESS_TAG = "clinseek/process"
# Settings of an instance that say where runs and events are kept.
STORES = {"storage", "run_storage", "event_log_storage", "schedule_storage", "instance_class"}
SETTINGS = """\
# Written once by clinseek; change it as you like (a Postgres instance, other limits): it is not overwritten.
telemetry: {enabled: false}
nux: {enabled: false}
# What steps print stays out of the store: engines and clients may quote rows there.
compute_logs:
  module: dagster._core.storage.noop_compute_log_manager
  class: NoOpComputeLogManager
concurrency:
  runs:
    max_concurrent_runs: 4
  pools:
    default_limit: 1  # the warehouse takes one writer at a time
    granularity: op
run_monitoring:
  enabled: true
  free_slots_after_run_end_seconds: 60
retention:
  schedule: {purge_after_days: 30}
  sensor:
    purge_after_days: {skipped: 2, failure: 30, success: 30}
"""


def dagster_home(layout: Layout) -> Path:
    """The folder of the instance, made if needed, and named to Dagster and its children; telemetry off everywhere."""
    folder = private_folder(layout.dagster_home)
    settings = folder / "dagster.yaml"
    if not settings.is_file():
        write_text(settings, SETTINGS)
    os.environ["DAGSTER_HOME"] = str(folder)
    os.environ["DAGSTER_DISABLE_TELEMETRY"] = "1"
    os.environ["DO_NOT_TRACK"] = "1"
    return folder


def open_instance(layout: Layout) -> dg.DagsterInstance:
    """The instance, after tidying up what killed runs of this machine left."""
    folder = dagster_home(layout)
    os.environ.update(BATCH_SIZE)
    instance = dg.DagsterInstance.from_ref(InstanceRef.from_dir(str(folder), overrides=event_log_of(folder)))
    end_killed_runs(instance)
    return instance


def event_log_of(folder: Path) -> dict[str, Any]:
    """The quick event log, unless the instance's settings name a store of their own."""
    settings = yaml.safe_load((folder / "dagster.yaml").read_text(encoding="utf-8")) or {}
    if STORES & set(settings):
        return {}
    quick = {"module": OpenEventLog.__module__, "class": OpenEventLog.__name__}
    return {"event_log_storage": {**quick, "config": {"base_dir": str(folder / "history" / "runs")}}}


def process_tag() -> dict[str, str]:
    """Names this process on the runs that it executes itself, so that they can be told from living ones later."""
    return {PROCESS_TAG: f"{socket.gethostname()} {os.getpid()} {psutil.Process().create_time():.0f}"}


def end_killed_runs(instance: dg.DagsterInstance) -> int:
    """Mark as failed the runs whose process is gone, and give back the pools that they held; return their number."""
    unfinished = dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.STARTING])
    ended = 0
    for run in instance.get_runs(unfinished):
        tag = run.tags.get(PROCESS_TAG)
        if tag and is_gone(tag):
            instance.report_run_failed(run, "The process of this run was killed; run it again to continue.")
            instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)
            ended += 1
    return ended


def is_gone(tag: str) -> bool:
    """Whether the process that a tag names ran on this machine and is no longer there."""
    host, _, process = tag.partition(" ")
    number, _, started = process.partition(" ")
    if host != socket.gethostname():
        return False
    try:
        return f"{psutil.Process(int(number)).create_time():.0f}" != started
    except (psutil.Error, ValueError):
        return True
