"""What all assets have in common: made only when their inputs changed, recorded at once, faults shown without rows.

`artifact` and `partitioned_artifact` turn a function that makes something into an asset with these manners:

- it compares a fingerprint of its inputs with the recorded one, and where they agree it does nothing;
- its data version is a hash of its content, so what lies downstream is stale only when something changed;
- each partition of a range is recorded as soon as it is finished, so a killed run loses one partition;
- a `Fault` ends the step with its text, any other error with its kind and place only.

The function's docstring is the asset's description on the lineage page. (Dagster reads annotations when the asset is
defined, so this module does without their postponed evaluation.)
"""

import inspect
import json
import warnings
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_shared.serdes import deserialize_value, serialize_value

from clinseek_assets.assets.at_work import at_work
from clinseek_assets.assets.observed import Source, observe_before_reading
from clinseek_assets.assets.partition_record import PartitionRecord
from clinseek_assets.assets.queues import step_tags
from clinseek_assets.assets.shown_faults import PACKAGE, end_with, failure_of
from clinseek_assets.faults import Fault, StoreFault
from clinseek_assets.resources.home import Home
from clinseek_assets.resources.progress import Progress
from clinseek_assets.storage.fingerprint import of_file, of_parts
from clinseek_assets.storage.receipts import Receipt

warnings.filterwarnings("ignore", category=dg.BetaWarning)  # backfill policies on assets are still called beta

# One run for a whole range. What is downstream on the same grid gets a policy of its own (it never splits a range
# either): assets with equal policies would share one run, and there a step whose upstream recorded its partitions by
# itself is skipped.
ONE_RUN = dg.BackfillPolicy.single_run()
ONE_RUN_AFTERWARDS = dg.BackfillPolicy.multi_run(max_partitions_per_run=100_000)

AnyPartitions = dg.StaticPartitionsDefinition | dg.MultiPartitionsDefinition
WHOLE: tuple[None] = (None,)
SOURCES = (".py", ".yaml", ".csv", ".json")


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


# A partition, and what was made of it; the error that it failed with; or None where another run made it meanwhile.
MadePartitions = Generator[tuple[str, Made | Exception | None], None, None]
MakingPartitions = Callable[[Home, Sequence[str], Progress], MadePartitions]


@dataclass(frozen=True)
class Artifact:
    """An asset together with the rule by which it is up to date.

    Attributes:
        name: its key as text; receipts go by it.
        definition: what Dagster takes.
        inputs: fingerprint of everything that shapes it (or the partition), by content and code.
        output: the file or folder that must be there.
        partitions: its partition keys, or (None,).
        ready: whether there is anything to make it from; without it, being behind is nobody's fault.
        sources: what it is made from that no asset makes.
        files: the folder that all its files lie in, where `output` is but one of them.
    """

    name: str
    definition: dg.AssetsDefinition
    inputs: Callable[[Home, str | None], str]
    output: Callable[[Home, str | None], Path]
    partitions: tuple[str | None, ...] = WHOLE
    ready: Callable[[Home, str | None], bool] = lambda home, partition: True
    sources: tuple[Source, ...] = ()
    files: Callable[[Home], Path] | None = None

    @property
    def keys(self) -> list[dg.AssetKey]:
        """The asset keys that a run of it makes."""
        return list(self.definition.keys)

    def current(self, home: Home, partition: str | None = None) -> Receipt | None:
        """The receipt, if what it records is still what today's inputs would give and its output is there."""
        receipt = self._receipt(home, partition)
        return receipt if receipt is not None and receipt.complete else None

    def _receipt(self, home: Home, partition: str | None) -> Receipt | None:
        """As `current`, complete or not."""
        home.artifacts.look()
        receipt = home.receipts.read(self.name, partition)
        if receipt is None or not home.artifacts.there(self.name, partition, self.output(home, partition)):
            return None
        try:
            return receipt if receipt.inputs == self.inputs(home, partition) else None
        except StoreFault:
            raise
        except Fault:
            return None

    def tried(self, home: Home, partition: str | None = None) -> bool:
        """Whether it was made from today's inputs as far as that goes now: somebody else (a judge) owes the rest."""
        receipt = self._receipt(home, partition)
        return receipt is not None and not receipt.complete

    def give(self, home: Home) -> int:
        """Give others what was made here before there was a store; returns how many partitions that were."""
        given = 0
        for partition in self.partitions:
            receipt, output = home.receipts.read(self.name, partition), self.output(home, partition)
            if receipt is not None and output.exists() and home.artifacts.due(self.name, partition):
                home.artifacts.record(self.name, partition, receipt, self.files(home) if self.files else output)
                given += 1
        return given

    def behind(self, home: Home, among: Iterable[str | None] | None = None) -> list[str | None]:
        """The partitions (or [None]) that have something to be made from and are not up to date, or that others have
        still to be given, in their order.
        """
        chosen = self.partitions if among is None else among
        return [
            partition
            for partition in chosen
            if self.ready(home, partition)
            if not self.current(home, partition) or home.artifacts.due(self.name, partition)
        ]


def code_of(*names: str) -> str:
    """A short hash of the source of parts of this package (`mimic`, `records/patient_databases.py`).

    A change of a rule's code, or of the catalogues beside it, makes stale what the rule built; a part is read as files,
    so that nothing is imported.
    """
    return of_parts(digest for name in names for digest in digests_of(name))[:16]


@cache
def digests_of(name: str) -> tuple[str, ...]:
    """Each source file of a part with its hash; a part is asked for by many assets."""
    root = Path(str(files(PACKAGE)))
    path = root / name
    sources = sorted(each for each in path.rglob("*") if each.suffix in SOURCES) if path.is_dir() else [path]
    return tuple(f"{source.relative_to(root)} {of_file(source)}" for source in sources)


def asset_key(name: str) -> dg.AssetKey:
    """The key of an artifact's name: `mimic_iv/hosp/labevents` has three parts."""
    return dg.AssetKey(name.split("/"))


@dataclass(frozen=True)
class Explanation:
    """How an asset stands on the lineage page.

    Attributes:
        name: its key as text.
        group: the artifacts that it belongs to.
        kinds: what it is stored as and made with.
        owners: who answers for it, as `team:…`.
        code: a hash of the code that makes it.
        deps: the names of what it is made from.
        sources: what it is made from that no asset makes.
        metadata: what is known of it before it is made.
        condition: when it is to follow by itself, or None.
        description: what it is, where the maker's docstring cannot say it.
    """

    name: str
    group: str
    kinds: frozenset[str]
    owners: tuple[str, ...]
    code: str
    deps: tuple[str, ...] = ()
    sources: tuple[Source, ...] = ()
    metadata: Mapping[str, Any] | None = None
    condition: dg.AutomationCondition | None = None
    description: str | None = None

    def arguments(self, make: Callable[..., Any]) -> dict[str, Any]:
        """The arguments of `@dg.asset` that say all this."""
        return {
            "key": asset_key(self.name),
            "group_name": self.group,
            "description": self.description or " ".join((inspect.getdoc(make) or "").split()),
            "kinds": set(self.kinds),
            "owners": list(self.owners),
            "code_version": self.code,
            "deps": [asset_key(dep) for dep in (*self.deps, *(source.name for source in self.sources))],
            "metadata": self.metadata,
            "automation_condition": self.condition,
            "op_tags": step_tags(self.group),
        }


def artifact(
    explanation: Explanation,
    *,
    inputs: Callable[[Home], Sequence[str]],
    output: Callable[[Home], Path],
    checks: Callable[[Home], Iterable[dg.AssetCheckResult]] | None = None,
    check_specs: Sequence[dg.AssetCheckSpec] = (),
    ready: Callable[[Home], bool] = lambda home: True,
    files: Callable[[Home], Path] | None = None,
) -> Callable[[Callable[[Home, Progress], Made]], Artifact]:
    """Make an unpartitioned asset out of a function `(home, progress) -> Made`.

    Args:
        explanation: how it stands on the lineage page.
        inputs: the fingerprints of what it is made from; its code is added.
        output: the file or folder that it makes.
        checks: look at the finished artifact; a failed blocking check leaves it without a receipt, so that nobody
            takes it for up to date.
        check_specs: the checks that `checks` answers.
        ready: whether there is anything to make it from.
        files: the folder that all its files lie in, where `output` is but one of them.
    """
    name = explanation.name

    def fingerprint(home: Home, _: str | None = None) -> str:
        return of_parts([explanation.code, *inputs(home)])

    def decorate(make: Callable[[Home, Progress], Made]) -> Artifact:
        @dg.asset(check_specs=list(check_specs), **explanation.arguments(make))
        def step(
            context: dg.AssetExecutionContext, home: dg.ResourceParam[Home], progress: dg.ResourceParam[Progress]
        ) -> dg.MaterializeResult:
            with at_work(context, home):
                home.artifacts.look(now=True)
                home.artifacts.bring([(name, None)])
                observe_before_reading(context, home, explanation.sources)
                receipt = made.current(home)
                if receipt is None:
                    with home.artifacts.inputs_brought():
                        wanted = fingerprint(home)
                    receipt = receipt_of(wanted, make(home, progress))
                else:
                    context.log.info("Up to date: its inputs have not changed.")
                found = list(checks(home)) if checks else []
                if passed(found, check_specs):
                    home.artifacts.record(name, None, receipt, (files or output)(home))
                else:
                    home.artifacts.forget(name, None)
            return dg.MaterializeResult(
                data_version=dg.DataVersion(receipt.content), metadata=metadata_of(receipt), check_results=found
            )

        made = Artifact(
            name,
            step,
            fingerprint,
            lambda home, _: output(home),
            ready=lambda home, _: ready(home),
            sources=explanation.sources,
            files=files,
        )
        return made

    return decorate


def partitioned_artifact(
    explanation: Explanation,
    *,
    partitions_def: AnyPartitions,
    inputs: Callable[[Home, str], Sequence[str]],
    output: Callable[[Home, str], Path],
    checks: Callable[[Home, Sequence[str]], Iterable[dg.AssetCheckResult]] | None = None,
    check_specs: Sequence[dg.AssetCheckSpec] = (),
    backfill_policy: dg.BackfillPolicy = ONE_RUN,
    ready: Callable[[Home, str], bool] = lambda home, partition: True,
) -> Callable[[MakingPartitions], Artifact]:
    """Make a partitioned asset out of a generator `(home, partitions, progress) -> (partition, Made), ...`.

    The generator is given the partitions of the run that have work to do; what it yields is recorded at once. In place
    of something made it may yield the error that a partition failed with: the others go on, and the step fails at its
    end, with all errors; or None where another run has brought it up to date meanwhile. The arguments are those of
    `artifact`, with the partition as a further argument of the callables; `checks` looks at all partitions of a run
    together.
    """
    name = explanation.name

    def fingerprint(home: Home, partition: str | None) -> str:
        return of_parts([explanation.code, *inputs(home, str(partition))])

    def decorate(make: MakingPartitions) -> Artifact:
        @dg.asset(
            partitions_def=partitions_def,
            backfill_policy=backfill_policy,
            output_required=False,  # a range records its partitions itself
            check_specs=list(check_specs),
            **explanation.arguments(make),
        )
        def step(
            context: dg.AssetExecutionContext, home: dg.ResourceParam[Home], progress: dg.ResourceParam[Progress]
        ) -> Generator[dg.MaterializeResult | dg.AssetCheckResult, None, None]:
            keys = [str(key) for key in context.partition_keys]
            with at_work(context, home):
                observe_before_reading(context, home, explanation.sources)
                record = PartitionRecord(context, explanation.code)
                home.artifacts.look(now=True)
                receipts = {key: receipt for key in keys if (receipt := made.current(home, key))}
                for key, receipt in receipts.items():
                    if home.artifacts.due(name, key):
                        home.artifacts.record(name, key, receipt, output(home, key))
                    record.keep(key, receipt.content, metadata_of(receipt))
                behind = [key for key in keys if key not in receipts]
                context.log.info(f"{len(receipts)} of {len(keys)} partitions are up to date.")
                home.artifacts.bring((name, key) for key in keys)  # checks look at them, and a new one replaces the old
                with home.artifacts.inputs_brought():
                    wanted = {key: fingerprint(home, key) for key in behind}
                failed: dict[str, Exception] = {}
                with closing(make(home, behind, progress)) as working:
                    for key, result in working if behind else ():
                        if isinstance(result, Exception):
                            failed[key] = result
                            continue
                        receipt = made.current(home, key) if result is None else receipt_of(wanted[key], result)
                        if receipt is None:
                            failed[key] = Fault(f"{name}, {key}: another run made it, and its receipt is gone again.")
                            continue
                        receipts[key] = receipt
                        if result is not None:
                            home.artifacts.record(name, key, receipt, output(home, key))
                        record.add(key, receipt.content, metadata_of(receipt))
                there = [key for key in keys if key in receipts]
                found = list(checks(home, there)) if checks and there else []
                if not passed(found, check_specs):
                    for key in behind:
                        home.artifacts.forget(name, key)
            if failed:
                yield from found
                end_with(failure_of(failed, len(keys)))
            if record.of_one:
                receipt = receipts[keys[0]]
                yield dg.MaterializeResult(
                    data_version=dg.DataVersion(receipt.content), metadata=metadata_of(receipt), check_results=found
                )
            else:
                yield from found

        made = Artifact(
            name,
            step,
            fingerprint,
            lambda home, key: output(home, str(key)),
            tuple(str(key) for key in partitions_def.get_partition_keys()),
            lambda home, key: ready(home, str(key)),
            explanation.sources,
        )
        return made

    return decorate


def receipt_of(fingerprint: str, result: Made) -> Receipt:
    """The receipt of what was made; its metadata is kept with it, to be shown again where nothing had to be done."""
    typed: Mapping[str, Any] = dg.AssetMaterialization("any", metadata=dict(result.metadata)).metadata
    facts = {name: json.loads(serialize_value(value)) for name, value in typed.items()}
    return Receipt(fingerprint, result.content, result.complete, facts)


def metadata_of(receipt: Receipt) -> dict[str, Any]:
    """The metadata that a receipt keeps."""
    return {name: deserialize_value(json.dumps(value)) for name, value in receipt.facts.items()}


def passed(found: Sequence[dg.AssetCheckResult], specs: Sequence[dg.AssetCheckSpec]) -> bool:
    """Whether no blocking check failed as an error."""
    blocking = {spec.name for spec in specs if spec.blocking}
    return all(
        result.passed or result.severity is not dg.AssetCheckSeverity.ERROR or result.check_name not in blocking
        for result in found
    )
