"""The graph as a whole: the artifacts of both splits, in stages in the order in which data flows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import dagster as dg

from clinseek_assets.assets import (
    campaign_record,
    contexts,
    dataset_tables,
    image_links,
    leak_audit,
    manifests,
    multimodal_contexts,
    multimodal_leak_audit,
    patient_databases,
    reference_tables,
    reports,
    source_tables,
)
from clinseek_assets.assets.arms import ARMS_OF, Arm
from clinseek_assets.assets.artifact import Artifact
from clinseek_assets.assets.marts import marts
from clinseek_assets.assets.observed import Source
from clinseek_assets.assets.predictions import predictions, registered_models
from clinseek_assets.assets.scores import arm_contrasts, arm_scores, intervals, model_scores
from clinseek_assets.assets.splits import MULTIMODAL, SPLITS, TEXT, Split
from clinseek_assets.partitions import model_partitions
from clinseek_assets.resources.home import Home

# The arms that are shown what a policy of time leaves.
PINNED = ("curated_strict", "seeking", "seeking_compat")
AUDITS = {TEXT.name: "leak audit", MULTIMODAL.name: "multimodal leak audit"}


@dataclass(frozen=True)
class Stage:
    """Artifacts that are brought up to date together.

    Attributes:
        title: what a user is told.
        artifacts: in the order in which they depend on each other.
        split: the split that it is needed for; "" for both.
        arms: the arms that it is needed for; none in particular where empty.
        after: the titles of stages that must have gone well before it although nothing of theirs is an input of it.
        required: whether what follows makes no sense after a failure here.
        asks_models: whether models are asked.
        follows: whether it follows by itself from what was predicted.
    """

    title: str
    artifacts: tuple[Artifact, ...]
    split: str = ""
    arms: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    required: bool = True
    asks_models: bool = False
    follows: bool = False


@dataclass(frozen=True)
class Graph:
    """All assets.

    Attributes:
        stages: what can be materialized, in order.
        absent: what cannot, with the reason in its description.
    """

    stages: tuple[Stage, ...]
    absent: tuple[dg.AssetSpec, ...]

    @property
    def artifacts(self) -> Iterator[Artifact]:
        """Every artifact, in order."""
        for stage in self.stages:
            yield from stage.artifacts

    @property
    def sources(self) -> tuple[Source, ...]:
        """What they are made from that no asset makes, each once."""
        return tuple({source.name: source for artifact in self.artifacts for source in artifact.sources}.values())

    @property
    def keys(self) -> list[dg.AssetKey]:
        """Every asset that can be materialized."""
        return [key for artifact in self.artifacts for key in artifact.keys]


def whole_graph(home: Home, dbt_manifest: Path) -> Graph:
    """The graph over what was found.

    Args:
        home: decides which source tables can be materialized and which models there are.
        dbt_manifest: dbt's manifest of the marts.
    """
    registry = registered_models(model_partitions(list(home.models)), len(home.registry.models))
    stages = (
        *text_stages(home),
        *multimodal_stages(home),
        *(stage for split in SPLITS.values() for stage in asked_stages(home, split, registry)),
        *(stage for split in SPLITS.values() for stage in scored_stages(home, split)),
        Stage("tables (dbt)", (marts(dbt_manifest),), follows=True),
        Stage("leaderboard", (reports.leaderboard_report,), follows=True),
        Stage("campaign record", (campaign_record.campaign_record,), follows=True),
        Stage("validation", (reports.release_validation,)),
    )
    absent = (*source_tables.absent(home.inventory), *dataset_tables.absent(home.datasets))
    return Graph(stages, absent)


def text_stages(home: Home) -> tuple[Stage, ...]:
    """From the release and the sources to what models of the text split are shown."""
    stages = (
        Stage("questions", (*manifests.ARTIFACTS, reference_tables.table_descriptions)),
        Stage("source tables", source_tables.artifacts(home.inventory)),
        Stage("reference and candidate tables", reference_tables.FROM_SOURCES),
        Stage("patient databases", patient_databases.ARTIFACTS),
        Stage("contexts", contexts.ARTIFACTS),
        Stage(AUDITS[TEXT.name], leak_audit.ARTIFACTS, arms=PINNED),
    )
    # What all questions rest on (questions, tables, dictionaries) is needed for the other split as well.
    return tuple(replace(stage, split=TEXT.name) if place > 2 else stage for place, stage in enumerate(stages))


def multimodal_stages(home: Home) -> tuple[Stage, ...]:
    """From the release and the sources to what models of the multimodal split are shown."""
    stages = (
        Stage("multimodal questions", manifests.MULTIMODAL_ARTIFACTS),
        Stage("multimodal source tables", dataset_tables.artifacts(home.datasets)),
        Stage("X-rays and reports", image_links.ARTIFACTS),
        Stage("multimodal patient databases", (*reference_tables.OF_DATASETS, *patient_databases.OF_DATASETS)),
        Stage("multimodal contexts", multimodal_contexts.ARTIFACTS),
        Stage(AUDITS[MULTIMODAL.name], multimodal_leak_audit.ARTIFACTS, arms=PINNED),
    )
    return tuple(replace(stage, split=MULTIMODAL.name) for stage in stages)


def asked_stages(home: Home, split: Split, registry: Source) -> Iterator[Stage]:
    """The stages that ask models, one an arm."""
    grid = split.grid(list(home.models))
    for arm in ARMS_OF[split.name].values():
        yield Stage(
            title_of("predictions", arm),
            (predictions(arm, grid, registry),),
            split=split.name,
            arms=(arm.name,),
            # The audit comes before any model is asked: an answer to what should not have been shown is money lost.
            after=(AUDITS[split.name],) if arm.name in PINNED else (),
            required=False,
            asks_models=True,
        )


def scored_stages(home: Home, split: Split) -> Iterator[Stage]:
    """The stages of a split's scores."""
    grid, models = split.grid(list(home.models)), model_partitions(list(home.models))
    for arm in ARMS_OF[split.name].values():
        yield Stage(
            title_of("scores", arm),
            (arm_scores(arm, grid),),
            split=split.name,
            arms=(arm.name,),
            required=False,
            follows=True,
        )
    of_split = "" if split is TEXT else f"{split.name} "
    yield Stage(f"{of_split}scores by model", (model_scores(split, models),), split=split.name, follows=True)
    yield Stage(f"{of_split}intervals", (intervals(split), arm_contrasts(split)), split=split.name, follows=True)


def title_of(what: str, arm: Arm) -> str:
    """The title of a stage of one arm."""
    return f"{'' if arm.split is TEXT else f'{arm.split.name} '}{what}, {arm.name} arm"
