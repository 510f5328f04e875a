"""What the web page is told, asked through its own GraphQL schema, in this process."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.test_utils import in_process_test_workspace
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin
from dagster._core.workspace.context import WorkspaceRequestContext
from dagster_graphql.test.utils import execute_dagster_graphql

from clinseek_assets.locations.settings import Settings

SERVED = Path(__file__).with_name("served_definitions.py")
STALENESS = """
query Staleness($key: [AssetKeyInput!]!, $partitions: [String!], $grid: Boolean!) {
  assetNodes(assetKeys: $key) {
    assetKey { path }
    staleStatus
    staleCauses { category reason key { path } }
    staleStatusByPartition(partitions: $partitions) @include(if: $grid)
    staleCausesByPartition(partitions: $partitions) @include(if: $grid) { category reason key { path } }
  }
}
"""


def name_environment(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    """Name in the environment what the settings name."""
    monkeypatch.setenv("CLINSEEK_HOME", str(settings.home))
    monkeypatch.setenv("CLINSEEK_RELEASE_ROOT", str(settings.release_root))
    monkeypatch.setenv("MIMIC_IV_ROOT", str(settings.mimic_roots["hosp"].parent))
    monkeypatch.setenv("CLINSEEK_MODELS", str(settings.models_file))


@contextmanager
def loaded(instance: dg.DagsterInstance) -> Iterator[WorkspaceRequestContext]:
    """The page's workspace, with the code location loaded anew."""
    sys.modules.pop(SERVED.stem, None)
    origin = LoadableTargetOrigin(executable_path=sys.executable, python_file=str(SERVED), attribute="defs")
    with in_process_test_workspace(instance, origin) as workspace:
        yield workspace


def staleness(
    instance: dg.DagsterInstance, wanted: Mapping[str, Sequence[str]]
) -> dict[str, dict[str, tuple[str, set[tuple[str, str]]]]]:
    """Asset -> partition ("" where it has none) -> what the page calls it, and why: categories and inputs.

    Args:
        instance: the instance.
        wanted: asset -> its partitions; none for an asset without.
    """
    found = {}
    with loaded(instance) as workspace:
        for name, partitions in wanted.items():
            key = [{"path": name.split("/")}]
            variables = {"key": key, "partitions": list(partitions), "grid": bool(partitions)}
            (node,) = execute_dagster_graphql(workspace, STALENESS, variables=variables).data["assetNodes"]
            if partitions:
                every = zip(partitions, node["staleStatusByPartition"], node["staleCausesByPartition"], strict=True)
            else:
                every = iter([("", node["staleStatus"], node["staleCauses"])])
            found[name] = {key: (status, causes_of(causes)) for key, status, causes in every}
    return found


def causes_of(causes: Sequence[Mapping[str, Any]] | None) -> set[tuple[str, str]]:
    """Category of each root cause, and the asset that it lies with."""
    return {(cause["category"], "/".join(cause["key"]["path"])) for cause in causes or ()}
