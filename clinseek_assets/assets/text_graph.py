"""The text split's graph as a whole: its artifacts in the order in which data flows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import dagster as dg

from clinseek_assets.assets import (
    contexts,
    leak_audit,
    manifests,
    patient_databases,
    reference_tables,
    reports,
    source_tables,
)
from clinseek_assets.assets.arms import ARMS, Arm
from clinseek_assets.assets.artifact import Artifact
from clinseek_assets.assets.marts import text_marts
from clinseek_assets.assets.predictions import GROUP as PREDICTIONS
from clinseek_assets.assets.predictions import predictions
from clinseek_assets.assets.scores import arm_scores, model_scores, text_intervals
from clinseek_assets.partitions import model_partitions, text_grid
from clinseek_assets.resources.home import Home

# The arms that are shown what a policy of time leaves.
PINNED = ("curated_strict", "seeking", "seeking_compat")


@dataclass(frozen=True)
class Stage:
    """Artifacts that are brought up to date together.

    Attributes:
        title: what a user is told.
        artifacts: in the order in which they depend on each other.
        arms: the arms that it is needed for; none in particular where empty.
        required: whether what follows makes no sense after a failure here.
        follows: whether it follows by itself from what was predicted.
    """

    title: str
    artifacts: tuple[Artifact, ...]
    arms: tuple[str, ...] = ()
    required: bool = True
    follows: bool = False


@dataclass(frozen=True)
class TextGraph:
    """All assets of the text split.

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
    def keys(self) -> list[dg.AssetKey]:
        """Every asset that can be materialized."""
        return [key for artifact in self.artifacts for key in artifact.keys]


def text_graph(home: Home, dbt_manifest: Path, arms: Sequence[Arm] = tuple(ARMS.values())) -> TextGraph:
    """The graph over what was found.

    Args:
        home: decides which source tables can be materialized and which models there are.
        dbt_manifest: dbt's manifest of the marts.
        arms: the arms to offer.
    """
    grid, models = text_grid(list(home.models)), model_partitions(list(home.models))
    stages = (
        Stage("questions", (*manifests.ARTIFACTS, reference_tables.table_descriptions)),
        Stage("source tables", source_tables.artifacts(home.inventory)),
        Stage("reference and candidate tables", reference_tables.FROM_SOURCES),
        Stage("patient databases", patient_databases.ARTIFACTS),
        Stage("contexts", contexts.ARTIFACTS),
        # Before any model is asked: an answer to what should not have been shown is money lost.
        Stage("leak audit", leak_audit.ARTIFACTS, PINNED),
        *(
            Stage(f"predictions, {arm.name} arm", (predictions(arm, grid),), (arm.name,), required=False)
            for arm in arms
        ),
        *(
            Stage(f"scores, {arm.name} arm", (arm_scores(arm, grid),), (arm.name,), required=False, follows=True)
            for arm in arms
        ),
        Stage("scores by model", (model_scores(models),), follows=True),
        Stage("intervals", (text_intervals,), follows=True),
        Stage("tables (dbt)", (text_marts(dbt_manifest),), follows=True),
        Stage("leaderboard", (reports.leaderboard_report,), follows=True),
        Stage("validation", (reports.release_validation,)),
    )
    registry = dg.AssetSpec(
        "models",
        group_name=PREDICTIONS,
        kinds={"yaml"},
        owners=["team:evaluation"],
        description="The registry of models (models.yaml): floor rows, baselines, and the endpoints switched on.",
        metadata={"enabled": len(home.models), "listed": len(home.registry.models)},
    )
    return TextGraph(stages, (registry, *source_tables.absent(home.inventory)))
