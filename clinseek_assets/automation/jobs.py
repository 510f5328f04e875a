"""Jobs: what a person or a schedule starts, one a grid, since a job holds partitions of one kind only.

In their order: `rebuild_text`, `curate_text`, `audit_text`, `evaluate_text_<arm>`, `score_text_<arm>`, `gather_text`,
`publish_text`. After `evaluate_text_<arm>` the rest follows by itself while the daemon runs; `clinseek demo` and
`clinseek evaluate` run all of it in one process.
"""

from __future__ import annotations

import dagster as dg

from clinseek_assets.assets.arms import ARMS
from clinseek_assets.assets.contexts import NAME as CONTEXTS
from clinseek_assets.assets.scores import INTERVALS, MODEL_SCORES
from clinseek_assets.assets.text_graph import TextGraph

PUBLISHED = ("text_marts", "leaderboard_report")


def evaluation(arm: str) -> str:
    """The name of the job that runs models in an arm."""
    return f"evaluate_text_{arm}"


def scoring(arm: str) -> str:
    """The name of the job that scores an arm."""
    return f"score_text_{arm}"


def jobs(graph: TextGraph) -> list[dg.UnresolvedAssetJobDefinition]:
    """All jobs over the graph."""
    keys = {artifact.name: artifact.keys for artifact in graph.artifacts}
    built = [
        key
        for stage in graph.stages
        if stage.title in ("questions", "source tables", "reference and candidate tables", "patient databases")
        for artifact in stage.artifacts
        for key in artifact.keys
    ]
    return [
        job(
            "rebuild_text", [*built, *keys["release_validation"]], "From the release and the sources to the databases."
        ),
        job("curate_text", keys[CONTEXTS], "The curated contexts, by subtask."),
        job("audit_text", keys["leak_audit"], "What every arm is shown, held against what was known at the moment."),
        *(job(evaluation(name), keys[arm.predictions], f"Run models in the {name} arm.") for name, arm in ARMS.items()),
        *(job(scoring(name), keys[arm.scores], f"Score the {name} arm.") for name, arm in ARMS.items()),
        job("gather_text", keys[MODEL_SCORES], "All scores of each model."),
        job(
            "publish_text", [*keys[INTERVALS], *(key for name in PUBLISHED for key in keys[name])], "Tables and report."
        ),
    ]


def job(name: str, keys: list[dg.AssetKey], description: str) -> dg.UnresolvedAssetJobDefinition:
    """A job over some assets."""
    return dg.define_asset_job(name, dg.AssetSelection.assets(*keys), description=description)
