"""Linked files of the multimodal questions: each X-ray found and decoded, each report found and read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import pandas
import pyarrow.parquet

from clinseek_assets.assets.artifact import (
    ONE_RUN_AFTERWARDS,
    Artifact,
    Explanation,
    Made,
    MadePartitions,
    code_of,
    partitioned_artifact,
)
from clinseek_assets.assets.observed import of_files, of_partitioned_files
from clinseek_assets.assets.shown import of_frame
from clinseek_assets.benchmark.groups import EHRXQA
from clinseek_assets.checks import image_links as checks
from clinseek_assets.imaging.links import image_links as link_images
from clinseek_assets.imaging.links import report_links as link_reports
from clinseek_assets.imaging.study_times import study_times
from clinseek_assets.imaging.verifier import Verifier
from clinseek_assets.mimic.multimodal.radiology_reports import ReportTexts, report_archives
from clinseek_assets.partitions import MULTIMODAL_GROUPS
from clinseek_assets.resources.home import Home, image_files, linked_files
from clinseek_assets.resources.progress import Progress, of_work
from clinseek_assets.storage.fingerprint import of_value
from clinseek_assets.storage.parquet import write_frame

GROUP = "image_links"
IMAGES, REPORTS = "image_links", "report_links"
OWNERS = ("team:data",)
METADATA = "mimic_cxr/metadata"
STUDIES = "ehrxqa/tb_cxr"
TIME_COLUMNS = ["study_id", "StudyDate", "StudyTime"]


def times_of(home: Home) -> dict[int, datetime]:
    """When each study was taken: by EHRXQA's own clock where it has the study, else by the metadata of MIMIC-CXR-JPG.

    EHRXQA shifts the times of its patients; a question of it speaks of the shifted ones.
    """
    times: dict[int, datetime] = {}
    if (path := home.layout.dataset_table("mimic_cxr", "metadata")).is_file():
        times |= study_times(pandas.read_parquet(path, columns=TIME_COLUMNS))
    if (path := home.layout.dataset_table(EHRXQA, "tb_cxr")).is_file():
        studies = pyarrow.parquet.read_table(path, columns=["study_id", "studydatetime"]).to_pylist()
        times |= {row["study_id"]: row["studydatetime"] for row in studies}
    return times


def inputs(home: Home, group: str) -> list[str]:
    """The group's questions, the studies' times, and what the file system says of each linked file."""
    lists = [home.receipts.read(name) for name in (METADATA, STUDIES)]
    return [
        home.multimodal_fingerprint(group),
        *(receipt.content if receipt else "not there" for receipt in lists),
        stamps(home, group),
    ]


def stamps(home: Home, group: str) -> str:
    """Size and time of each linked image's file, so that a changed or a new one is looked at again."""
    from clinseek_assets.imaging.troubles import ImageFault

    files = image_files(home.settings)
    told: list[object] = []
    for question in home.multimodal_questions(group):
        for released in question.image_paths:
            try:
                status = files.find(released, question.dataset, question.subject_id).stat()
                told.append([status.st_size, status.st_mtime_ns])
            except ImageFault as fault:
                told.append(fault.kind)
    return of_value(told)


def linked_by_group(home: Home) -> dict[str | None, list[Path]]:
    """Group -> the files of its linked images that are there, each once."""
    files = image_files(home.settings)
    return {
        group: list(dict.fromkeys(linked_files(home.multimodal_questions(group), files)))
        for group in MULTIMODAL_GROUPS.get_partition_keys()
    }


XRAYS = of_partitioned_files(
    "files/xrays",
    "The linked X-rays of each group, as MIMIC-CXR-JPG has them.",
    linked_by_group,
    partitions=MULTIMODAL_GROUPS,
    owners=OWNERS,
    kinds=frozenset({"jpeg"}),
)
REPORT_FILES = of_files(
    "files/radiology_reports",
    "MIMIC-CXR's radiology reports in one zip.",
    lambda home: report_archives(home.settings.mimic_cxr_root),
    owners=OWNERS,
    kinds=frozenset({"text"}),
)


def report_inputs(home: Home, group: str) -> list[str]:
    """The group's questions, and which zip or folder the reports lie in."""
    told = [
        [str(path), path.stat().st_size, path.stat().st_mtime_ns]
        for path in report_archives(home.settings.mimic_cxr_root)
    ]
    return [home.multimodal_fingerprint(group), str(home.settings.mimic_cxr_root), of_value(told)]


def path_of(home: Home, what: str, group: str) -> Path:
    """The links of one group."""
    return home.layout.links(what, group)


@partitioned_artifact(
    Explanation(
        name=IMAGES,
        group=GROUP,
        kinds=frozenset({"parquet", "jpeg"}),
        owners=OWNERS,
        code=code_of("imaging", "assets/image_links.py"),
        deps=("multimodal_manifest", METADATA, STUDIES),
        sources=(XRAYS,),
    ),
    partitions_def=MULTIMODAL_GROUPS,
    inputs=inputs,
    output=lambda home, group: path_of(home, IMAGES, group),
    checks=checks.of_image_links,
    check_specs=checks.IMAGE_SPECS,
)
def image_links(home: Home, groups: Sequence[str], progress: Progress) -> MadePartitions:
    """Every X-ray that a question links: the file behind the released path, opened and decoded, with its size, mode and
    hash; or why it cannot be used.

    One resolver for all of the project; only what changed is decoded again. An image that does not resolve is an error
    of its row, so that the question is not asked.
    """
    files, times = image_files(home.settings), times_of(home)
    verifier = Verifier(home.layout.links(IMAGES, "verified").with_suffix(".sqlite"))
    for group in groups:
        frame = link_images(
            home.multimodal_questions(group), files, verifier, times, of_work(progress, f"X-rays of {group}")
        )
        path = path_of(home, IMAGES, group)
        yield group, Made(write_frame(path, frame), {**of_frame(path, frame), **counted(frame, "images")})


@partitioned_artifact(
    Explanation(
        name=REPORTS,
        group=GROUP,
        kinds=frozenset({"parquet"}),
        owners=OWNERS,
        code=code_of("imaging/links.py", "mimic/multimodal/radiology_reports.py", "assets/image_links.py"),
        deps=("multimodal_manifest",),
        sources=(REPORT_FILES,),
    ),
    partitions_def=MULTIMODAL_GROUPS,
    backfill_policy=ONE_RUN_AFTERWARDS,
    inputs=report_inputs,
    output=lambda home, group: path_of(home, REPORTS, group),
    checks=checks.of_report_links,
    check_specs=checks.REPORT_SPECS,
)
def report_links(home: Home, groups: Sequence[str], progress: Progress) -> MadePartitions:
    """Every report that a question links: where it lies, in a folder or in MIMIC-CXR's one zip, its size and hash; or
    why it cannot be read. The text itself stays where it is.
    """
    texts = reports_of(home)
    for done, group in enumerate(groups, start=1):
        frame = link_reports(home.multimodal_questions(group), texts)
        path = path_of(home, REPORTS, group)
        progress("reports linked", done, len(groups))
        yield group, Made(write_frame(path, frame), {**of_frame(path, frame), **counted(frame, "reports")})


def reports_of(home: Home) -> ReportTexts:
    """The reports; where no folder of MIMIC-CXR is named, none is found."""
    return ReportTexts(home.settings.mimic_cxr_root)


def counted(frame: pandas.DataFrame, what: str) -> dict[str, int]:
    """How many links there are by status, and how many different files."""
    by_status = frame["status"].value_counts().sort_index()
    return {
        f"different {what}": int(frame["released_path"].nunique()),
        **{f"status {status}": int(count) for status, count in by_status.items()},
    }


ARTIFACTS: tuple[Artifact, ...] = (image_links, report_links)
