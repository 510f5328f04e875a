"""How large a synthetic release is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from clinseek_assets.benchmark.groups import (
    EHRXQA,
    GROUPS,
    MEDMOD,
    PATIENT_DATABASES,
    TASKS,
    UNIQUE_IMAGES,
    UNIQUE_REPORTS,
)
from clinseek_assets.faults import SettingsFault


@dataclass(frozen=True)
class MultimodalSize:
    """The size of a multimodal split.

    Attributes:
        groups_of_ehrxqa: EHRXQA's questions by group.
        tasks_of_medmod: MedMod's questions by released task.
        patients: how many patients the questions of each dataset ask about.
        images, reports: how many different files they link, by dataset.
        bystanders: how many more patients each dataset has.
        image_size: width and height of the images, in pixels.
    """

    groups_of_ehrxqa: Mapping[str, int]
    tasks_of_medmod: Mapping[str, int]
    patients: Mapping[str, int]
    images: Mapping[str, int]
    reports: Mapping[str, int]
    bystanders: int
    image_size: tuple[int, int]


@dataclass(frozen=True)
class Profile:
    """One size.

    Attributes:
        patients: how many patients the sources have.
        per_subtask: questions of each of the 45 subtasks.
        least_per_subtask: with fewer questions of any subtask the release is refused.
        manifest_patients: how many different patients the manifest has, or None to leave it to the draw.
        multimodal: the size of the multimodal split, or None to make none.
    """

    name: str
    patients: int
    per_subtask: int
    least_per_subtask: int
    manifest_patients: int | None
    multimodal: MultimodalSize | None = None


# About eight questions a group, of every kind.
SMALL = MultimodalSize(
    groups_of_ehrxqa={"finding_presence": 8, "finding_enumeration": 4, "change_comparison": 8},
    tasks_of_medmod={
        "medmod_decompensation": 8,
        "medmod_in_hospital_mortality": 8,
        "medmod_phenotyping": 8,
        "medmod_radiology": 4,
    },
    patients={EHRXQA: 9, MEDMOD: 22},
    images={EHRXQA: 15, MEDMOD: 26},
    reports={EHRXQA: 16, MEDMOD: 0},
    bystanders=3,
    image_size=(320, 384),
)

# The released counts, 989 questions.
FULL = MultimodalSize(
    groups_of_ehrxqa={
        "finding_presence": GROUPS["finding_presence"].released,
        "finding_enumeration": GROUPS["finding_enumeration"].released - TASKS["medmod_radiology"].released,
        "change_comparison": GROUPS["change_comparison"].released,
    },
    tasks_of_medmod={name: task.released for name, task in TASKS.items() if task.dataset == MEDMOD},
    patients=PATIENT_DATABASES,
    images=UNIQUE_IMAGES,
    reports=UNIQUE_REPORTS,
    bystanders=35,
    image_size=(512, 624),
)

PROFILES = {
    "small": Profile(
        "small", patients=180, per_subtask=6, least_per_subtask=2, manifest_patients=None, multimodal=SMALL
    ),
    # The released counts: 45 x 40 questions of 1,563 patients.
    "full": Profile(
        "full", patients=2000, per_subtask=40, least_per_subtask=40, manifest_patients=1563, multimodal=FULL
    ),
}


def profile_named(name: str) -> Profile:
    """The profile of that name.

    Raises:
        SettingsFault: there is none.
    """
    if name not in PROFILES:
        raise SettingsFault(f"There is no profile {name!r}.", mend=f"Take one of: {', '.join(PROFILES)}.")
    return PROFILES[name]
