"""Jobs: what a person or a schedule starts, one a grid, since a job holds partitions of one kind only.

For each split in their order: `rebuild_<split>`, `curate_<split>`, `curate_strict_<split>`, `audit_<split>`,
`evaluate_<split>_<arm>`, `score_<split>_<arm>`, `gather_<split>`; `link_images` and `link_reports` for the X-rays;
`publish` and `observe_sources` for both. After `evaluate_<split>_<arm>` the rest follows by itself while the daemon
runs; `clinseek demo` and `clinseek evaluate` run all of it without the daemon.
"""

from __future__ import annotations

from collections.abc import Iterator

import dagster as dg

from clinseek_assets.assets.arms import ARMS_OF, Arm
from clinseek_assets.assets.campaign_record import NAME as CAMPAIGN
from clinseek_assets.assets.graph import AUDITS, Graph
from clinseek_assets.assets.image_links import IMAGES, REPORTS
from clinseek_assets.assets.marts import NAME as MARTS
from clinseek_assets.assets.scores import contrasts_of, intervals_of, model_scores_of
from clinseek_assets.assets.splits import MULTIMODAL, SPLITS, TEXT, Split

PUBLISH, OBSERVE = "publish", "observe_sources"
# Stages without a partition, from the release and the sources to the databases.
BUILT = {
    TEXT.name: ("questions", "source tables", "reference and candidate tables", "patient databases", "validation"),
    MULTIMODAL.name: ("multimodal questions", "multimodal source tables", "multimodal patient databases"),
}


def evaluation(arm: Arm) -> str:
    """The name of the job that runs models in an arm."""
    return f"evaluate_{arm.split.name}_{arm.name}"


def scoring(arm: Arm) -> str:
    """The name of the job that scores an arm."""
    return f"score_{arm.split.name}_{arm.name}"


def gathering(split: Split) -> str:
    """The name of the job that gathers a split's scores by model."""
    return f"gather_{split.name}"


def jobs(graph: Graph) -> list[dg.UnresolvedAssetJobDefinition]:
    """All jobs over the graph."""
    keys = {artifact.name: artifact.keys for artifact in graph.artifacts}
    estimated = [name(split) for split in SPLITS for name in (intervals_of, contrasts_of)]
    published = (*estimated, MARTS, "leaderboard_report", CAMPAIGN)
    return [
        *(one for split in SPLITS.values() for one in jobs_of(split, graph, keys)),
        job("link_images", keys[IMAGES], "Find and decode the X-rays that questions link, by group."),
        job("link_reports", keys[REPORTS], "Find and read the reports that questions link, by group."),
        job(PUBLISH, [key for name in published for key in keys[name]], "Tables and report."),
    ]


def jobs_of(
    split: Split, graph: Graph, keys: dict[str, list[dg.AssetKey]]
) -> Iterator[dg.UnresolvedAssetJobDefinition]:
    """The jobs of one split."""
    of_stage = {stage.title: [key for artifact in stage.artifacts for key in artifact.keys] for stage in graph.stages}
    built = [key for title in BUILT[split.name] for key in of_stage[title]]
    yield job(f"rebuild_{split.name}", built, "From the release and the sources to the databases.")
    yield job(f"curate_{split.name}", keys[split.contexts], "The curated contexts, by subtask.")
    # A job of its own: in one run with the contexts that it is made from, it would be passed over.
    yield job(f"curate_strict_{split.name}", keys[split.strict_contexts], "The strict contexts, by subtask.")
    yield job(
        f"audit_{split.name}",
        of_stage[AUDITS[split.name]],
        "What every arm is shown, held against what was known at the moment.",
    )
    for name, arm in ARMS_OF[split.name].items():
        yield job(evaluation(arm), keys[arm.predictions], f"Run models in the {name} arm.")
        yield job(scoring(arm), keys[arm.scores], f"Score the {name} arm.")
    yield job(gathering(split), keys[model_scores_of(split.name)], "All scores of each model.")


def jobs_before_models(graph: Graph) -> dict[str, str]:
    """Artifact -> the job that makes it, for all that lies before the models."""
    of_stage = {stage.title: [artifact.name for artifact in stage.artifacts] for stage in graph.stages}
    made = {name: f"rebuild_{split}" for split, titles in BUILT.items() for title in titles for name in of_stage[title]}
    for split in SPLITS.values():
        made |= {split.contexts: f"curate_{split.name}", split.strict_contexts: f"curate_strict_{split.name}"}
        made |= dict.fromkeys(of_stage[AUDITS[split.name]], f"audit_{split.name}")
    return {**made, IMAGES: "link_images", REPORTS: "link_reports"}


def job(name: str, keys: list[dg.AssetKey], description: str) -> dg.UnresolvedAssetJobDefinition:
    """A job over some assets."""
    return dg.define_asset_job(name, dg.AssetSelection.assets(*keys), description=description)
