"""What the audit lets pass, each with its reason: probes that tell a label, where no honest policy could hide it.

An exception names one check and one subtask. One that rests on decided questions holds for these alone: what is not
decided at its moment is judged like everything else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Judged = Literal["gold_out_of_sight", "label_probes", "counts_and_nulls"]


@dataclass(frozen=True)
class Listed:
    """One exception.

    Attributes:
        check, subtask: what may fail.
        reason: why, in one sentence.
        decided_only: whether it holds for questions that are decided at their moment, and for no others.
    """

    check: Judged
    subtask: str
    reason: str
    decided_only: bool


ADMITTED_ALREADY = (
    "The patient is admitted before leaving the emergency department (174 of 182 in the open demo), so that an "
    "admission which has begun answers the question at its moment."
)
IN_HOSPITAL_MEANWHILE = (
    "A patient who is admitted from the emergency department does not come back to it within three days, and an "
    "admission that has begun is known at the moment."
)

EXCEPTIONS: tuple[Listed, ...] = (
    Listed("label_probes", "ED_Hospitalization", ADMITTED_ALREADY, decided_only=True),
    Listed("counts_and_nulls", "ED_Hospitalization", ADMITTED_ALREADY, decided_only=True),
    Listed("counts_and_nulls", "ED_Reattendance_3day", IN_HOSPITAL_MEANWHILE, decided_only=False),
)


def listed(check: Judged, subtask: str) -> Listed | None:
    """The exception of a check and subtask, or None."""
    return next((one for one in EXCEPTIONS if (one.check, one.subtask) == (check, subtask)), None)
