"""The questions: the released manifests of both splits, and the catalogue of the text split's 45 subtasks."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from pathlib import Path

import pandas

from clinseek_assets.assets.artifact import Artifact, Explanation, Made, artifact, code_of
from clinseek_assets.assets.observed import of_files
from clinseek_assets.assets.shown import of_frame
from clinseek_assets.benchmark.manifest_file import read_manifest
from clinseek_assets.benchmark.manifest_frame import manifest_frame
from clinseek_assets.benchmark.multimodal.grouping import OVERRIDES_FILE
from clinseek_assets.benchmark.multimodal.manifest_file import read_multimodal_manifest
from clinseek_assets.benchmark.multimodal.manifest_frame import multimodal_frame
from clinseek_assets.benchmark.released_counts import FILE_NAME, expected_counts
from clinseek_assets.benchmark.subtasks import SUBTASKS
from clinseek_assets.checks import manifests as checks
from clinseek_assets.faults import ManifestFault
from clinseek_assets.resources.home import Home
from clinseek_assets.resources.progress import Progress
from clinseek_assets.storage.fingerprint import of_file
from clinseek_assets.storage.parquet import write_frame

GROUP = "manifests"
OWNERS = ("team:benchmark",)


def released_file(home: Home) -> Path:
    """The released manifest.

    Raises:
        ManifestFault: there is none yet.
    """
    path = home.settings.text_manifest
    if not path.is_file():
        raise ManifestFault(
            f"There is no manifest of questions ({path} is missing).",
            mend="`make demo` makes a synthetic release; for your own, set CLINSEEK_RELEASE_ROOT to the folder of the "
            "released manifests, or make one with `clinseek build-manifest`.",
        )
    return path


def counts_fingerprint(home: Home) -> str:
    """What the release must count to, as a fingerprint."""
    path = home.settings.release_root / FILE_NAME
    return of_file(path) if path.is_file() else "official"


RELEASED_TEXT = of_files(
    "released/text_manifest",
    "The text split's questions as they were released, and what they must count to.",
    lambda home: [released_file(home), home.settings.release_root / FILE_NAME],
    owners=OWNERS,
    kinds=frozenset({"json"}),
)


@artifact(
    Explanation(
        name="text_manifest",
        group=GROUP,
        kinds=frozenset({"parquet", "pandera"}),
        owners=OWNERS,
        code=code_of("benchmark", "assets/manifests.py", "checks/manifests.py"),
        sources=(RELEASED_TEXT,),
    ),
    inputs=lambda home: [of_file(released_file(home)), counts_fingerprint(home)],
    output=lambda home: home.manifest_file,
    checks=checks.of_text_manifest,
    check_specs=checks.SPECS,
)
def text_manifest(home: Home, progress: Progress) -> Made:
    """The questions of the text split as released, read, checked and typed.

    Who is asked about, at which moment, what the answer is and which candidates there are; from a JSON list or JSONL.
    """
    questions = read_manifest(released_file(home))
    frame = manifest_frame(questions)
    content = write_frame(home.manifest_file, frame)
    return Made(
        content,
        {
            **of_frame(home.manifest_file, frame),
            "release": expected_counts(home.settings.release_root).release,
            "sha256 of the released file": of_file(released_file(home)),
            "patients": len({question.subject_id for question in questions}),
            "subtasks with questions": len({question.task for question in questions}),
            "with input": sum(question.input is not None for question in questions),
        },
    )


@artifact(
    Explanation(
        name="subtasks",
        group=GROUP,
        kinds=frozenset({"parquet"}),
        owners=OWNERS,
        code=code_of("benchmark/subtasks.py", "assets/manifests.py"),
        deps=("text_manifest",),
    ),
    inputs=lambda home: [home.receipts.content("text_manifest")],
    output=lambda home: home.subtasks_file,
)
def subtasks(home: Home, progress: Progress) -> Made:
    """The catalogue of the 45 subtasks (18 risk predictions, 27 decisions) and how many questions each has."""
    counts = Counter(question.task for question in home.questions())
    rows = [{**asdict(subtask), "questions": counts[name]} for name, subtask in SUBTASKS.items()]
    frame = pandas.DataFrame(rows).drop(columns="context_without")
    return Made(write_frame(home.subtasks_file, frame), of_frame(home.subtasks_file, frame))


def multimodal_file(home: Home) -> Path:
    """The released multimodal manifest.

    Raises:
        ManifestFault: there is none.
    """
    path = home.settings.multimodal_manifest
    if not path.is_file():
        raise ManifestFault(
            f"There is no manifest of multimodal questions ({path} is missing).",
            mend="Put the released ClinSeek-Bench_multimodal.jsonl there. The text split goes without it.",
        )
    return path


def multimodal_inputs(home: Home) -> list[str]:
    """The released file, the corrections of groups beside it, and what it must count to."""
    path = multimodal_file(home)
    overrides = path.with_name(OVERRIDES_FILE)
    return [of_file(path), of_file(overrides) if overrides.is_file() else "no corrections", counts_fingerprint(home)]


RELEASED_MULTIMODAL = of_files(
    "released/multimodal_manifest",
    "The multimodal split's questions as they were released, corrections of groups, and what they must count to.",
    lambda home: [
        multimodal_file(home),
        multimodal_file(home).with_name(OVERRIDES_FILE),
        home.settings.release_root / FILE_NAME,
    ],
    owners=OWNERS,
    kinds=frozenset({"json"}),
)


@artifact(
    Explanation(
        name="multimodal_manifest",
        group=GROUP,
        kinds=frozenset({"parquet", "pandera"}),
        owners=OWNERS,
        code=code_of("benchmark", "assets/manifests.py", "checks/manifests.py"),
        sources=(RELEASED_MULTIMODAL,),
    ),
    inputs=multimodal_inputs,
    output=lambda home: home.multimodal_manifest_file,
    checks=checks.of_multimodal_manifest,
    check_specs=checks.MULTIMODAL_SPECS,
    ready=lambda home: home.has_multimodal,
)
def multimodal_manifest(home: Home, progress: Progress) -> Made:
    """The questions of the multimodal split as released, read, checked and typed, each in one of the six groups.

    Groups go by a rule: MedMod's rows by their task, EHRXQA's by the wording of the question; a file of corrections
    keyed by qid may lie beside the manifest.
    """
    questions = read_multimodal_manifest(multimodal_file(home))
    frame = multimodal_frame(questions)
    content = write_frame(home.multimodal_manifest_file, frame)
    return Made(
        content,
        {
            **of_frame(home.multimodal_manifest_file, frame),
            "sha256 of the released file": of_file(multimodal_file(home)),
            **{f"rows of {name}": int(count) for name, count in frame["task"].value_counts().sort_index().items()},
            "patients": int(frame["subject_id"].nunique()),
        },
    )


ARTIFACTS: tuple[Artifact, ...] = (text_manifest, subtasks)
MULTIMODAL_ARTIFACTS: tuple[Artifact, ...] = (multimodal_manifest,)
