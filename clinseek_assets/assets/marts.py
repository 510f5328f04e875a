"""The marts: dbt models over the scores, in the warehouse and, for readers, as Parquet files."""

import io
from collections.abc import Iterator, Mapping
from contextlib import redirect_stdout
from functools import reduce
from operator import or_
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DbtCliResource, DbtProject, dbt_assets
from dagster_duckdb import DuckDBResource

from clinseek_assets.assets.artifact import Artifact, code_of
from clinseek_assets.assets.at_work import at_work
from clinseek_assets.assets.leak_audit import audit_file
from clinseek_assets.assets.multimodal_leak_audit import audit_file as multimodal_audit_file
from clinseek_assets.assets.queues import step_tags
from clinseek_assets.assets.scores import WHICHEVER_ARE_THERE, contrasts_of, intervals_of, model_scores_of
from clinseek_assets.assets.shown import of_file_and_rows
from clinseek_assets.assets.splits import MULTIMODAL, SPLITS, TEXT
from clinseek_assets.resources.dbt_project import project_fingerprint
from clinseek_assets.resources.home import Home
from clinseek_assets.resources.warehouse import POOL, SplitFiles, publish, refresh_views
from clinseek_assets.storage.fingerprint import of_parts, of_value
from clinseek_assets.storage.receipts import Receipt

GROUP = "marts"
NAME = "marts"
LEADERBOARDS = {split: f"{split}_leaderboard" for split in SPLITS}
FIGURES = {split: f"{split}_figures" for split in SPLITS}
# The leak audit of each split: its asset, its report, and the part of it with the figures by subtask.
AUDITS = {
    TEXT.name: ("leak_audit", audit_file, "subtasks"),
    MULTIMODAL.name: ("multimodal_leak_audit", multimodal_audit_file, "groups"),
}
# The condition of what reads marts: whichever scores are there will do, but a mart that was never built cannot be read.
ONCE_ITS_MARTS_ARE_THERE = WHICHEVER_ARE_THERE & ~dg.AutomationCondition.any_deps_missing().allow(
    dg.AssetSelection.groups(GROUP)
)
# The condition of the published numbers, which have no upstream: loaded with the first figures to compare them with.
THERE_ARE_FIGURES = reduce(
    or_,
    (dg.AutomationCondition.asset_matches(intervals_of(each), ~dg.AutomationCondition.missing()) for each in SPLITS),
)
WITH_THE_FIRST_FIGURES = (
    dg.AutomationCondition.missing()
    & ~dg.AutomationCondition.in_progress()
    & ~dg.AutomationCondition.execution_failed()
    & THERE_ARE_FIGURES
)
CONDITION_OF = {"model": ONCE_ITS_MARTS_ARE_THERE, "seed": WITH_THE_FIRST_FIGURES}


class MartTranslator(DagsterDbtTranslator):
    """How the dbt project appears on the lineage page."""

    def get_asset_spec(self, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None) -> dg.AssetSpec:
        """The spec as dbt has it, in our group, with owners, kinds and the condition of what gathers several."""
        spec = super().get_asset_spec(manifest, unique_id, project)
        kind = manifest["nodes"].get(unique_id, {}).get("resource_type")
        if kind not in CONDITION_OF:
            return spec
        return spec.replace_attributes(
            group_name=GROUP,
            owners=["team:evaluation"],
            kinds={"dbt", "duckdb"},
            description=manifest["nodes"][unique_id]["description"],
            automation_condition=CONDITION_OF[kind],
        )


def inputs(home: Home, _: str | None = None) -> str:
    """The scores of every enabled model in both splits, what their arms were shown, the questions, and the project."""
    scores = [
        f"{split} {model} {home.receipts.content(model_scores_of(split), model)}"
        for split in SPLITS
        for model in home.models
    ]
    kinds = of_value({name: model.kind for name, model in home.models.items()})
    estimated = [name(split) for split in SPLITS for name in (intervals_of, contrasts_of)]
    audits = [asset for asset, *_ in AUDITS.values()]
    named = [*estimated, *audits, *(split.manifest for split in SPLITS.values()), "subtasks"]
    shown = [
        f"{split.strict_contexts} {subtask} {home.receipts.content(split.strict_contexts, subtask)}"
        for split in SPLITS.values()
        for subtask in split.subtasks
    ]
    upstream = [f"{name} {home.receipts.content(name)}" for name in named]
    return of_parts(
        [code_of("assets/marts.py", "resources/warehouse.py"), project_fingerprint(), kinds, *scores, *upstream, *shown]
    )


def files_of(home: Home) -> dict[str, SplitFiles]:
    """What the marts of each split are built from."""
    return {
        name: SplitFiles(
            scores=[home.layout.model_scores(name, model) for model in home.models],
            strict_contexts=[home.layout.contexts(name, "curated_strict", subtask) for subtask in split.subtasks],
            leak_audit=AUDITS[name][1](home),
            audited=AUDITS[name][2],
        )
        for name, split in SPLITS.items()
    }


def marts(manifest: Path) -> Artifact:
    """The marts as one artifact: dbt builds all of them, of both splits, in one run."""

    @dbt_assets(
        manifest=manifest,
        name=NAME,
        dagster_dbt_translator=MartTranslator(),
        pool=POOL,
        op_tags=step_tags(GROUP),
    )
    def step(
        context: dg.AssetExecutionContext,
        dbt: DbtCliResource,
        warehouse: DuckDBResource,
        home: dg.ResourceParam[Home],
    ) -> Iterator[dg.Output | dg.AssetCheckResult]:
        with at_work(context, home):
            home.artifacts.look(now=True)
            with home.artifacts.inputs_brought():
                fingerprint = inputs(home)
            with warehouse.get_connection() as connection:
                refresh_views(connection, home, files_of(home))
            built = Built(context, dbt)
            with warehouse.get_connection() as connection:
                published = {mart: publish(connection, mart, home.layout.mart(mart)) for mart in built.marts}
            for mart, (content, _) in published.items():
                home.artifacts.record(mart, None, Receipt(fingerprint, content), home.layout.mart(mart))
            if built.succeeded and not context.is_subset:
                whole = Receipt(fingerprint, of_value(published))
                home.artifacts.record(NAME, None, whole, home.layout.mart(LEADERBOARDS["text"]))
        for event in built.events:
            if isinstance(event, dg.Output):
                mart = built.mart_of(event)
                content, rows = published[mart]
                yield dg.Output(
                    None,
                    output_name=event.output_name,
                    metadata={**event.metadata, **of_file_and_rows(home.layout.mart(mart), rows)},
                    data_version=dg.DataVersion(content),
                )
            else:
                yield event
        if not built.succeeded:
            raise dg.Failure(built.failure, allow_retries=False)

    return Artifact(
        NAME,
        step,
        inputs,
        lambda home, _: home.layout.mart(LEADERBOARDS["text"]),
        ready=lambda home, _: any(home.receipts.read(intervals_of(split)) for split in SPLITS),
    )


class Built:
    """One run of `dbt build`: what it made, what its tests said, and what failed."""

    def __init__(self, context: dg.AssetExecutionContext, dbt: DbtCliResource) -> None:
        invocation = dbt.cli(["build"], context=context, raise_on_error=False)
        self._context = context
        with redirect_stdout(io.StringIO()):  # dbt's lines are in its own log
            self.events: list[Any] = list(invocation.stream())
        self.succeeded = invocation.is_successful()
        self.marts = [self.mart_of(event) for event in self.events if isinstance(event, dg.Output)]
        self._log = invocation.target_path / "dbt.log"

    def mart_of(self, event: dg.Output) -> str:
        """The name of the mart that an output stands for."""
        return self._context.asset_key_for_output(event.output_name).path[-1]

    @property
    def failure(self) -> str:
        """What failed, by name; the texts of the engine stay in dbt's own log."""
        failed = [
            event.check_name for event in self.events if isinstance(event, dg.AssetCheckResult) and not event.passed
        ]
        told = f"failed tests: {', '.join(filter(None, failed))}" if failed else "a model could not be built"
        return f"dbt build did not succeed ({told}).\n  What to do: see {self._log}"
