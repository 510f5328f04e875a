"""Curated input: the timeline that each question shows, from the release, from EHR-Bench, or rendered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pandas

from clinseek_assets.assets.artifact import Artifact, Explanation, Made, code_of, partitioned_artifact
from clinseek_assets.assets.shown import of_frame
from clinseek_assets.checks import contexts as checks
from clinseek_assets.partitions import TEXT_SUBTASKS
from clinseek_assets.resources.home import Home
from clinseek_assets.resources.progress import Progress, of_work
from clinseek_assets.storage.fingerprint import of_file, of_parts
from clinseek_assets.storage.parquet import write_frame
from clinseek_assets.timeline.dictionaries import Dictionaries

GROUP = "contexts"
NAME = "text_contexts"


def path_of(home: Home, subtask: str) -> Path:
    """The contexts of one subtask."""
    return home.layout.contexts("text", "curated", subtask)


def ehr_bench_fingerprint(root: Path | None) -> str:
    """The files of EHR-Bench that a context may come from."""
    if root is None:
        return "no EHR-Bench"
    return of_parts(f"{path.name} {of_file(path)}" for path in sorted(root.glob("*.json*")))


def inputs(home: Home, subtask: str) -> list[str]:
    """The subtask's questions, the databases and dictionaries to render from, and EHR-Bench."""
    return [
        home.questions_fingerprint(subtask),
        home.receipts.content("text_patient_databases"),
        home.receipts.content("reference_tables"),
        ehr_bench_fingerprint(home.settings.ehr_bench_root),
    ]


@partitioned_artifact(
    Explanation(
        name=NAME,
        group=GROUP,
        kinds=frozenset({"parquet"}),
        owners=("team:benchmark",),
        code=code_of("contexts", "timeline", "assets/contexts.py"),
        deps=(
            "text_manifest",
            "text_patient_databases",
            "reference_tables",
        ),
    ),
    partitions_def=TEXT_SUBTASKS,
    inputs=inputs,
    output=path_of,
    checks=checks.of_text_contexts,
    check_specs=checks.SPECS,
)
def text_contexts(home: Home, subtasks: Sequence[str], progress: Progress) -> Iterator[tuple[str, Made]]:
    """What a model of the curated arm is shown: one context a question, with its hash and its length in tokens.

    The question's own timeline where the release has one, else EHR-Bench's row, else the patient database rendered by
    the published layout at the one anchor that fits. A question whose anchor is ambiguous or not found has no context:
    nothing is guessed.
    """
    from clinseek_assets.contexts.sources import curate  # here, since its tokenizer doubles the time to load the graph

    asked = [question for subtask in subtasks for question in home.questions(subtask)]
    contexts = curate(
        asked,
        databases=home.layout.patient_databases("text"),
        dictionaries=Dictionaries.load(home.layout.reference_tables),
        ehr_bench_root=home.settings.ehr_bench_root,
        progress=of_work(progress, "patients searched"),
    )
    for subtask in subtasks:
        frame = contexts[contexts["subtask"] == subtask].reset_index(drop=True)
        content = write_frame(path_of(home, subtask), frame)
        yield subtask, Made(content, {**of_frame(path_of(home, subtask), frame), **counted(frame)})


def counted(frame: pandas.DataFrame) -> dict[str, int | float]:
    """How the contexts of one subtask came about."""
    tokens = frame["tokens"].dropna()
    return {
        **{f"status {status}": int(count) for status, count in frame["status"].value_counts().sort_index().items()},
        **{f"from {source}": int(count) for source, count in frame["source"].value_counts().sort_index().items()},
        "two sources differ": int(frame["differs"].eq(True).sum()),
        "tokens, median (approximate)": float(tokens.median()) if len(tokens) else 0.0,
        "tokens, most (approximate)": int(tokens.max()) if len(tokens) else 0,
    }


ARTIFACTS: tuple[Artifact, ...] = (text_contexts,)
