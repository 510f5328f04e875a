"""What the links of reports need of the reports: where one lies, and its bytes."""

from __future__ import annotations

from typing import Protocol


class ReportTexts(Protocol):
    """The reports of MIMIC-CXR, in folders or in their one zip."""

    def locate(self, subject_id: int, study_id: int) -> str | None:
        """Where the report of a study lies: a file, or a zip and its member; None where there is none."""

    def read(self, subject_id: int, study_id: int) -> bytes:
        """The report's content.

        Raises:
            Fault: it cannot be read.
        """
