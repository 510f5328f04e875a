"""Jobs: what a person or a schedule starts, one a grid, since a job holds partitions of one kind only.

Before the models, for each split: `rebuild_<split>`, `curate_<split>`, `curate_strict_<split>`, `audit_<split>`;
`link_images` and `link_reports` for the X-rays. With them: `evaluate_<split>_<arm>`, `score_<split>_<arm>`,
`gather_<split>`. For both splits: `publish` and `observe_sources`.

After `evaluate_<split>_<arm>` the rest follows by itself while the daemon runs; `clinseek demo` and `clinseek evaluate`
run all of it without the daemon.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

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


class Work(NamedTuple):
    """What a job makes.

    Attributes:
        job: the job's name.
        artifacts: the names of what it makes.
        description: for its page.
    """

    job: str
    artifacts: Sequence[str]
    description: str


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
    work = [
        *work_before_models(graph),
        *work_with_models(),
        Work(PUBLISH, published, "Tables and report."),
    ]
    return [
        dg.define_asset_job(
            name, dg.AssetSelection.assets(*(key for made in artifacts for key in keys[made])), description=description
        )
        for name, artifacts, description in work
    ]


def work_before_models(graph: Graph) -> Iterator[Work]:
    """The jobs over what lies before the models."""
    of_stage = {stage.title: [artifact.name for artifact in stage.artifacts] for stage in graph.stages}
    for name, split in SPLITS.items():
        built = [artifact for title in BUILT[name] for artifact in of_stage[title]]
        yield Work(f"rebuild_{name}", built, "From the release and the sources to the databases.")
        yield Work(f"curate_{name}", [split.contexts], "The curated contexts, by subtask.")
        # A job of its own: in one run with the contexts that it is made from, it would be passed over.
        yield Work(f"curate_strict_{name}", [split.strict_contexts], "The strict contexts, by subtask.")
        audited = "What every arm is shown, held against what was known at the moment."
        yield Work(f"audit_{name}", of_stage[AUDITS[name]], audited)
    yield Work("link_images", [IMAGES], "Find and decode the X-rays that questions link, by group.")
    yield Work("link_reports", [REPORTS], "Find and read the reports that questions link, by group.")


def work_with_models() -> Iterator[Work]:
    """The jobs over predictions and scores."""
    for split, arms in ARMS_OF.items():
        for name, arm in arms.items():
            yield Work(evaluation(arm), [arm.predictions], f"Run models in the {name} arm.")
            yield Work(scoring(arm), [arm.scores], f"Score the {name} arm.")
        yield Work(gathering(SPLITS[split]), [model_scores_of(split)], "All scores of each model.")


def jobs_before_models(graph: Graph) -> dict[str, str]:
    """Artifact -> the job that makes it, for all that lies before the models."""
    return {artifact: work.job for work in work_before_models(graph) for artifact in work.artifacts}
