"""The files that the records of one dataset are opened from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from clinseek_assets.records.patient_databases import database_path
from clinseek_assets.records.pinned.limits import Limits
from clinseek_assets.records.pinned.pin import Pin, Policy
from clinseek_assets.records.pinned.record import USUAL, PinnedRecord


@dataclass(frozen=True)
class RecordFiles:
    """Where the records of one dataset lie.

    Attributes:
        databases: the folder of patient databases.
        reference: the reference database, for the names of codes.
    """

    databases: Path
    reference: Path

    def database_of(self, subject_id: int) -> Path:
        """Where a patient's database lies, or would."""
        return database_path(self.databases, subject_id)

    def opened(self, pin: Pin, policy: Policy, limits: Limits = USUAL) -> PinnedRecord:
        """The record of a pin.

        Raises:
            DatabaseFault: one of the databases is missing, damaged or not of this project.
        """
        return PinnedRecord(pin, policy, databases=self.databases, reference=self.reference, limits=limits)
