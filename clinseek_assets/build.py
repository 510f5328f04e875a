"""Assembly of the code location; the command line and tests get a fresh one each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import dagster as dg

from clinseek_assets.assets.graph import whole_graph
from clinseek_assets.assets.reports import leaderboard_report
from clinseek_assets.automation.alerts import coverage_low, run_failed
from clinseek_assets.automation.code_location import CodeLocation
from clinseek_assets.automation.executors import executor_of
from clinseek_assets.automation.jobs import jobs
from clinseek_assets.automation.observation import observation_job
from clinseek_assets.automation.schedules import age_limit, schedules
from clinseek_assets.automation.sensors import downstream_follows, sweep, upstream_follows
from clinseek_assets.automation.watching import registry_watched, sources_watched
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
    operating = home.operating
    graph = whole_graph(home, dbt_manifest(settings.layout))
    all_jobs = jobs(graph)
    given = {"progress": LoggedProgress(), **(resources or {})}
    definitions = dg.Definitions(
        assets=[
            *with_age_limit([artifact.definition for artifact in graph.artifacts], age_limit(operating.report)),
            *(source.definition for source in graph.sources),
            *graph.absent,
        ],
        jobs=[*all_jobs, observation_job(graph.sources)],
        schedules=list(schedules(graph, home, operating)),
        sensors=[
            downstream_follows(),
            sweep(graph, home, all_jobs),
            upstream_follows(graph, home, all_jobs, operating.watch),
            sources_watched(graph.sources, home),
            registry_watched(graph, home, operating, all_jobs),
            run_failed(operating.alerts),
            coverage_low(home, operating.alerts),
        ],
        resources={
            "home": home,
            "dbt": dbt_client(settings.layout),
            "warehouse": warehouse(settings.layout),
            **given,
        },
        executor=executor_of(settings),
    )
    return CodeLocation(home, graph, definitions, given["progress"])


def with_age_limit(
    definitions: Sequence[dg.AssetsDefinition], limit: dg.FreshnessPolicy | None
) -> list[dg.AssetsDefinition]:
    """The same assets, the report with a limit to its age where there is one."""
    report = leaderboard_report.keys[0]
    return [
        each.map_asset_specs(lambda spec: spec.replace_attributes(freshness_policy=limit))
        if limit and report in each.keys
        else each
        for each in definitions
    ]


def build_defs(settings: Settings | None = None, resources: Mapping[str, Any] | None = None) -> dg.Definitions:
    """The definitions alone; see `build`."""
    return build(settings, resources).definitions
