"""The Dagster instance of a home: its settings file, and what a killed run left behind."""

from __future__ import annotations

import os
from pathlib import Path

import dagster as dg
from dagster._core.instance.ref import InstanceRef

from clinseek_assets.locations.layout import Layout
from clinseek_assets.resources.event_log import BATCH_SIZE, event_log_of
from clinseek_assets.resources.processes import this_process
from clinseek_assets.resources.run_launcher import PROCESS_TAG, process_is_gone
from clinseek_assets.storage.atomic import private_folder, write_text

# What Dagster has as variables only: its servers wait for a code server that is away or slow. A backfill whose assets
# cannot be loaded is tried again, however often; a run may take minutes to start on a busy machine.
WAITING = {
    "DAGSTER_BACKFILL_RETRY_DEFINITION_CHANGED_ERROR": "1",
    "DAGSTER_MAX_BACKFILL_RETRIES": "1000",
    "DAGSTER_GRPC_TIMEOUT_SECONDS": "300",
}
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
# A run whose process was killed is noticed, and run again: what it had finished is kept, nothing is asked twice.
run_launcher: {module: clinseek_assets.resources.run_launcher, class: WatchedRunLauncher}
# What is run again waits for a code server that is away.
scheduler: {module: clinseek_assets.resources.waiting_retries, class: SchedulerOfWaitingRetries}
# Runs are started side by side: each takes seconds to start. A code server that is started again is waited for.
run_queue:
  dequeue_use_threads: true
  dequeue_interval_seconds: 2
  max_user_code_failure_retries: 40
  user_code_failure_retry_delay: 15
backfills: {num_submit_workers: 4}
run_monitoring:
  enabled: true
  poll_interval_seconds: 20
  start_timeout_seconds: 600
  free_slots_after_run_end_seconds: 60
run_retries:
  enabled: true
  max_retries: 10
  retry_on_asset_or_op_failure: false  # a step that failed has said why; asking again helps nobody
retention:
  schedule: {purge_after_days: 30}
  sensor:
    purge_after_days: {skipped: 2, failure: 30, success: 30}
"""


def dagster_home(layout: Layout) -> Path:
    """The folder of the instance, made if needed, and named to Dagster and its children; telemetry off everywhere.

    The children are told to wait for one another as well, unless the environment says how long.
    """
    folder = private_folder(layout.dagster_home)
    settings = folder / "dagster.yaml"
    if not settings.is_file():
        write_text(settings, SETTINGS)
    os.environ["DAGSTER_HOME"] = str(folder)
    os.environ["DAGSTER_DISABLE_TELEMETRY"] = "1"
    os.environ["DO_NOT_TRACK"] = "1"
    for name, value in WAITING.items():
        os.environ.setdefault(name, value)
    return folder


def open_instance(layout: Layout) -> dg.DagsterInstance:
    """The instance, after tidying up what killed runs of this machine left."""
    folder = dagster_home(layout)
    os.environ.update(BATCH_SIZE)
    instance = dg.DagsterInstance.from_ref(InstanceRef.from_dir(str(folder), overrides=event_log_of(folder)))
    end_killed_runs(instance)
    return instance


def process_tag() -> dict[str, str]:
    """Names this process on the runs that it executes, so that they can be told from living ones later."""
    return {PROCESS_TAG: this_process()}


def end_killed_runs(instance: dg.DagsterInstance) -> int:
    """Mark as failed the runs whose process is gone, and give back the pools that they held; return their number."""
    unfinished = dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.STARTING])
    killed = [run for run in instance.get_runs(unfinished) if process_is_gone(instance, run)]
    for run in killed:
        instance.report_run_failed(run, "The process of this run was killed; run it again to continue.")
        instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)
    return len(killed)
