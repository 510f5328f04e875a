"""What all assets have in common: made only when their inputs changed, recorded at once, faults shown without rows.

`artifact` and `partitioned_artifact` turn a function that makes something into an asset with these manners:

- it compares a fingerprint of its inputs with the recorded one, and where they agree it does nothing;
- its data version is a hash of its content, so that what lies downstream is stale only when something changed;
- each partition of a range is recorded as soon as it is finished, so a run that is killed loses one partition;
- a `Fault` ends the step with its text; any other error ends it with its kind and place only, since the texts of engines
  quote rows of patients.
"""

import json
import traceback
import warnings
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import Any

import dagster as dg
from dagster._core.definitions.data_version import (
    CODE_VERSION_TAG,
    DATA_VERSION_IS_USER_PROVIDED_TAG,
    DATA_VERSION_TAG,
    DEFAULT_DATA_VERSION,
    NULL_EVENT_POINTER,
    extract_data_version_from_entry,
    get_input_data_version_tag,
    get_input_event_pointer_tag,
)
from dagster._core.definitions.partitions.utils import get_tags_from_multi_partition_key
from dagster_shared.serdes import deserialize_value, serialize_value

from clinseek_assets.faults import Fault
from clinseek_assets.resources.home import Home
from clinseek_assets.resources.progress import Progress
from clinseek_assets.storage.fingerprint import of_file, of_parts
from clinseek_assets.storage.receipts import Receipt

warnings.filterwarnings("ignore", category=dg.BetaWarning)  # backfill policies on assets are still called beta

PACKAGE = "clinseek_assets"
# One run for a whole range. What is downstream on the same grid gets a policy of its own (it never splits a range
# either): assets with equal policies would share one run, and there a step whose upstream recorded its partitions by
# itself is skipped.
ONE_RUN = dg.BackfillPolicy.single_run()
ONE_RUN_AFTERWARDS = dg.BackfillPolicy.multi_run(max_partitions_per_run=100_000)

BACKFILL_TAG = "dagster/backfill"

AnyPartitions = dg.StaticPartitionsDefinition | dg.MultiPartitionsDefinition


@dataclass(frozen=True)
class Made:
    """What came out of making an artifact or one partition of it.

    Attributes:
        content: fingerprint of its content: its data version.
        metadata: what the page shows of it: counts, hashes, aggregates; never a value of a row.
        complete: False where the same inputs are to be tried again (an endpoint did not answer).
    """

    content: str
    metadata: Mapping[str, Any] = field(default_factory=dict)
    complete: bool = True


@dataclass(frozen=True)
class Artifact:
    """An asset together with the rule by which it is up to date.

    Attributes:
        name: its key as text; receipts go by it.
        definition: what Dagster takes.
        inputs: fingerprint of everything that shapes it (or the partition), by content and code.
        output: the file or folder that must be there, or None.
        partitions: its partition keys, or (None,).
        ready: whether there is anything to make it from; without it, being behind is nobody's fault.
    """

    name: str
    definition: dg.AssetsDefinition
    inputs: Callable[[Home, str | None], str]
    output: Callable[[Home, str | None], Path]
    partitions: tuple[str | None, ...] = (None,)
    ready: Callable[[Home, str | None], bool] = lambda home, partition: True

    @property
    def keys(self) -> list[dg.AssetKey]:
        """The asset keys that a run of it makes."""
        return list(self.definition.keys)

    def current(self, home: Home, partition: str | None = None) -> Receipt | None:
        """The receipt, if what it records is still what today's inputs would give and its output is there."""
        receipt = home.receipts.read(self.name, partition)
        if receipt is None or not receipt.complete or not self.output(home, partition).exists():
            return None
        try:
            return receipt if receipt.inputs == self.inputs(home, partition) else None
        except Fault:
            return None

    def behind(self, home: Home, among: Iterable[str | None] | None = None) -> list[str | None]:
        """The partitions (or [None]) that have something to be made from and are not up to date, in their order."""
        chosen = self.partitions if among is None else among
        return [partition for partition in chosen if self.ready(home, partition) and not self.current(home, partition)]


@contextmanager
def faults_shown() -> Iterator[None]:
    """Turn what goes wrong inside into a `Failure` that is fit to be shown, without the error that it came from."""
    shown: dg.Failure | None = None
    try:
        yield
    except Fault as fault:
        shown = dg.Failure(str(fault), allow_retries=False)
    except (dg.Failure, dg.DagsterExecutionInterruptedError):
        raise
    except Exception as error:
        # Its text may quote a row, so the kind of error and the places in the code have to do.
        ours = [frame for frame in traceback.extract_tb(error.__traceback__) if PACKAGE in frame.filename]
        places = " < ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in reversed(ours[-3:]))
        shown = dg.Failure(f"{type(error).__name__} at {places}; its text is withheld, since it may quote a row.")
    if shown is not None:  # raised out here, so that the error above is not chained to it
        raise shown


def code_of(*names: str) -> str:
    """A short hash of the source of parts of this package (`mimic`, `records/patient_databases.py`).

    A change of a rule's code makes stale what the rule built; a part is read as files, so that nothing is imported.
    """
    root = Path(str(files(PACKAGE)))
    digests = []
    for name in names:
        path = root / name
        sources = sorted(path.rglob("*.py")) if path.is_dir() else [path]
        digests += [f"{source.relative_to(root)} {of_file(source)}" for source in sources]
    return of_parts(digests)[:16]


def explained(
    name: str,
    group: str,
    description: str,
    kinds: set[str],
    owners: Sequence[str],
    code: str,
    deps: Iterable[Any] = (),
    metadata: Mapping[str, Any] | None = None,
    condition: dg.AutomationCondition | None = None,
) -> dict[str, Any]:
    """The arguments of `@dg.asset` that explain an asset on the lineage page."""
    return {
        "key": dg.AssetKey(name.split("/")),
        "group_name": group,
        "description": description,
        "kinds": kinds,
        "owners": list(owners),
        "code_version": code,
        "deps": [dg.AssetKey(dep.split("/")) if isinstance(dep, str) else dep for dep in deps],
        "metadata": metadata,
        "automation_condition": condition,
    }


def artifact(
    *,
    inputs: Callable[[Home], Sequence[str]],
    output: Callable[[Home], Path],
    checks: Callable[[Home], Iterable[dg.AssetCheckResult]] | None = None,
    check_specs: Sequence[dg.AssetCheckSpec] = (),
    ready: Callable[[Home], bool] = lambda home: True,
    **explanation: Any,
) -> Callable[[Callable[[Home, Progress], Made]], Artifact]:
    """Make an unpartitioned asset out of a function `(home, progress) -> Made`.

    Args:
        inputs: the fingerprints of what it is made from; its code is added.
        output: the file or folder that it makes.
        checks: look at the finished artifact; a failed blocking check leaves it without a receipt, so that nobody
            takes it for up to date.
        check_specs: the checks that `checks` answers.
        ready: whether there is anything to make it from.
        explanation: the arguments of `explained`.
    """
    name, code = explanation["name"], explanation["code"]

    def all_inputs(home: Home, _: str | None = None) -> str:
        return of_parts([code, *inputs(home)])

    def decorate(make: Callable[[Home, Progress], Made]) -> Artifact:
        @dg.asset(check_specs=list(check_specs), **explained(**explanation))
        def step(
            context: dg.AssetExecutionContext, home: dg.ResourceParam[Home], progress: dg.ResourceParam[Progress]
        ) -> dg.MaterializeResult:
            with faults_shown():
                receipt = made.current(home)
                if receipt is None:
                    fingerprint = all_inputs(home)
                    result = make(home, progress)
                    receipt = receipt_of(fingerprint, result)
                else:
                    context.log.info("Up to date: its inputs have not changed.")
                found = list(checks(home)) if checks else []
                if passed(found, check_specs):
                    home.receipts.write(name, None, receipt)
                else:
                    home.receipts.forget(name, None)
            return dg.MaterializeResult(
                data_version=dg.DataVersion(receipt.content), metadata=metadata_of(receipt), check_results=found
            )

        made = Artifact(name, step, all_inputs, lambda home, _: output(home), ready=lambda home, _: ready(home))
        return made

    return decorate


def partitioned_artifact(
    *,
    partitions_def: AnyPartitions,
    inputs: Callable[[Home, str], Sequence[str]],
    output: Callable[[Home, str], Path],
    checks: Callable[[Home, Sequence[str]], Iterable[dg.AssetCheckResult]] | None = None,
    check_specs: Sequence[dg.AssetCheckSpec] = (),
    backfill_policy: dg.BackfillPolicy = ONE_RUN,
    ready: Callable[[Home, str], bool] = lambda home, partition: True,
    **explanation: Any,
) -> Callable[[Callable[[Home, Sequence[str], Progress], Iterator[tuple[str, Made]]]], Artifact]:
    """Make a partitioned asset out of a generator `(home, partitions, progress) -> (partition, Made), ...`.

    The generator is given the partitions of the run that have work to do; what it yields is recorded at once. The
    arguments are those of `artifact`, with the partition as a further argument of the callables.
    """
    name, code = explanation["name"], explanation["code"]

    def all_inputs(home: Home, partition: str | None) -> str:
        return of_parts([code, *inputs(home, str(partition))])

    def decorate(make: Callable[[Home, Sequence[str], Progress], Iterator[tuple[str, Made]]]) -> Artifact:
        @dg.asset(
            partitions_def=partitions_def,
            backfill_policy=backfill_policy,
            output_required=False,  # a range records its partitions itself
            check_specs=list(check_specs),
            **explained(**explanation),
        )
        def step(
            context: dg.AssetExecutionContext, home: dg.ResourceParam[Home], progress: dg.ResourceParam[Progress]
        ) -> Generator[dg.MaterializeResult | dg.AssetCheckResult, None, None]:
            keys = [str(key) for key in context.partition_keys]
            record = PartitionRecord(context, code)
            receipts: dict[str, Receipt] = {}
            with faults_shown():
                for key in keys:
                    if receipt := made.current(home, key):
                        receipts[key] = receipt
                        record.keep(key, receipt)
                stale = [key for key in keys if key not in receipts]
                context.log.info(f"{len(keys) - len(stale)} of {len(keys)} partitions are up to date.")
                fingerprints = {key: all_inputs(home, key) for key in stale}
                for key, result in make(home, stale, progress) if stale else ():
                    receipts[key] = receipt_of(fingerprints[key], result)
                    home.receipts.write(name, key, receipts[key])
                    record.add(key, receipts[key])
                found = list(checks(home, keys)) if checks else []
            if record.of_one:
                (receipt,) = receipts.values()
                yield dg.MaterializeResult(
                    data_version=dg.DataVersion(receipt.content), metadata=metadata_of(receipt), check_results=found
                )
            else:
                yield from found

        made = Artifact(
            name,
            step,
            all_inputs,
            lambda home, key: output(home, str(key)),
            keys_of(partitions_def),
            lambda home, key: ready(home, str(key)),
        )
        return made

    return decorate


def keys_of(partitions_def: AnyPartitions) -> tuple[str, ...]:
    """All keys of a static grid, in its order."""
    return tuple(str(key) for key in partitions_def.get_partition_keys())


def receipt_of(fingerprint: str, result: Made) -> Receipt:
    """The receipt of what was made; its metadata is kept with it, to be shown again where nothing had to be done."""
    shown = serialize_value(dg.MaterializeResult(metadata=result.metadata).metadata and normalized(result.metadata))
    return Receipt(fingerprint, result.content, result.complete, {"metadata": json.loads(shown)})


def normalized(metadata: Mapping[str, Any]) -> dict[str, dg.MetadataValue]:
    """Metadata as Dagster's typed values, which can be written down."""
    return dict(dg.AssetMaterialization("any", metadata=dict(metadata)).metadata)


def metadata_of(receipt: Receipt) -> dict[str, Any]:
    """The metadata that a receipt keeps."""
    kept: dict[str, Any] = deserialize_value(json.dumps(receipt.facts.get("metadata", {})), dict)
    return kept


def passed(found: Sequence[dg.AssetCheckResult], specs: Sequence[dg.AssetCheckSpec]) -> bool:
    """Whether no blocking check failed as an error."""
    blocking = {spec.name for spec in specs if spec.blocking}
    return all(
        result.passed or result.severity is not dg.AssetCheckSeverity.ERROR or result.check_name not in blocking
        for result in found
    )


class PartitionRecord:
    """Records the partitions of a range in Dagster's event log as they are finished.

    An event that is logged inside a step carries no versions of its own accord, and without them the page can tell
    neither what is stale nor why; they are added here, in the form in which Dagster itself writes them.
    """

    def __init__(self, context: dg.AssetExecutionContext, code: str) -> None:
        self.context = context
        self.of_one = len(context.partition_keys) == 1
        self._tags = {} if self.of_one else {CODE_VERSION_TAG: code, **self._versions_of_inputs()}
        self._keys = {str(key): key for key in context.partition_keys}

    def add(self, key: str, receipt: Receipt) -> None:
        """Record a finished partition now; a run of one partition leaves it to the step's own result."""
        if not self.of_one:
            self.context.log_event(
                dg.AssetMaterialization(
                    self.context.asset_key,
                    partition=key,
                    metadata=metadata_of(receipt),
                    tags={
                        **self._tags,
                        **get_tags_from_multi_partition_key_or_none(self._keys[key]),
                        DATA_VERSION_TAG: receipt.content,
                        DATA_VERSION_IS_USER_PROVIDED_TAG: "true",
                    },
                )
            )

    def keep(self, key: str, receipt: Receipt) -> None:
        """Record an up-to-date partition if the event log does not have it as it is.

        A backfill counts a partition as failed that its own run did not record, so there it is recorded in any case.
        """
        if BACKFILL_TAG in self.context.run.tags or self._recorded.get(key) != receipt.content:
            self.add(key, receipt)

    @cached_property
    def _recorded(self) -> dict[str, str]:
        """Partition -> the data version that the event log has of it."""
        latest = self.context.instance.event_log_storage.get_latest_tags_by_partition(
            self.context.asset_key, dg.DagsterEventType.ASSET_MATERIALIZATION, [DATA_VERSION_TAG]
        )
        return {key: tags[DATA_VERSION_TAG] for key, tags in latest.items()}

    def _versions_of_inputs(self) -> dict[str, str]:
        tags: dict[str, str] = {}
        for dep in self.context.assets_def.specs_by_key[self.context.asset_key].deps:
            record = self.context.instance.get_latest_data_version_record(dep.asset_key)
            version = extract_data_version_from_entry(record.event_log_entry) if record else None
            tags[get_input_data_version_tag(dep.asset_key)] = (version or DEFAULT_DATA_VERSION).value
            tags[get_input_event_pointer_tag(dep.asset_key)] = str(record.storage_id) if record else NULL_EVENT_POINTER
        return tags


def get_tags_from_multi_partition_key_or_none(key: str) -> Mapping[str, str]:
    """The tags by which the page finds a cell of a grid; none for a key of one dimension."""
    return get_tags_from_multi_partition_key(key) if isinstance(key, dg.MultiPartitionKey) else {}
