"""What a release must count to: the law for the official one, a file of its own for any other.

Source of the figures: the dataset card of ClinSeek-Bench. A synthetic or self-built release carries an
`expected_counts.json` beside its manifest; without that file the released numbers are the law.
"""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from clinseek_assets.benchmark.groups import (
    EHRXQA,
    GROUPS,
    MEDMOD,
    PATIENT_DATABASES,
    ROWS,
    TASKS,
    UNIQUE_IMAGES,
    UNIQUE_REPORTS,
)
from clinseek_assets.benchmark.subtasks import RISK_SUBTASKS, SUBTASKS
from clinseek_assets.faults import ManifestFault

FILE_NAME = "expected_counts.json"


class TextCounts(BaseModel):
    """The counts of a text manifest: rows, unique patients, and rows of each subtask that has any."""

    model_config = ConfigDict(extra="forbid")

    rows: int
    patients: int
    per_subtask: dict[str, int]

    @property
    def risk_rows(self) -> int:
        """Rows of the 18 risk subtasks."""
        return sum(self.per_subtask.get(name, 0) for name in RISK_SUBTASKS)

    @property
    def decision_rows(self) -> int:
        """Rows of the 27 decision subtasks."""
        return self.rows - self.risk_rows


class MultimodalCounts(BaseModel):
    """The counts of a multimodal manifest.

    Attributes:
        rows: all rows.
        per_dataset: rows by `source_benchmark`.
        per_task: rows by released task.
        per_group: rows by group; of our rule, so that a difference on the official release is a warning.
        patients: by dataset, each with a database.
        images, reports: unique linked files by dataset.
    """

    model_config = ConfigDict(extra="forbid")

    rows: int
    per_dataset: dict[str, int]
    per_task: dict[str, int]
    per_group: dict[str, int]
    patients: dict[str, int]
    images: dict[str, int]
    reports: dict[str, int]


class ExpectedCounts(BaseModel):
    """The counts of a release, and what it is: `official`, `synthetic`, or `built` from a MIMIC-IV root.

    A release without a multimodal split has no counts of one.
    """

    model_config = ConfigDict(extra="forbid")

    release: str
    text: TextCounts
    multimodal: MultimodalCounts | None = None


OFFICIAL = ExpectedCounts(
    release="official",
    text=TextCounts(rows=1800, patients=1563, per_subtask=dict.fromkeys(SUBTASKS, 40)),
    multimodal=MultimodalCounts(
        rows=ROWS,
        per_dataset={EHRXQA: 497, MEDMOD: 492},
        per_task={name: task.released for name, task in TASKS.items()},
        per_group={name: group.released for name, group in GROUPS.items()},
        patients=PATIENT_DATABASES,
        images=UNIQUE_IMAGES,
        reports=UNIQUE_REPORTS,
    ),
)


def expected_counts(release_root: Path) -> ExpectedCounts:
    """The counts that the release in `release_root` must have.

    Raises:
        ManifestFault: `expected_counts.json` is there but is not what it should be.
    """
    path = release_root / FILE_NAME
    if not path.is_file():
        return OFFICIAL
    try:
        return ExpectedCounts.model_validate(json.loads(path.read_text(encoding="utf-8")))
    except (ValidationError, json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ManifestFault(
            f"{path} does not hold expected counts ({type(error).__name__}).",
            mend="Remove the file for the official release, or write it anew with the manifest that it belongs to.",
        ) from None
