"""Curated input of the multimodal split: the published `input_text`, and the same layout of what was known then."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pandas

from clinseek_assets.assets.artifact import (
    ONE_RUN_AFTERWARDS,
    Artifact,
    Explanation,
    Made,
    MadePartitions,
    code_of,
    partitioned_artifact,
)
from clinseek_assets.assets.campaign_settings import CAMPAIGN_SETTINGS
from clinseek_assets.assets.contexts import GROUP, left_out
from clinseek_assets.assets.image_links import REPORTS, reports_of
from clinseek_assets.assets.shown import of_frame
from clinseek_assets.assets.splits import MULTIMODAL
from clinseek_assets.benchmark.groups import EHRXQA, MEDMOD
from clinseek_assets.benchmark.questions import Question
from clinseek_assets.checks import multimodal_contexts as checks
from clinseek_assets.imaging.troubles import OK
from clinseek_assets.partitions import MULTIMODAL_GROUPS
from clinseek_assets.resources.home import Home
from clinseek_assets.resources.progress import Progress, of_work
from clinseek_assets.resources.record_tools import record_files
from clinseek_assets.storage.parquet import write_frame

NAME, STRICT = MULTIMODAL.contexts, MULTIMODAL.strict_contexts
CODE = code_of("contexts", "records/pinned", "mimic/visibility", "assets/multimodal_contexts.py")
RECORDS = tuple(
    f"{dataset}_{what}" for dataset in (EHRXQA, MEDMOD) for what in ("patient_databases", "reference_tables")
)
Contexts = Callable[..., pandas.DataFrame]


def path_of(home: Home, arm: str, group: str) -> Path:
    """The contexts of one group in an arm."""
    return home.layout.contexts(MULTIMODAL.name, arm, group)


def inputs(home: Home, group: str) -> list[str]:
    """The group's questions, the records to render from, and the reports where they are switched on."""
    reports = home.receipts.content(REPORTS, group) if home.registry.campaign.reports else "no reports"
    return [home.multimodal_fingerprint(group), *(home.receipts.content(name) for name in RECORDS), reports]


def report_texts(home: Home, questions: Sequence[Question]) -> Mapping[str, Sequence[str]] | None:
    """The texts of the linked reports, by qid; None where the campaign has them switched off.

    A report that could not be read is left out, as `report_links` counts it.
    """
    if not home.registry.campaign.reports:
        return None
    texts = reports_of(home)
    groups = dict.fromkeys(question.task for question in questions)
    frames = [home.read(REPORTS, group, home.layout.links(REPORTS, group)) for group in groups]
    links = pandas.concat(frames)
    found: dict[str, list[str]] = {}
    for row in links[links["status"] == OK].to_dict("records"):
        text = texts.read(int(row["subject_id"]), int(row["study_id"])).decode("utf-8")
        found.setdefault(row["qid"], []).append(text)
    return found


def contexts_asset(
    name: str, arm: str, description: str, rendered: Callable[[], Contexts], published: bool
) -> Artifact:
    """The asset of one kind of contexts.

    Args:
        name: its key.
        arm: the arm that is shown them.
        description: what the lineage page says.
        rendered: gives the function that renders them (late, since its tokenizer doubles the time to load the graph).
        published: whether they are the published ones.
    """

    @partitioned_artifact(
        Explanation(
            name=name,
            group=GROUP,
            kinds=frozenset({"parquet"}),
            owners=("team:benchmark",),
            code=CODE,
            deps=(MULTIMODAL.manifest, *RECORDS, REPORTS),
            sources=(CAMPAIGN_SETTINGS,),
            description=description,
        ),
        partitions_def=MULTIMODAL_GROUPS,
        # A policy of its own for the second: assets of equal policies share a run, and this one is not to be skipped.
        **({} if published else {"backfill_policy": ONE_RUN_AFTERWARDS}),
        inputs=inputs,
        output=lambda home, group: path_of(home, arm, group),
        checks=lambda home, groups: checks.of_contexts(home, arm, groups),
        check_specs=checks.specs(name),
        ready=lambda home, group: home.has_multimodal,
    )
    def made(home: Home, groups: Sequence[str], progress: Progress) -> MadePartitions:
        asked = [question for group in groups for question in home.multimodal_questions(group)]
        contexts = rendered()(
            asked,
            record_files(home),
            reports=report_texts(home, asked),
            progress=of_work(progress, f"{arm} contexts rendered"),
        )
        for group in groups:
            frame = contexts[contexts["subtask"] == group].reset_index(drop=True)
            path = path_of(home, arm, group)
            told = counted(frame) if published else left_out(frame)
            yield group, Made(write_frame(path, frame), {**of_frame(path, frame), **told})

    return made


def counted(frame: pandas.DataFrame) -> dict[str, int | float]:
    """How the contexts of one group came about."""
    tokens = frame["tokens"].dropna()
    return {
        **{f"status {status}": int(count) for status, count in frame["status"].value_counts().sort_index().items()},
        "tokens, median (approximate)": float(tokens.median()) if len(tokens) else 0.0,
        "tokens, most (approximate)": int(tokens.max()) if len(tokens) else 0,
    }


def _published() -> Contexts:
    from clinseek_assets.contexts.multimodal import multimodal_contexts

    return multimodal_contexts


def _strict() -> Contexts:
    from clinseek_assets.contexts.multimodal import multimodal_strict_contexts

    return multimodal_strict_contexts


ARTIFACTS: tuple[Artifact, ...] = (
    contexts_asset(
        NAME,
        "curated",
        "What a model of the curated arm is shown beside its pictures: the released `input_text` where there is one, "
        "else the patient's tables under the published rule of time, in the published layout, at most 80 rows each.",
        _published,
        published=True,
    ),
    contexts_asset(
        STRICT,
        "curated_strict",
        "The strict twin: the same layout of the rows and values that were known at the question's moment.",
        _strict,
        published=False,
    ),
)
