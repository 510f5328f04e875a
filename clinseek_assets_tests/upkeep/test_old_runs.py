"""Old runs are forgotten; what the web page says of a partition stays true."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from clinseek_assets.locations.layout import Layout
from clinseek_assets.resources.instance import open_instance
from clinseek_assets.upkeep.old_runs import forget, old_runs

LETTERS = dg.StaticPartitionsDefinition(["a", "b"])
KEY = dg.AssetKey("lettered")
CHECK = dg.AssetCheckKey(KEY, "looked_at")


@dg.asset(partitions_def=LETTERS, check_specs=[dg.AssetCheckSpec("looked_at", asset=KEY)])
def lettered(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
    found = dg.AssetCheckResult(check_name="looked_at", passed=True)
    return dg.MaterializeResult(data_version=dg.DataVersion(context.run_id), check_results=[found])


@dg.asset
def whole() -> None: ...


@dg.op
def fails() -> None:
    raise dg.Failure("no")


@dg.job
def failing() -> None:
    fails()


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    with open_instance(Layout(tmp_path)) as opened:
        yield opened


def made(instance: dg.DagsterInstance, partition: str | None) -> str:
    asset = lettered if partition else whole
    return dg.materialize([asset], partition_key=partition, instance=instance).run_id


def files(tmp_path: Path) -> set[str]:
    return {path.stem for path in (tmp_path / "dagster" / "history" / "runs").glob("*-*.db")}


def test_only_what_nothing_rests_on_is_forgotten(instance: dg.DagsterInstance, tmp_path: Path):
    first_a, b, a, first_whole, last_whole = (made(instance, key) for key in ("a", "b", "a", None, None))
    failed = failing.execute_in_process(instance=instance, raise_on_error=False).run_id
    assert old_runs(instance, 1, [CHECK]) == []
    old = old_runs(instance, 0, [CHECK])
    assert set(old) == {first_a, first_whole, failed}
    told: list[tuple[int, int]] = []
    assert forget(instance, old, lambda *figures: told.append(figures)) > 0
    assert told == [(1, 3), (2, 3), (3, 3)]
    assert files(tmp_path) == {b, a, last_whole} == {run.run_id for run in instance.get_runs()}
    assert set(instance.get_materialized_partitions(KEY)) == {"a", "b"}
    latest = instance.event_log_storage.get_latest_storage_id_by_partition(
        KEY, dg.DagsterEventType.ASSET_MATERIALIZATION
    )
    records = instance.fetch_materializations(
        dg.AssetRecordsFilter(asset_key=KEY, storage_ids=list(latest.values())), limit=5
    ).records
    assert {record.partition_key: record.run_id for record in records} == {"a": a, "b": b}
    checked = instance.event_log_storage.get_latest_asset_check_execution_by_key([CHECK])[CHECK]
    assert checked.run_id == a
    whole_event = instance.get_latest_materialization_event(dg.AssetKey("whole"))
    assert whole_event is not None and whole_event.run_id == last_whole
    assert old_runs(instance, 0, [CHECK]) == []


def test_a_run_that_is_not_at_an_end_stays(instance: dg.DagsterInstance):
    begun = instance.create_run_for_job(failing, status=dg.DagsterRunStatus.STARTED)
    made(instance, None)
    assert begun.run_id not in old_runs(instance, 0, [])


def test_a_kill_in_between_leaves_what_the_next_call_forgets(instance: dg.DagsterInstance, tmp_path: Path):
    runs = [made(instance, None) for _ in range(4)]

    def killed(done: int, _: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        forget(instance, old_runs(instance, 0, []), killed)
    left = old_runs(instance, 0, [])
    assert len(left) == 1 and runs[3] not in left
    forget(instance, left, lambda *_: None)
    assert files(tmp_path) == {runs[3]}
