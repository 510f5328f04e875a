"""The event log with open connections holds what Dagster's own would hold, and several processes may write at once."""

import multiprocessing
import sqlite3
from contextlib import closing
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.storage.event_log import SqliteEventLogStorage

from clinseek_assets.locations.layout import Layout
from clinseek_assets.resources.event_log import OpenEventLog
from clinseek_assets.resources.instance import dagster_home, open_instance
from clinseek_assets_tests.services.waiting import wait_until

PARTITIONS = dg.StaticPartitionsDefinition([f"part {number}" for number in range(12)])
COLUMNS = {
    "event_logs": "dagster_event_type, step_key, asset_key, partition",
    "asset_event_tags": "asset_key, key, value",
    "asset_check_executions": "asset_key, check_name, execution_status, partition",
    "asset_keys": "asset_key, last_run_id IS NOT NULL, last_materialization_timestamp IS NOT NULL",
}


@dg.asset(
    partitions_def=PARTITIONS,
    backfill_policy=dg.BackfillPolicy.single_run(),
    check_specs=[dg.AssetCheckSpec("there", asset="in_parts")],
    output_required=False,
)
def in_parts(context: dg.AssetExecutionContext):
    for key in context.partition_keys:
        context.log_event(dg.AssetMaterialization("in_parts", partition=key, tags={"dagster/data_version": key}))
    yield dg.AssetCheckResult(passed=True, check_name="there")


def run(instance: dg.DagsterInstance, first: int = 0, last: int = 11) -> None:
    """One run over a range of partitions."""
    keys = PARTITIONS.get_partition_keys()
    tags = {"dagster/asset_partition_range_start": keys[first], "dagster/asset_partition_range_end": keys[last]}
    job = dg.Definitions(assets=[in_parts]).resolve_implicit_global_asset_job_def()
    assert job.execute_in_process(
        instance=instance, tags=tags, run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
    ).success


def stored(home: Path) -> dict[str, list[tuple[str, ...]]]:
    """What the files of an instance hold: the index and the runs, without ids, texts and times."""
    found: dict[str, list[tuple[str, ...]]] = {}
    folder = home / "history" / "runs"
    for path in sorted(folder.glob("*.db")):
        with closing(sqlite3.connect(path)) as database:
            for table, columns in COLUMNS.items():
                name = f"{'index' if path.stem == 'index' else 'run'} {table}"
                rows = database.execute(f"SELECT {columns} FROM {table} ORDER BY {columns}").fetchall()
                found[name] = sorted(found.get(name, []) + [tuple(map(str, row)) for row in rows])
    return found


def test_it_holds_the_same_rows_as_dagster_s_own(tmp_path):
    with open_instance(Layout(tmp_path / "ours")) as ours:
        assert isinstance(ours.event_log_storage, OpenEventLog)
        run(ours)
        run(ours, 3, 5)
        ours_known = ours.get_materialized_partitions(dg.AssetKey("in_parts"))
    folder = dagster_home(Layout(tmp_path / "theirs"))
    with dg.DagsterInstance.from_config(str(folder)) as theirs:
        assert type(theirs.event_log_storage) is SqliteEventLogStorage
        run(theirs)
        run(theirs, 3, 5)
        assert ours_known == theirs.get_materialized_partitions(dg.AssetKey("in_parts"))
    rows = stored(dagster_home(Layout(tmp_path / "ours")))
    assert rows == stored(folder)
    assert len(rows["index event_logs"]) > 2 * 12 and rows["index asset_check_executions"]


def test_a_plain_instance_reads_what_is_written_while_it_is_written(tmp_path):
    with open_instance(Layout(tmp_path)) as ours:
        run(ours, 0, 4)
        with dg.DagsterInstance.from_config(str(dagster_home(Layout(tmp_path)))) as page:
            assert len(page.get_materialized_partitions(dg.AssetKey("in_parts"))) == 5
            run(ours, 5, 6)
            assert len(page.get_materialized_partitions(dg.AssetKey("in_parts"))) == 7
            run(page, 7, 8)
        assert len(ours.get_materialized_partitions(dg.AssetKey("in_parts"))) == 9


def test_who_watches_a_run_is_told_of_its_events_while_they_are_written(tmp_path):
    told: list[str] = []
    with open_instance(Layout(tmp_path)) as ours:
        job = dg.Definitions(assets=[in_parts]).resolve_implicit_global_asset_job_def()
        begun = ours.create_run_for_job(job)
        ours.report_engine_event("the first", begun)
        with dg.DagsterInstance.from_config(str(dagster_home(Layout(tmp_path)))) as page:
            page.watch_event_logs(begun.run_id, None, lambda entry, _: told.append(entry.get_dagster_event().message))
            ours.report_engine_event("the second", begun)
            wait_until(lambda: "the second" in told, "the event", 20)


def test_an_instance_that_was_told_where_to_keep_its_events_keeps_them_there(tmp_path):
    folder = dagster_home(Layout(tmp_path / "home"))
    with (folder / "dagster.yaml").open("a") as settings:
        settings.write(f"storage: {{sqlite: {{base_dir: {tmp_path / 'elsewhere'}}}}}\n")
    with open_instance(Layout(tmp_path / "home")) as instance:
        assert type(instance.event_log_storage) is SqliteEventLogStorage
        run(instance, 0, 1)
    assert (tmp_path / "elsewhere" / "history" / "runs" / "index.db").is_file()


def write_runs(home: Path, runs: int) -> None:
    """What a process of the test below does."""
    with open_instance(Layout(home)) as instance:
        for _ in range(runs):
            run(instance)


@pytest.mark.slow
def test_several_processes_write_at_once_and_nothing_is_lost(tmp_path):
    with open_instance(Layout(tmp_path)):
        pass
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=write_runs, args=(tmp_path, 10)) for _ in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0] * 4
    rows = stored(dagster_home(Layout(tmp_path)))
    for kind in ("index", "run"):
        events = [row[0] for row in rows[f"{kind} event_logs"]]
        assert events.count("ASSET_MATERIALIZATION") == 4 * 10 * 12
        assert events.count("ASSET_MATERIALIZATION_PLANNED") == 4 * 10 * 12
    with open_instance(Layout(tmp_path)) as instance:
        assert [run.status for run in instance.get_runs()] == [dg.DagsterRunStatus.SUCCESS] * 40
