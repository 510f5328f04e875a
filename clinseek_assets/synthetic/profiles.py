"""How large a synthetic release is."""

from __future__ import annotations

from dataclasses import dataclass

from clinseek_assets.faults import SettingsFault


@dataclass(frozen=True)
class Profile:
    """One size.

    Attributes:
        patients: how many patients the sources have.
        per_subtask: questions of each of the 45 subtasks.
        least_per_subtask: with fewer questions of any subtask the release is refused.
        manifest_patients: how many different patients the manifest has, or None to leave it to the draw.
    """

    name: str
    patients: int
    per_subtask: int
    least_per_subtask: int
    manifest_patients: int | None


PROFILES = {
    "small": Profile("small", patients=180, per_subtask=6, least_per_subtask=2, manifest_patients=None),
    # The released counts: 45 x 40 questions of 1,563 patients.
    "full": Profile("full", patients=2000, per_subtask=40, least_per_subtask=40, manifest_patients=1563),
}


def profile_named(name: str) -> Profile:
    """The profile of that name.

    Raises:
        SettingsFault: there is none.
    """
    if name not in PROFILES:
        raise SettingsFault(f"There is no profile {name!r}.", mend=f"Take one of: {', '.join(PROFILES)}.")
    return PROFILES[name]
