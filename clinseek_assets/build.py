"""Assembly of the code location; the command line and tests get a fresh one each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import dagster as dg

from clinseek_assets.assets.arms import ARMS_OF
from clinseek_assets.assets.graph import whole_graph
from clinseek_assets.automation.code_location import CodeLocation
from clinseek_assets.automation.executors import executor_of
from clinseek_assets.automation.jobs import jobs
from clinseek_assets.automation.schedules import weekly_evaluation
from clinseek_assets.automation.sensors import downstream_follows, sweep
from clinseek_assets.locations.settings import Settings, load_settings
from clinseek_assets.resources.dbt_project import dbt_client, dbt_manifest
from clinseek_assets.resources.home import Home
from clinseek_assets.resources.progress import LoggedProgress
from clinseek_assets.resources.warehouse import warehouse


def build(settings: Settings | None = None, resources: Mapping[str, Any] | None = None) -> CodeLocation:
    """Assemble everything over what the settings name.

    Args:
        settings: by default those of the environment and `clinseek.yaml`.
        resources: what to give the steps instead of the usual (`progress`, `home`, `dbt`, `warehouse`).

    Raises:
        Fault: the settings, the registry of models or the dbt project are not as they should be, or the executor that
            is named is not installed.
    """
    settings = settings or load_settings()
    home = Home.of(settings)
    graph = whole_graph(home, dbt_manifest(settings.layout))
    all_jobs = jobs(graph)
    definitions = dg.Definitions(
        assets=[*(artifact.definition for artifact in graph.artifacts), *graph.absent],
        jobs=all_jobs,
        schedules=[weekly_evaluation(arm, list(home.models)) for arms in ARMS_OF.values() for arm in arms.values()],
        sensors=[downstream_follows(), sweep(graph, home, all_jobs)],
        resources={
            "home": home,
            "progress": LoggedProgress(),
            "dbt": dbt_client(settings.layout),
            "warehouse": warehouse(settings.layout),
            **(resources or {}),
        },
        executor=executor_of(settings),
    )
    return CodeLocation(home, graph, definitions)


def build_defs(settings: Settings | None = None, resources: Mapping[str, Any] | None = None) -> dg.Definitions:
    """The definitions alone; see `build`."""
    return build(settings, resources).definitions
