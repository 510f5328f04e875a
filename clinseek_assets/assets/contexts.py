"""Curated input: the timeline that each question shows, from the release, from EHR-Bench, or rendered; and the same
window as it was known at the question's moment."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
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
from clinseek_assets.assets.observed import of_files
from clinseek_assets.assets.shown import of_frame
from clinseek_assets.checks import contexts as checks
from clinseek_assets.contexts.ehr_bench import bench_files
from clinseek_assets.partitions import TEXT_SUBTASKS
from clinseek_assets.resources.home import Home
from clinseek_assets.resources.progress import Progress, of_work
from clinseek_assets.storage.fingerprint import of_file, of_parts
from clinseek_assets.storage.parquet import write_frame
from clinseek_assets.timeline.dictionaries import Dictionaries

GROUP = "contexts"
NAME = "text_contexts"
STRICT = "text_strict_contexts"


def path_of(home: Home, subtask: str) -> Path:
    """The contexts of one subtask."""
    return home.layout.contexts("text", "curated", subtask)


def strict_path_of(home: Home, subtask: str) -> Path:
    """The strict contexts of one subtask."""
    return home.layout.contexts("text", "curated_strict", subtask)


def ehr_bench_fingerprint(root: Path | None) -> str:
    """The files of EHR-Bench that a context may come from."""
    if root is None:
        return "no EHR-Bench"
    files = [(path, path.stat()) for path in ehr_bench_files(root)]
    return of_parts(f"{path.name} {hash_of(path, status.st_size, status.st_mtime_ns)}" for path, status in files)


def ehr_bench_files(root: Path | None) -> list[Path]:
    """EHR-Bench's files of questions; none where no folder is named, or it is not there."""
    return bench_files(root) if root and root.is_dir() else []


@lru_cache(maxsize=256)
def hash_of(path: Path, size: int, written: int) -> str:
    """The hash of a file, which all subtasks share; `size` and `written` tell one that was changed."""
    return of_file(path)


EHR_BENCH = of_files(
    "files/ehr_bench",
    "EHR-Bench's files of questions, which hold the curated inputs of the source benchmark.",
    lambda home: ehr_bench_files(home.settings.ehr_bench_root),
    owners=("team:benchmark",),
    kinds=frozenset({"json"}),
)


def inputs(home: Home, subtask: str) -> list[str]:
    """The subtask's questions, the databases and dictionaries to render from, and EHR-Bench."""
    return [
        home.questions_fingerprint(subtask),
        home.receipts.content("text_patient_databases"),
        home.receipts.content("reference_tables"),
        ehr_bench_fingerprint(home.settings.ehr_bench_root),
    ]


def strict_inputs(home: Home, subtask: str) -> list[str]:
    """The subtask's questions and published contexts, the databases and dictionaries, and the policy of time."""
    from clinseek_assets.records.pinned.versions import policy_version

    return [
        home.questions_fingerprint(subtask),
        home.receipts.content(NAME, subtask),
        home.receipts.content("text_patient_databases"),
        home.receipts.content("reference_tables"),
        policy_version("strict"),
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
        sources=(EHR_BENCH,),
    ),
    partitions_def=TEXT_SUBTASKS,
    inputs=inputs,
    output=path_of,
    checks=checks.of_text_contexts,
    check_specs=checks.SPECS,
)
def text_contexts(home: Home, subtasks: Sequence[str], progress: Progress) -> MadePartitions:
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


@partitioned_artifact(
    Explanation(
        name=STRICT,
        group=GROUP,
        kinds=frozenset({"parquet"}),
        owners=("team:benchmark",),
        code=code_of("contexts", "timeline", "records/pinned", "mimic/visibility", "assets/contexts.py"),
        deps=("text_manifest", NAME, "text_patient_databases", "reference_tables"),
    ),
    partitions_def=TEXT_SUBTASKS,
    backfill_policy=ONE_RUN_AFTERWARDS,
    inputs=strict_inputs,
    output=strict_path_of,
    checks=checks.of_text_strict_contexts,
    check_specs=checks.STRICT_SPECS,
)
def text_strict_contexts(home: Home, subtasks: Sequence[str], progress: Progress) -> MadePartitions:
    """What a model of the curated_strict arm is shown: the window and layout of the published context, with the rows
    and values that were known at the question's moment.

    It differs from the published context by the policy of time alone, so that what a model gains by seeking is not
    mixed up with what the published window gives away. A question without a published context has no strict one.
    """
    from clinseek_assets.contexts.strict import strict_contexts  # here, as above

    asked = [question for subtask in subtasks for question in home.questions(subtask)]
    published = pandas.concat([home.read(NAME, subtask, path_of(home, subtask)) for subtask in subtasks])
    contexts = strict_contexts(
        asked,
        published,
        databases=home.layout.patient_databases("text"),
        reference=home.layout.reference_tables,
        progress=of_work(progress, "contexts rendered"),
    )
    for subtask in subtasks:
        frame = contexts[contexts["subtask"] == subtask].reset_index(drop=True)
        content = write_frame(strict_path_of(home, subtask), frame)
        yield subtask, Made(content, {**of_frame(strict_path_of(home, subtask), frame), **left_out(frame)})


def left_out(frame: pandas.DataFrame) -> dict[str, int | float]:
    """How the strict contexts of one subtask came about, and what only the published ones show."""
    tokens = frame["tokens"].dropna()
    return {
        **{f"status {status}": int(count) for status, count in frame["status"].value_counts().sort_index().items()},
        "rows that only curated shows": int(frame["rows_curated_only"].sum()),
        "values that only curated shows": int(frame["values_curated_only"].sum()),
        "questions with rows or values that only curated shows": int(
            (frame[["rows_curated_only", "values_curated_only"]].fillna(0) > 0).any(axis="columns").sum()
        ),
        "rows that only strict shows": int(frame["rows_strict_only"].sum()),
        "tokens, median (approximate)": float(tokens.median()) if len(tokens) else 0.0,
        "tokens, most (approximate)": int(tokens.max()) if len(tokens) else 0,
    }


ARTIFACTS: tuple[Artifact, ...] = (text_contexts, text_strict_contexts)
