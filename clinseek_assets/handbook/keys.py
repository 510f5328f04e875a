"""Assets as the reference names them: specs in the graph's order, long lists of source tables in short."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import dagster as dg

from clinseek_assets.assets.artifact import Artifact
from clinseek_assets.assets.graph import Graph
from clinseek_assets.assets.marts import NAME as MARTS
from clinseek_assets.assets.splits import SPLITS
from clinseek_assets.handbook.markdown import code
from clinseek_assets.partitions import cell
from clinseek_assets.resources.home import Home

MOST_OF_A_KIND = 4  # more tables of one folder than these are told as a number
WORDS = {"text": "subtasks", "multimodal": "groups"}


def specs_of(graph: Graph) -> Iterator[tuple[Artifact | None, dg.AssetSpec]]:
    """Every asset with the artifact that it is made by, in the order in which data flows; last what nobody makes."""
    for artifact in graph.artifacts:
        for spec in sorted(artifact.definition.specs, key=lambda spec: spec.key.to_user_string()):
            yield artifact, spec
    for spec in graph.absent:
        yield None, spec


def name_of(key: dg.AssetKey) -> str:
    """An asset's key as text."""
    return key.to_user_string()


def named(keys: Iterable[dg.AssetKey]) -> str:
    """Assets in one cell, by name: source tables of one folder as their number where there are many."""
    folders: dict[str, list[str]] = {}
    for name in sorted(map(name_of, keys)):
        folders.setdefault(name.rpartition("/")[0], []).append(name)
    return ", ".join(
        f"`{folder}/…` ({len(names)} tables)" if folder and len(names) > MOST_OF_A_KIND else code(names)
        for folder, names in folders.items()
    )


def partitions_of(spec: dg.AssetSpec) -> str:
    """The partitions of an asset in words; models are as many as are switched on."""
    match spec.partitions_def:
        case None:
            return "none"
        case dg.MultiPartitionsDefinition() as grid:
            return " × ".join(dimension(one.partitions_def) for one in grid.partitions_defs)
        case other:
            return dimension(other)


def dimension(partitions: dg.PartitionsDefinition) -> str:
    """One dimension: the subtasks of a split, or else the models."""
    keys = tuple(partitions.get_partition_keys())
    for split in SPLITS.values():
        if keys == split.subtasks:
            return f"{len(keys)} {WORDS[split.name]}"
    return "enabled models"


def stored_at(artifact: Artifact, spec: dg.AssetSpec, home: Home) -> str:
    """Where an asset lies below CLINSEEK_HOME, with `<model>`, `<subtask>` or `<group>` where partitions differ."""
    if artifact.name == MARTS:
        return f"{home.layout.mart(spec.key.path[-1]).relative_to(home.layout.home)}"
    path = str(artifact.output(home, artifact.partitions[0]).relative_to(home.layout.home))
    for value, name in placeholders(artifact.partitions[0]).items():
        path = path.replace(f"/{value}", f"/<{name}>")
    return path


def placeholders(partition: str | None) -> dict[str, str]:
    """What of a path stands for the partition -> the word to put there."""
    if partition is None:
        return {}
    model, subtask = cell(partition) if "|" in partition else ("", partition)
    group = any(subtask in split.subtasks and WORDS[split.name] == "groups" for split in SPLITS.values())
    if not model and not any(subtask in split.subtasks for split in SPLITS.values()):
        return {subtask: "model"}
    return {**({model: "model"} if model else {}), subtask: "group" if group else "subtask"}
