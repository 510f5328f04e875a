"""The page of the assets: by group what each is, what it is made from, where it lies and what holds it."""

from __future__ import annotations

from collections.abc import Iterator

import dagster as dg

from clinseek_assets.assets.artifact import Artifact
from clinseek_assets.assets.graph import Graph
from clinseek_assets.assets.source_tables import GROUP as SOURCE_TABLES
from clinseek_assets.handbook.keys import name_of, named, partitions_of, specs_of, stored_at
from clinseek_assets.handbook.markdown import code, table
from clinseek_assets.resources.home import Home

HEAD = """# Assets

What is in the graph, in the order in which data flows. Paths are below `CLINSEEK_HOME`. The checks are explained in
[checks.md](checks.md), the tables of the sources in [source_tables.md](source_tables.md), the marts column by column
in [marts.md](marts.md).
"""


def assets_page(graph: Graph, home: Home) -> Iterator[str]:
    """Every asset of the graph, group by group.

    Args:
        graph: over no data, so that every source table is in it.
        home: whose layout names the files.
    """
    yield HEAD
    for group, members in grouped(graph).items():
        yield from (f"## {group}", "")
        yield from of_source_tables(members, home) if group == SOURCE_TABLES else of_group(members, home)


def grouped(graph: Graph) -> dict[str, list[tuple[Artifact | None, dg.AssetSpec]]]:
    """Group -> its assets."""
    groups: dict[str, list[tuple[Artifact | None, dg.AssetSpec]]] = {}
    for artifact, spec in specs_of(graph):
        groups.setdefault(spec.group_name or "", []).append((artifact, spec))
    return groups


def of_source_tables(members: list[tuple[Artifact | None, dg.AssetSpec]], home: Home) -> Iterator[str]:
    """The source tables, a line each."""
    rows = [
        (f"`{name_of(spec.key)}`", told(spec), f"`{stored_at(artifact, spec, home)}`" if artifact else "")
        for artifact, spec in members
    ]
    yield from table(("asset", "what it is", "stored at"), rows)


def of_group(members: list[tuple[Artifact | None, dg.AssetSpec]], home: Home) -> Iterator[str]:
    """The assets of a group, a section each."""
    for artifact, spec in members:
        yield from (f"### `{name_of(spec.key)}`", "", told(spec), "")
        yield from facts(artifact, spec, home)
        yield ""


def facts(artifact: Artifact | None, spec: dg.AssetSpec, home: Home) -> Iterator[str]:
    """What else there is to say of an asset, a line each."""
    yield f"- Partitions: {partitions_of(spec)}"
    if deps := [dep.asset_key for dep in spec.deps]:
        yield f"- Made from: {named(deps)}"
    if artifact is None:
        yield "- Stored: not by the graph"
        return
    yield f"- Stored: `{stored_at(artifact, spec, home)}` ({', '.join(sorted(spec.kinds))})"
    if checks := [check for check in artifact.definition.check_specs if check.asset_key == spec.key]:
        yield f"- Checks: {code(check.name for check in checks)}"
    yield f"- Starts: {'by itself, after what it is made from' if spec.automation_condition else 'on request'}"


def told(spec: dg.AssetSpec) -> str:
    """The description on one line."""
    return " ".join((spec.description or "").split())
