"""What no asset makes but assets are made from: released and downloaded files, and the blocks of the registry.

Each is an external asset whose content is observed: by the sensor `sources_watched`, by the job `observe_sources`, by
the button on its page, and by each step before it reads. So the page tells what is stale whoever changed the file, and
tells it of content: a file that was only touched is not a new one.

(Dagster reads annotations when an asset is defined, so this module does without their postponed evaluation.)
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import dagster as dg
from dagster._core.definitions.data_version import DATA_VERSION_IS_USER_PROVIDED_TAG, DATA_VERSION_TAG

from clinseek_assets.faults import Fault
from clinseek_assets.resources.home import Home
from clinseek_assets.storage.fingerprint import of_parts
from clinseek_assets.storage.known_hashes import KnownHashes

GROUP = "source_files"
WHOLE: tuple[None] = (None,)
Files = Mapping[str | None, Sequence[Path]]


@dataclass(frozen=True)
class Version:
    """What a source, or a partition of it, holds now.

    Attributes:
        content: a hash of it: its data version.
        facts: counts about it; never a path below a patient's folder.
    """

    content: str
    facts: Mapping[str, Any]


@dataclass(frozen=True)
class Sight:
    """A source as it lies there at one moment.

    Attributes:
        versions: partition (None where it has none) -> what it holds now; what is not there is left out.
        unread: how many bytes have to be read to tell that.
    """

    versions: Callable[[], Mapping[str | None, Version]]
    unread: Callable[[], int]


@dataclass(frozen=True, eq=False)  # one source is one object
class Source:
    """One thing that assets are made from.

    Attributes:
        spec: how it stands on the lineage page.
        look: finds what there is of it.
    """

    spec: dg.AssetSpec
    look: Callable[[Home], Sight]

    @property
    def name(self) -> str:
        """Its key as text."""
        return self.spec.key.to_user_string()

    @cached_property
    def definition(self) -> dg.AssetsDefinition:
        """What Dagster takes: an asset that is looked at, not made. The page compares versions of no other kind."""

        @dg.multi_observable_source_asset(
            name=f"observe__{'__'.join(self.spec.key.path)}",
            specs=[self.spec.replace_attributes(skippable=True)],  # it records by itself what is new
            partitions_def=self.spec.partitions_def,
        )
        def look(context: dg.AssetExecutionContext, home: dg.ResourceParam[Home]) -> None:
            context.log.info(f"{observe(self, self.look(home), context.instance)} new versions.")

        return look


def of_files(
    name: str,
    description: str,
    found: Callable[[Home], Sequence[Path]],
    *,
    owners: Sequence[str],
    kinds: frozenset[str] = frozenset({"csv"}),
) -> Source:
    """A source that is one file, or several together.

    Args:
        name: its key as text.
        description: what it is.
        found: the files; a fault or none means that it is not there.
        owners, kinds: as assets have them.
    """
    return _of_files(name, description, lambda home: {None: found(home)}, owners, kinds, None)


def of_partitioned_files(
    name: str,
    description: str,
    found: Callable[[Home], Mapping[str | None, Sequence[Path]]],
    *,
    partitions: dg.PartitionsDefinition,
    owners: Sequence[str],
    kinds: frozenset[str],
) -> Source:
    """As `of_files`, with files by partition."""
    return _of_files(name, description, found, owners, kinds, partitions)


def of_registry(versions: Callable[[Home], Mapping[str | None, Version]], spec: dg.AssetSpec) -> Source:
    """A source that is told without reading a file."""
    return Source(spec, lambda home: Sight(lambda: versions(home), lambda: 0))


def _of_files(
    name: str,
    description: str,
    found: Callable[[Home], Files],
    owners: Sequence[str],
    kinds: frozenset[str],
    partitions: dg.PartitionsDefinition | None,
) -> Source:
    def files(home: Home) -> Files:
        try:
            return {key: [file for file in paths if file.is_file()] for key, paths in found(home).items()}
        except Fault:
            return {}  # not named, or not there: whoever needs it says so

    def look(home: Home) -> Sight:
        found_now = {key: paths for key, paths in files(home).items() if paths}
        every = [path for paths in found_now.values() for path in paths]
        hashes = KnownHashes(home.layout.observed / f"{name.replace('/', '__')}.sqlite", Path("/"))

        def versions() -> dict[str | None, Version]:
            known = hashes.of(every)
            hash_of = {path: known.get(path, "absent") for path in every}
            return {
                key: Version(
                    hash_of[paths[0]] if len(paths) == 1 else of_parts(hash_of[path] for path in paths),
                    {"files": len(paths), "bytes": sum(path.stat().st_size for path in paths)},
                )
                for key, paths in found_now.items()
            }

        return Sight(versions, lambda: hashes.unread(every))

    spec = dg.AssetSpec(
        dg.AssetKey(name.split("/")),
        group_name=GROUP,
        kinds=set(kinds),
        owners=list(owners),
        description=description,
        partitions_def=partitions,
    )
    return Source(spec, look)


def observe(source: Source, sight: Sight, instance: dg.DagsterInstance) -> int:
    """Record what a source holds by a look at it, where that is not what was last recorded; how many records that
    took.
    """
    now = sight.versions()
    recorded = recorded_versions(source, instance)
    new = {key: version for key, version in now.items() if recorded.get(key) != version.content}
    for event in observations(source, new):
        instance.report_runless_asset_event(event)
    return len(new)


def observations(source: Source, versions: Mapping[str | None, Version]) -> Iterator[dg.AssetObservation]:
    """The events that record these versions."""
    for key, version in versions.items():
        yield dg.AssetObservation(
            source.spec.key,
            partition=key,
            metadata=dict(version.facts),
            tags={DATA_VERSION_TAG: version.content, DATA_VERSION_IS_USER_PROVIDED_TAG: "true"},
        )


def recorded_versions(source: Source, instance: dg.DagsterInstance) -> dict[str | None, str]:
    """Partition -> the version that the event log has of it."""
    if source.spec.partitions_def is None:
        records = instance.fetch_observations(source.spec.key, limit=1).records
        event = records[0].event_log_entry.asset_observation if records else None
        return {None: event.tags[DATA_VERSION_TAG]} if event and event.tags else {}
    latest = instance.event_log_storage.get_latest_tags_by_partition(
        source.spec.key, dg.DagsterEventType.ASSET_OBSERVATION, [DATA_VERSION_TAG]
    )
    return {key: tags[DATA_VERSION_TAG] for key, tags in latest.items()}


def observe_before_reading(context: dg.AssetExecutionContext, home: Home, sources: Sequence[Source]) -> None:
    """Record what a step is about to read, and let the step's own record refer to that.

    Dagster looks at a step's inputs before the step begins; what is observed in the step is looked at again.
    """
    for source in sources:
        if observe(source, source.look(home), context.instance):
            context.op_execution_context.get_step_execution_context().wipe_input_asset_version_info(source.spec.key)
