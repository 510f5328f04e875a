"""The six groups of the multimodal split, and the released tasks that they are made of.

Counts and column titles are those of the published table; `benchmark/multimodal/grouping.py` says which row belongs
where.
"""

from __future__ import annotations

from dataclasses import dataclass

EHRXQA = "ehrxqa"
MEDMOD = "medmod"


@dataclass(frozen=True)
class Group:
    """One group.

    Attributes:
        name: the partition's key and the leaderboard's column.
        title: the published column title.
        released: how many rows it has in the release.
        yes_no: whether every question asks for yes or no.
    """

    name: str
    title: str
    released: int
    yes_no: bool = False


@dataclass(frozen=True)
class Task:
    """One released task.

    Attributes:
        name: the manifest's `task`.
        dataset: where its rows come from.
        released: how many rows it has in the release.
        upstream: the name that the dataset itself uses, in folders, list files and qids.
        group: the group of all its rows; "" where the row decides.
        vocabulary: the name of the closed vocabulary that its answers come from; "" where there is none.
    """

    name: str
    dataset: str
    released: int
    upstream: str
    group: str
    vocabulary: str = ""


GROUPS: dict[str, Group] = {
    group.name: group
    for group in (
        Group("finding_presence", "CXR finding presence", 177),
        Group("finding_enumeration", "CXR finding enumeration", 220),
        Group("change_comparison", "CXR change comparison", 222),
        Group("mortality_24h", "Mortality (24 h)", 125, yes_no=True),
        Group("inpatient_mortality", "Inpatient mortality", 125, yes_no=True),
        Group("phenotype", "Phenotype (CCS groups)", 120),
    )
}

TASKS: dict[str, Task] = {
    task.name: task
    for task in (
        Task("ehrxqa_image", EHRXQA, 497, "image", ""),
        Task("medmod_decompensation", MEDMOD, 125, "decompensation", "mortality_24h"),
        Task("medmod_in_hospital_mortality", MEDMOD, 125, "in-hospital-mortality", "inpatient_mortality"),
        Task("medmod_phenotyping", MEDMOD, 120, "phenotyping", "phenotype", "phenotypes"),
        Task("medmod_radiology", MEDMOD, 122, "radiology", "finding_enumeration", "chexpert"),
    )
}

ROWS = sum(group.released for group in GROUPS.values())
PATIENT_DATABASES = {EHRXQA: 165, MEDMOD: 395}
UNIQUE_IMAGES = {EHRXQA: 350, MEDMOD: 477}
UNIQUE_REPORTS = {EHRXQA: 356, MEDMOD: 0}
